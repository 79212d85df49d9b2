"""The platform's commands, one module a room; each lists its own in `commands`. Layers bring theirs themselves."""
