"""api.openapi — the description of the API: the questions and parameters that pages declare, and what readers keep."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.api import openapi_datasets, openapi_jobs, openapi_queries, serving_description
from app.data.query import Query
from app.params import Param

EVERYWHERE = ("lake", "run")


def document(queries: Mapping[str, Query], params: Iterable[Param], base: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    declared = {param.name: param for param in params}
    paths = {
        f"/{name}": {
            "get": {
                "operationId": name.replace("-", "_"),
                "summary": query.description,
                "description": f"Reads {', '.join(query.reads)}. The suffixes .json, .csv and .sql choose the form.",
                "parameters": [_parameter(declared[each]) for each in (*query.params, *EVERYWHERE) if each in declared],
                "responses": {
                    "200": {
                        "description": "The rows, with run and versions",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Answer"}},
                            "text/csv": {"schema": {"type": "string"}},
                        },
                    },
                    "304": {"description": "Unchanged: the ETag is still the same"},
                    "400": {"description": "A parameter that is not possible"} | PROBLEM,
                    "404": {"description": "No such question"} | PROBLEM,
                    "503": {"description": "Nothing is published yet"} | PROBLEM,
                },
            }
        }
        for name, query in queries.items()
    }
    paths |= saved([_parameter(declared["lake"])]) | serving_description.paths()
    paths |= openapi_jobs.paths(_parameter(declared["lake"]), PROBLEM)
    paths |= openapi_datasets.paths(PROBLEM)
    paths |= openapi_queries.paths([_parameter(declared[each]) for each in EVERYWHERE], PROBLEM)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clickstream Lakehouse",
            "version": "1",
            "description": "What the pages of the site show, scores and recommendations, and what readers keep.",
        },
        "servers": [{"url": f"{base}api/v1"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS
            | openapi_jobs.SCHEMAS
            | openapi_datasets.SCHEMAS
            | openapi_queries.schemas()
            | serving_description.schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],  # a site without a password asks for none
    }


def saved(lake: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the paths of saved views and of notes.

    Args:
        lake: the parameter that names the dataset.
    """
    done, gone = {"204": {"description": "Done"}}, {"404": {"description": "There is none"}}
    mistaken = {"400": {"description": "A value that is not possible"} | PROBLEM}

    def act(summary: str, responses: dict[str, Any], schema: str = "") -> dict[str, Any]:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        body = {"requestBody": {"required": True, "content": content}} if schema else {}
        return {"summary": summary, "parameters": lake, "responses": responses} | body

    listed = {"description": "The views", "content": {"application/json": {"schema": VIEWS}}}
    made = {"description": "The note's number", "content": {"application/json": {"schema": NUMBER}}}
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "/views": {
            "get": act("List the saved views.", {"200": listed}),
            "put": act("Keep a view under its name.", done | mistaken, "View"),
            "delete": act("Remove the view of a name.", done | gone, "Name"),
        },
        "/notes": {"post": act("Keep a note on a card about a day.", {"201": made} | mistaken, "Note")},
        "/notes/{number}": {"parameters": [number], "delete": act("Remove a note.", done | gone)},
    }


PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
VIEWS = {"type": "object", "properties": {"views": {"type": "array", "items": {"$ref": "#/components/schemas/View"}}}}
NUMBER = {"type": "object", "properties": {"id": {"type": "integer"}}}


def _written(**meanings: str) -> dict[str, Any]:
    """Return the schema of an object of texts, all of them required."""
    properties = {name: {"type": "string", "description": meaning} for name, meaning in meanings.items()}
    return {"type": "object", "required": list(meanings), "properties": properties}


SCHEMAS: dict[str, Any] = {
    "Name": _written(name="of a view"),
    "View": _written(name="under which it is kept", path="of a page", query="its choices, as in the address"),
    "Note": _written(card="<page>-<card>", day="like 2015-06-03", words="what is said of it"),
    "Answer": {
        "type": "object",
        "required": ["query", "run", "versions", "params", "columns", "rows"],
        "properties": {
            "query": {"type": "string"},
            "run": {
                "type": "object",
                "properties": {
                    "number": {"type": "integer"},
                    "id": {"type": "string"},
                    "built_at": {"type": "string", "format": "date-time"},
                },
            },
            "versions": {"type": "object", "additionalProperties": {"type": "integer"}},
            "params": {"type": "object", "additionalProperties": {"type": "string"}},
            "columns": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "object"}},
        },
    },
    "Problem": {
        "type": "object",
        "required": ["title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "remedy": {"type": "string", "description": "the command or act that mends it"},
        },
    },
}


def _parameter(param: Param) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "default": param.default}
    if param.pattern:
        choices = [*param.values, param.pattern] if param.values else [param.pattern]
        schema["pattern"] = f"^(?:{'|'.join(choices)})$" if param.default else f"^(?:{'|'.join(choices)})?$"
    else:
        schema["enum"] = list(param.values)
    return {"name": param.name, "in": "query", "required": False, "description": param.meaning, "schema": schema}
