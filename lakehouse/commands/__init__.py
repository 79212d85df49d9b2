"""lakehouse.commands — the platform's commands; each module lists its own in `commands`."""
