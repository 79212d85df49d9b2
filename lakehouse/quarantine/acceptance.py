"""quarantine.acceptance — the decision that what was refused of a landed file stops no run."""

from dataclasses import replace
from datetime import UTC, datetime

from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import Landing, Receipt


def accept(landing: Landing, number: int) -> Receipt:
    """Write the decision durably into a receipt, so that no later run asks again, be it a full refresh.

    The rows stay in quarantine. A receipt that has the decision keeps it.

    Raises:
        LakehouseError: there is no such receipt, or its file was taken back (exit code 2).
    """
    with landing.exclusive():
        entry = next((each for each in landing.entries() if each.number == number), None)
        if entry is None:
            raise LakehouseError(f"There is no receipt {number}.", "lakehouse receipts lists them", Exit.USAGE)
        receipt = landing.receipt(number)
        if receipt.retracted_at:
            message = f"Receipt {number} ({receipt.name}) was taken back: {receipt.reason}"
            raise LakehouseError(message, "lakehouse receipts lists the others", Exit.USAGE)
        if not receipt.accepted_at:
            receipt = replace(receipt, accepted_at=datetime.now(UTC).isoformat(timespec="milliseconds"))
            landing.add(receipt)
    return receipt
