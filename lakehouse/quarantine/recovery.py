"""quarantine.recovery — what a process that died while it discarded rows left undone."""

from lakehouse.lake import Lake
from lakehouse.quarantine import discard


def recover(lake: Lake) -> None:
    """Enter into the ledger what was deleted from quarantines."""
    discard.recover(lake)
