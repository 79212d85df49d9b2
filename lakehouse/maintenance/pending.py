"""maintenance.pending — what a run has still to finish, and must before files of a lake are moved or removed."""

from datetime import datetime

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs.planner import changes
from lakehouse.storage import log
from lakehouse.storage.ledger import Run


def require_published(lake: Lake) -> Run:
    """Return the publication; stop where tables hold what no publication names: it is a run's to finish.

    Raises:
        LakehouseError: nothing is published, or not all that was built (exit code 2).
    """
    published = lake.ledger.published()
    if published is None:
        raise LakehouseError(f"Nothing is published in {lake.settings.lake_path}.", "lakehouse run", Exit.USAGE)
    versions = {name: version for name, version in published.versions.items() if name in lake.contracts}
    left = [change.upstream for change in changes(lake, versions)]
    if left:
        message = f"A run ended before it published what it wrote: {', '.join(left)}."
        raise LakehouseError(message, "lakehouse run", Exit.USAGE)
    return published


def require_taken_up(lake: Lake, cutoff: datetime) -> None:
    """Stop where a table has not taken up a change of an upstream that is older than what vacuum keeps."""
    for name, built in lake.ledger.built().items():
        waiting = changes(lake, built.reads) if name in lake.tables and lake.tables[name].is_built_by_run else []
        for change in waiting:
            later = log.since(lake.store.delta(change.upstream), change.after)
            if any(each.at < cutoff for each in later if not each.is_neutral):
                message = f"{name} has not taken up yet what changed in {change.upstream}; vacuum would destroy it."
                raise LakehouseError(message, "lakehouse run", Exit.USAGE)
