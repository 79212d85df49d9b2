"""Where visits buy."""
