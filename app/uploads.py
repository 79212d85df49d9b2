"""app.uploads — files that are sent to the site, in pieces, to the paths that take large bodies."""

from typing import BinaryIO

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from lakehouse.errors import Exit, LakehouseError

PATHS = ("api/v1/jobs/files", "api/v1/datasets/files")
PIECE = 1 << 20  # bytes read at a time


class TooLarge(LakehouseError):
    """A file is larger than the site takes."""


def save(file: BinaryIO, most: int) -> int:
    """Write the body of this request into a file, piece by piece; return its bytes.

    Raises:
        TooLarge: it is larger than `most`; that is noticed while it is read.
        LakehouseError: it is empty or came in part (exit code 2).
    """
    total = 0
    try:
        while piece := request.stream.read(PIECE):
            total += len(piece)
            if total > most:
                raise too_large(most)
            file.write(piece)
    except RequestEntityTooLarge as error:
        raise too_large(most) from error
    except ClientDisconnected:
        total = 0
    if not total or total < (request.content_length or 0):
        raise LakehouseError("The file is empty, or came in part.", "send it again", Exit.USAGE)
    return total


def too_large(most: int) -> TooLarge:
    """Return the refusal of a file."""
    message = f"The file is larger than {most / 2**30:,.2g} GB, the most that this site takes."
    remedy = "use the command line, lakehouse land or lakehouse ml score --input, or raise jobs.upload"
    return TooLarge(message, remedy, Exit.USAGE)
