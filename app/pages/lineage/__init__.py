"""Where the numbers come from, and whether they are sound."""
