"""The pages' own questions as JSON and CSV over HTTP, and as frames for a notebook."""

from app.api.frames import frame, queries
from app.api.routes import blueprint

__all__ = ["blueprint", "frame", "queries"]
