"""How visitors come back, and the ways they take."""
