"""api.openapi — the description of the API, made of the questions and parameters that the pages declare."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.data.query import Query
from app.params import Param

EVERYWHERE = ("lake", "run")


def document(queries: Mapping[str, Query], params: Iterable[Param], base: str) -> dict[str, Any]:
    """Return the OpenAPI document."""
    declared = {param.name: param for param in params}
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
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
                    "400": {"description": "A parameter that is not possible"} | problem,
                    "404": {"description": "No such question"} | problem,
                    "503": {"description": "Nothing is published yet"} | problem,
                },
            }
        }
        for name, query in queries.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Clickstream Lakehouse", "version": "1", "description": "What the pages of the site show."},
        "servers": [{"url": f"{base}api/v1"}],
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


SCHEMAS: dict[str, Any] = {
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
