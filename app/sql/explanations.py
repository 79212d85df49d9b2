"""sql.explanations — what Spark says of a query that failed, without what is none of a reader's business."""

import re

from app.sql import limits
from app.sql.text import Refused
from lakehouse.errors import Exit, LakehouseError

CODE = re.compile(r"^\[[\w.]+\] |\s*SQLSTATE: \w+")
PATH = re.compile(r"(?:\b[a-z][\w+.-]*:/{1,3}|(?<![\w.])/)[^\s'\"`,;)]+")
CLASS = re.compile(r"\b(?:[a-z]\w*\.){2,}[A-Za-z][\w$]*")
HIDDEN = "…"
LONGEST = 400  # characters

_TOO_LARGE = f"The result is larger than {limits.MOST_BYTES // 1_000_000} MB."
_SMALLER = "select fewer columns or rows, or sum them up"
_KNOWN = [
    ("maxResultSize|MAX_RESULT_SIZE", _TOO_LARGE, _SMALLER),
    ("cancelled|CANCELED|OPERATION_CANCELLED|interrupted", "The query was cancelled.", ""),
    (
        "OutOfMemory|UNABLE_TO_ACQUIRE_MEMORY",
        f"The query needs more than the {limits.MEMORY} of memory it may have.",
        _SMALLER,
    ),
    ("StackOverflow", "The query is nested too deep to be planned.", "write it in fewer steps"),
]


def explain(error: BaseException) -> LakehouseError:
    """Return the sentence for a query that failed (exit code 1)."""
    if isinstance(error, Refused):
        return error  # its words are ours, and the reader's own
    if isinstance(error, LakehouseError):
        return LakehouseError(scrub(error.message), scrub(error.remedy), error.code)
    words = str(getattr(error, "java_exception", None) or error)
    for pattern, sentence, remedy in _KNOWN:
        if re.search(pattern, words):
            return LakehouseError(sentence, remedy, Exit.FAILED)
    reason = _reason(words)
    return LakehouseError(scrub(reason) or "The query failed.", code=Exit.FAILED)


def _reason(words: str) -> str:
    """Return the sentence that Spark gives first, or the one of the cause where a task failed."""
    lines = [each.strip() for each in words.splitlines()]
    told = [each for each in lines if each.startswith("[")] or [each for each in lines if each]
    line = told[0] if told else ""
    line = re.sub(r"^.*?(?:Exception|Error): ", "", line)
    return CODE.sub("", line)


def scrub(words: str) -> str:
    """Return words without paths, addresses and names of Java classes."""
    return CLASS.sub(HIDDEN, PATH.sub(HIDDEN, words))[:LONGEST]
