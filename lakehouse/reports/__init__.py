"""What a lake says of itself, as values and as text. Nothing here changes a lake."""
