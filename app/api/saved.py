"""api.saved — views under a name and dated notes on cards: to list, to keep and to remove."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from app import pages
from app.data.saved import Saved, View
from app.params import parse
from app.site import Site
from lakehouse.errors import Exit, LakehouseError

LONGEST_NAME, LONGEST_NOTE = 80, 280  # characters


def add(routes: Blueprint, site: Site) -> None:
    """Add the routes."""

    def saved() -> Saved:
        name = request.args.get("lake", "")
        if name not in site.lakes:
            raise LakehouseError(f"The site has no dataset {name}.", "GET /api/v1/views", Exit.USAGE)
        return site.lakes[name].saved

    @routes.get("/api/v1/views")
    def views() -> dict[str, Any]:
        """List the saved views."""
        return {"views": [vars(each) for each in saved().views()]}

    @routes.put("/api/v1/views")
    def save_view() -> Response:
        """Keep a view under its name."""
        said = request_body()
        name, page = _words(said, "name", LONGEST_NAME), pages.find(_text(said, "path"))
        if page is None:
            raise LakehouseError("There is no page at this path.", "name the path of a page", Exit.USAGE)
        query = parse(_text(said, "query"), pages.all_params()).query()
        saved().save_view(View(name, page.path, query))
        return Response(status=204)

    @routes.delete("/api/v1/views")
    def remove_view() -> Response:
        """Remove the view of a name."""
        return Response(status=204 if saved().remove_view(_text(request_body(), "name")) else 404)

    @routes.post("/api/v1/notes")
    def add_note() -> tuple[dict[str, int], int]:
        """Keep a note on a card about a day."""
        said = request_body()
        card, words = _text(said, "card"), _words(said, "words", LONGEST_NOTE)
        if card not in {f"{page.slug}-{each.name}" for page in pages.all_pages() for each in page.cards}:
            raise LakehouseError(f"There is no card {card}.", "name a card of a page", Exit.USAGE)
        return {"id": saved().add_note(card, _day(said), words)}, 201

    @routes.delete("/api/v1/notes/<int:number>")
    def remove_note(number: int) -> Response:
        """Remove a note."""
        return Response(status=204 if saved().remove_note(number) else 404)


def request_body() -> dict[str, Any]:
    """Return the JSON object that a request carries; an empty one where it carries none."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _text(said: dict[str, Any], name: str) -> str:
    return str(said.get(name, ""))


def _words(said: dict[str, Any], name: str, longest: int) -> str:
    """Return what a reader wrote, in one line.

    Raises:
        LakehouseError: nothing, or too much (exit code 2).
    """
    words = " ".join(_text(said, name).split())
    if not 0 < len(words) <= longest:
        raise LakehouseError(f"The {name} must have 1 to {longest} characters.", "write it anew", Exit.USAGE)
    return words


def _day(said: dict[str, Any]) -> date:
    try:
        return date.fromisoformat(_text(said, "day"))
    except ValueError as error:
        message = "The day must be written like 2015-06-03."
        raise LakehouseError(message, "write it anew", Exit.USAGE) from error
