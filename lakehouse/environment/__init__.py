"""What a machine must have: look at it, and bring what is missing. No lake is changed here."""
