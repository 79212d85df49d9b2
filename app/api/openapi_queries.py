"""api.openapi_queries — the description of the queries in Spark SQL: to ask, to follow, to fetch, to keep."""

from typing import Any

from pydantic.json_schema import models_json_schema

from app.sql import limits
from app.sql.form import QueryForm
from app.sql.pool import DONE, ENDED, WAITING, WORKING

Described = dict[str, Any]
REF = "#/components/schemas/{model}"
FORMS = ("csv", "json", "parquet")


def paths(shown: list[Described], problem: Described) -> Described:
    """Return the paths of the queries.

    Args:
        shown: the parameters that name dataset and run.
        problem: the content of an answer that tells a problem.
    """
    mistaken = {"400": {"description": "A value that is not possible"} | problem}
    gone = {"404": {"description": "There is no such query of this reader, or it is kept no more"} | problem}
    refused = {"409": {"description": "A rule refuses the query, or one of this reader still runs"} | problem}
    done = {"204": {"description": "Done"}}
    identity = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    form = {"name": "form", "in": "path", "required": True, "schema": {"enum": list(FORMS)}}
    file = {"description": "The rows", "content": {"application/octet-stream": {"schema": TEXT | {"format": "binary"}}}}
    none = {"404": {"description": "There is none of this name"}}
    return {
        "/queries": {
            "parameters": shown,
            "get": _act("List this reader's queries, and the saved ones of the lake.", {"200": _json("QueryLists")}),
            "post": _act("Ask a query.", {"202": _json("Query")} | mistaken | refused, "QueryRequest"),
        },
        "/queries/schema": {
            "parameters": shown,
            "get": _act("List the tables that a query may read.", {"200": _json("QueryTables")}),
        },
        "/queries/form": {
            "parameters": shown,
            "post": _act("Write what is chosen in a form as SQL.", {"200": _json("Sql")} | mistaken, "QueryForm"),
        },
        "/queries/format": {
            "post": _act("Return a query in lines.", {"200": _json("Sql")} | refused, "Sql"),
        },
        "/queries/saved": {
            "parameters": shown[:1],
            "put": _act("Keep a query under a name.", done | mistaken, "SavedQuery"),
            "delete": _act("Remove a saved query.", done | none, "Name"),
        },
        "/queries/{id}": {
            "parameters": [identity],
            "get": _act("Tell how far a query is, and its rows.", {"200": _json("Query")} | gone),
        },
        "/queries/{id}/cancel": {
            "parameters": [identity],
            "post": _act("End a query.", {"200": _json("Query")} | gone),
        },
        "/queries/{id}/result.{form}": {
            "parameters": [identity, form],
            "get": _act("Send the rows as a file.", {"200": file} | gone),
        },
    }


def schemas() -> Described:
    """Return the schemas that the paths name."""
    _, found = models_json_schema([(QueryForm, "validation")], ref_template=REF)
    return dict(found["$defs"]) | SCHEMAS


def _act(summary: str, responses: Described, schema: str = "") -> Described:
    body = {"requestBody": {"required": True, "content": _content(schema)}} if schema else {}
    return {"summary": summary, "responses": responses} | body


def _json(schema: str) -> Described:
    return {"description": "The answer", "content": _content(schema)}


def _content(schema: str) -> Described:
    return {"application/json": {"schema": _ref(schema)}}


def _ref(schema: str) -> Described:
    return {"$ref": REF.format(model=schema)}


def _object(*required: str, **properties: Any) -> Described:
    return {"type": "object", "required": list(required or properties), "properties": properties}


def _list(items: Described) -> Described:
    return {"type": "array", "items": items}


TEXT: Described = {"type": "string"}
WHOLE: Described = {"type": "integer"}
VERSIONS: Described = {"type": "object", "additionalProperties": WHOLE}
SCHEMAS: Described = {
    "Sql": _object(sql=TEXT),
    "SavedQuery": _object(name=TEXT, sql=TEXT),
    "QueryRequest": _object("sql", sql=TEXT | {"maxLength": limits.LONGEST_TEXT}, act={"enum": ["run", "plan"]}),
    "Query": _object(
        "id",
        "state",
        "sql",
        id=TEXT,
        state={"enum": [WAITING, WORKING, DONE, ENDED]},
        act=TEXT,
        sql=TEXT,
        run=WHOLE,
        seconds={"type": "number"},
        versions=VERSIONS,
        message=TEXT | {"description": "why it ended without rows"},
        remedy=TEXT,
        rule=TEXT | {"description": "that refuses it"},
        is_cut={"type": "boolean", "description": f"whether there are more than the {limits.MOST_ROWS:,} rows given"},
        plan=TEXT,
        columns=_list(_object(name=TEXT, type=TEXT)),
        rows=_list({"type": "array"}),
    ),
    "QueryTables": _object(
        run=WHOLE,
        tables=_list(_object(view=TEXT, name=TEXT, comment=TEXT, columns=_list(_list(TEXT)))),
    ),
    "QueryLists": _object(
        history=_list(
            _object(
                "sql",
                "verdict",
                sql=TEXT,
                verdict=TEXT,
                message=TEXT,
                seconds={"type": "number"},
                num_rows={"type": ["integer", "null"]},
                run={"type": ["integer", "null"]},
                versions=VERSIONS,
                asked_at=TEXT | {"format": "date-time"},
            )
        ),
        saved=_list(_ref("SavedQuery")),
    ),
}
