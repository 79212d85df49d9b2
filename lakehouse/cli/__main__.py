"""lakehouse.cli — `python -m lakehouse.cli`, the same as `lakehouse`."""

from lakehouse.cli.main import console

console()
