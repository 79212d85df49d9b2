"""runs.retraction — take a landed file back, and bring the tables to where they would be without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lakehouse import failpoints
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing import retraction
from lakehouse.landing.receipts import Receipt
from lakehouse.runs import lock, runner
from lakehouse.storage.ledger import Run

Say = Callable[[str], None]


@dataclass(frozen=True)
class Retracted:
    """A file that is taken back, or would be.

    Attributes:
        receipt: what is known of it.
        is_taken_up: whether a run made rows of it; else it is just passed over.
        run: the run that took them out again; None for a dry run, and where there was nothing to do.
    """

    receipt: Receipt
    is_taken_up: bool
    run: Run | None = None

    def facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        names = ("number", "kind", "name", "lines", "received_at", "retracted_at", "reason")
        known = {name: getattr(self.receipt, name) for name in names}
        return known | {"is_taken_up": self.is_taken_up, "run_id": self.run.run_id if self.run else None}


def retract(lake: Lake, number: int, reason: str, say: Say, *, is_applied: bool) -> Retracted:
    """Take a landed file back: mark its receipt, then run without its rows.

    Args:
        lake: the lake.
        number: the receipt's.
        reason: why; it is written into the receipt.
        say: receives the run's lines.
        is_applied: whether to do it; else only what would happen is returned.

    Raises:
        LakehouseError: there is no such receipt, or its file was taken back before (2); the lake is locked (4); the
            run failed (its own exit code), and the next one finishes what is left.
    """
    if not is_applied:
        receipt = retraction.check(lake.landing, number)
        return Retracted(receipt, _is_taken_up(lake, receipt))
    command = f"lakehouse retract {number}"
    with lock.hold(lake.settings, command):
        receipt = retraction.mark(lake.landing, number, reason)
        failpoints.reach("retracted.marked")
        if not _is_taken_up(lake, receipt):
            return Retracted(receipt, is_taken_up=False)
        try:
            return Retracted(receipt, is_taken_up=True, run=runner.run(lake, say, command=command))
        except LakehouseError as error:
            message = f"{error.message}\n  Receipt {number} is marked as taken back; its rows leave with the next run."
            raise LakehouseError(message, error.remedy, error.code) from error


def _is_taken_up(lake: Lake, receipt: Receipt) -> bool:
    name = next(each.name for each in lake.tables.values() if each.landed_kind == receipt.kind)
    return lake.store.exists(name) and receipt.number <= lake.store.consumed(name)
