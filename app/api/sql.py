"""api.sql — the Query page's routes: ask, follow, cancel, fetch; the schema, the log, and saved queries."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from flask import Blueprint, Response, make_response, request

from app.api.requests import read_json
from app.api.saved import request_body
from app.jobs import owner
from app.site import Site
from app.sql import pool, published, results
from app.sql.form import QueryForm, compose
from app.sql.formatting import formatted
from app.sql.history import History, reader_name
from app.sql.pool import Query
from lakehouse.errors import Exit, LakehouseError
from lakehouse.storage.ledger import Run
from lakehouse.table import discover

MOST_LISTED = 30
WRITE: dict[str, tuple[str, Callable[[pa.Table], str | bytes]]] = {
    "csv": ("text/csv", results.as_csv),
    "json": ("application/json", results.as_json),
    "parquet": ("application/vnd.apache.parquet", results.as_parquet),
}


class NoQuery(LakehouseError):
    """There is no such query of this browser."""


def add(routes: Blueprint, site: Site, base: str) -> None:
    """Add the routes.

    Args:
        routes: those of the API.
        site: whose tables are asked.
        base: the path under which the site lies.
    """
    root = site.jobs.root

    def reader() -> str:
        return owner.current(root)

    def lake() -> Any:
        name = request.args.get("lake", "")
        if name not in site.lakes:
            raise NoQuery(f"The site has no dataset {name}.", "GET /api/v1/publication", Exit.USAGE)
        return site.lakes[name]

    def shown_run(shown: Any) -> Run:
        number = request.args.get("run", "")
        found = shown.at(int(number)) if number.isdigit() else shown.current()
        if found is None:
            raise LakehouseError("This lake has published nothing yet.", "lakehouse run", Exit.REFUSED)
        run: Run = found.run
        return run

    def mine(identity: str) -> Query:
        found = site.queries.find(identity, reader_name(reader()))
        if found is None:
            raise NoQuery("There is no such query of this browser, or it is kept no more.", "ask it again")
        return found

    @routes.get("/api/v1/queries")
    def queries() -> dict[str, Any]:
        """List this reader's queries, the newest first, and the saved ones of the lake."""
        history = History(lake().settings.lake_path)
        name = reader()
        asked = history.newest(MOST_LISTED, reader_name(name)) if name else []
        listed = [{key: value for key, value in vars(each).items() if key != "asked_by"} for each in asked]
        return {"history": listed, "saved": [{"name": each, "sql": sql} for each, sql in history.saved()]}

    @routes.get("/api/v1/queries/schema")
    def query_schema() -> dict[str, Any]:
        """List tables and columns with their comments, and start a worker: somebody is about to ask."""
        shown = lake()
        run = shown_run(shown)
        found = published.schema(shown.store, discover(shown.settings.layers), run)
        site.queries.warm(shown.settings)
        return {"run": run.number, "tables": [vars(each) for each in found]}

    @routes.post("/api/v1/queries/form")
    def compose_query() -> dict[str, str]:
        """Write what was chosen in a form as Spark SQL."""
        shown = lake()
        chosen = read_json(QueryForm, request.get_data(cache=False))
        return {"sql": compose(chosen, published.types_of(shown.store, shown_run(shown), chosen.table))}

    @routes.post("/api/v1/queries/format")
    def format_query() -> dict[str, str]:
        """Return a query in lines."""
        return {"sql": formatted(str(request_body().get("sql", "")))}

    @routes.post("/api/v1/queries")
    def ask_query() -> Response:
        """Ask a query, or how Spark would run it."""
        shown, words = lake(), request_body()
        act = str(words.get("act", "run"))
        if act not in ("run", "plan"):
            raise LakehouseError("A query is run or planned.", "act: run, or plan", Exit.USAGE)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = reader() or owner.new()
        found = site.queries.submit(shown.settings, shown_run(shown), reader_name(name), act, str(words.get("sql", "")))
        return owner.greet(make_response(pool.state_of(found), 202), root, name, base)

    @routes.get("/api/v1/queries/<identity>")
    def query(identity: str) -> dict[str, Any]:
        """Tell how far a query is, and its rows once they are there."""
        found = mine(identity)
        told = pool.state_of(found)
        if found.reply and found.reply.rows is not None:
            rows = found.reply.rows
            told["columns"] = [{"name": each.name, "type": str(each.type)} for each in rows.schema]
            told["rows"] = [[results.plain(cell) for cell in row] for row in results.lists(rows)]
        return told

    @routes.post("/api/v1/queries/<identity>/cancel")
    def cancel_query(identity: str) -> dict[str, Any]:
        """End a query."""
        found = mine(identity)
        found.stop.set()
        return pool.state_of(found)

    @routes.get("/api/v1/queries/<identity>/result.<form>")
    def query_result(identity: str, form: str) -> Response:
        """Send the rows as a file."""
        found = mine(identity)
        if form not in WRITE or found.reply is None or found.reply.rows is None:
            raise NoQuery("There is no such result.", "ask it again, as csv, json or parquet")
        kind, write = WRITE[form]
        answer = Response(write(found.reply.rows), mimetype=kind)
        answer.headers["Content-Disposition"] = f'attachment; filename="query-run{found.run.number}.{form}"'
        return answer

    @routes.put("/api/v1/queries/saved")
    def save_query() -> Response:
        """Keep a query under a name."""
        words = request_body()
        History(lake().settings.lake_path).save(str(words.get("name", "")), str(words.get("sql", "")))
        return Response(status=204)

    @routes.delete("/api/v1/queries/saved")
    def remove_query() -> Response:
        """Remove a saved query."""
        found = History(lake().settings.lake_path).remove(str(request_body().get("name", "")))
        return Response(status=204 if found else 404)
