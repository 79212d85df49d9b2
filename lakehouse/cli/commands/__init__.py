"""cli.commands.__init__ — the platform's commands; each module lists its own in `commands`."""
