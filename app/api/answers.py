"""api.answers — JSON, and problems in words."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response

from app.api.jobs import NoJob
from app.api.sql import NoQuery
from app.data.serving import NotServed
from app.data.tables import OlderRelease
from app.datasets.store import NoDataset
from app.uploads import TooLarge
from lakehouse.errors import Exit, LakehouseError

ENCODER = json.JSONEncoder(default=lambda value: plain(value), separators=(",", ":"))
STATUS = {Exit.USAGE: 400, Exit.REFUSED: 409, Exit.ENVIRONMENT: 503}


class NotFound(LakehouseError):
    """There is nothing at an address."""


class NothingPublished(LakehouseError):
    """A lake has no publication yet."""


def problem(error: LakehouseError) -> Response:
    """Answer with what happened and what mends it (RFC 9457)."""
    status = (
        404
        if isinstance(error, NotFound | NoDataset | NoJob | NoQuery)
        else 413
        if isinstance(error, TooLarge)
        else 503
        if isinstance(error, NothingPublished)
        else STATUS.get(error.code, 500)
    )
    kind = "older-release" if isinstance(error, OlderRelease) else "about:blank"
    body = {"type": kind, "title": error.message, "status": status, "remedy": error.remedy}
    answer = Response(json.dumps(body), status=status, mimetype="application/problem+json")
    if isinstance(error, NotServed) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def as_json(body: Any) -> Response:
    """Answer with JSON."""
    return Response(to_json(body), mimetype="application/json")


def to_json(body: Any) -> bytes:
    """Write JSON; days and instants in ISO 8601."""
    return ENCODER.encode(body).encode()


def plain(value: Any) -> Any:
    """Return a value as JSON and CSV write it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value
