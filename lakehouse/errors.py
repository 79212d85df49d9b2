"""lakehouse.errors — the one kind of failure a user is expected to meet: a sentence, its mend, an exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """What the process returns to its caller."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    ENVIRONMENT = 4
    INTERRUPTED = 130


class LakehouseError(Exception):
    """An expected failure: what happened and why, the command that mends it, and the exit code."""

    def __init__(self, message: str, remedy: str = "", code: Exit = Exit.FAILED) -> None:
        """Keep the sentence, the remedy (may be empty) and the exit code of the process."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        """Return both as the terminal shows them."""
        return f"{self.message}\n  → {self.remedy}" if self.remedy else self.message
