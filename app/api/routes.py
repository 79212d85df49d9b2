"""api.routes — GET /api/v1/<query>: the rows behind a card, with run and versions; and /health."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, g, request, stream_with_context

from app import pages
from app.api import datasets, jobs, model, openapi, saved, serving, sql
from app.api.answers import NotFound, NothingPublished, as_json, plain, problem
from app.context import PageContext
from app.data.query import Query, Statement
from app.params import parse
from app.site import Site, base_path
from lakehouse.errors import LakehouseError

FORMS = ("json", "csv", "sql")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
ROWS_AT_A_TIME = 10_000


def blueprint(site: Site) -> Blueprint:
    """Return the routes of the API over a site's lakes."""
    routes = Blueprint("api", __name__)

    @routes.errorhandler(LakehouseError)
    def explain(error: LakehouseError) -> Response:
        return problem(error)

    @routes.get("/api/v1/")
    def index() -> Response:
        """List the questions."""
        listed = [{"query": name, "answers": query.description} for name, query in pages.all_queries().items()]
        return as_json({"queries": listed})

    @routes.get("/api/v1/openapi.json")
    def describe() -> Response:
        base = request.path.removesuffix("api/v1/openapi.json")
        return as_json(openapi.document(pages.all_queries(), pages.all_params(), base))

    @routes.get("/api/v1/publication")
    def publication() -> Response:
        """Tell which run is shown; pages ask this again and again."""
        name = request.args.get("lake", "")
        if name not in site.lakes:
            raise NotFound("There is no such dataset.", "GET /api/v1/")
        shown = site.lakes[name].current()
        run = shown.run.number if shown else None
        return unchanged_or({"run": run, "shown": site.lakes[name].shown})

    @routes.get("/health")
    def health() -> Response:
        """Tell publication and model, for whoever watches the site; to who is not logged in only that it lives."""
        state = state_of(site)
        return as_json({"status": state["status"]} if g.get("is_guest") else state)

    saved.add(routes, site)
    serving.add(routes, site)
    model.add(routes, site)
    jobs.add(routes, site, base_path(site.settings))
    datasets.add(routes, site, base_path(site.settings))
    sql.add(routes, site, base_path(site.settings))

    @routes.get("/api/v1/<name>")
    def answer(name: str) -> Response:
        """Answer a question."""
        stem, _, form = name.partition(".")
        query = pages.all_queries().get(stem)
        if query is None or (form and form not in FORMS):
            raise NotFound(f"There is no question {name}.", "GET /api/v1/ lists them")
        params = parse(request.query_string.decode(errors="replace"), pages.all_params())
        params.require_admitted()
        context = site.context(params)
        if context.publication is None or context.publication.first_day is None:
            raise NothingPublished("This lake has published nothing yet.", "lakehouse run")
        return respond(query, context, form or "json")

    return routes


def respond(query: Query, context: PageContext, form: str) -> Response:
    """Answer a question in a form, or say that the answer is still the same."""
    shown, statement = context.published, query(context)
    keys = [str(shown.keys.get(name, name)) for name in statement.tables]
    etag = hashlib.sha256(repr((keys, str(statement), form)).encode()).hexdigest()[:32]
    if request.if_none_match.contains(etag):
        answer = Response(status=304)
    elif form == "sql":
        answer = Response(str(statement) + "\n", mimetype="text/plain")
    elif form == "csv":
        answer = _csv(query, context, statement)
    else:
        answer = as_json(_body(query, context, statement))
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["X-Run"] = shown.run.run_id
    versions = [f"{name}={shown.versions[name]}" for name in statement.tables if name in shown.versions]
    answer.headers["X-Versions"] = ", ".join(versions)
    return answer


def state_of(site: Site) -> dict[str, Any]:
    """Return what the site shows of its own lake, and which model answers."""
    lake = site.lakes[""]
    shown = lake.current()
    model = site.context(pages.parse("")).model
    return {
        "status": "stale" if lake.problem else "ok" if shown else "empty",
        "run": shown.run.number if shown else None,
        "run_id": shown.run.run_id if shown else None,
        "built_at": shown.built_at.isoformat() if shown else None,
        "complete_through": shown.last_day.isoformat() if shown and shown.last_day else None,
        "model_version": model.version if model else None,
        "problem": lake.problem,
    }


def unchanged_or(body: dict[str, Any]) -> Response:
    """Answer with JSON, or say that it is still the same."""
    answer = as_json(body)
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(DANGEROUS) else cell


def _body(query: Query, context: PageContext, statement: Statement) -> dict[str, Any]:
    shown = context.published
    rows = shown.rows(statement.sql, **statement.parameters)
    names = (*query.params, "lake", "run")
    return {
        "query": query.name,
        "run": {"number": shown.run.number, "id": shown.run.run_id, "built_at": shown.built_at},
        "versions": {name: shown.versions[name] for name in statement.tables if name in shown.versions},
        "params": {name: context.params[name] for name in names if name in context.params},
        "columns": list(rows[0]) if rows else [],
        "rows": rows,
    }


def _csv(query: Query, context: PageContext, statement: Statement) -> Response:
    batches = context.published.batches(statement.sql, ROWS_AT_A_TIME, **statement.parameters)
    columns = next(batches)

    def lines() -> Iterator[str]:
        yield _lines([columns])
        for batch in batches:
            yield _lines(batch)

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{query.name}-run{context.published.run.number}.csv"'
    return answer


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[neutral(plain(cell)) for cell in row] for row in rows])
    return text.getvalue()
