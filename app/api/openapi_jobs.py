"""api.openapi_jobs — the description of the jobs: what may be asked for, and what is told of it."""

from typing import Any

from app.jobs import kinds
from app.jobs.store import ACTIVE, ENDED

Described = dict[str, Any]


def paths(lake: Described, problem: Described) -> Described:
    """Return the paths of the jobs.

    Args:
        lake: the parameter that names the dataset.
        problem: the content of an answer that tells a problem.
    """
    job = {"description": "The job", "content": {"application/json": {"schema": _ref("Job")}}}
    listed = {"type": "object", "properties": {"jobs": {"type": "array", "items": _ref("Job")}}}
    jobs = {"description": "The jobs, the newest first", "content": {"application/json": {"schema": listed}}}
    file = {
        "description": "The file",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
    mistaken = {"400": {"description": "A value that is not possible"} | problem}
    gone = {"404": {"description": "There is no such job of this browser"} | problem}
    ended = {"409": {"description": "Its state does not allow it"} | problem}
    large = {"413": {"description": "The file is larger than this site takes"}}
    asked = {"required": True, "content": {"application/json": {"schema": _ref("JobRequest"), "example": EXAMPLE}}}
    sent = {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
    names = ["kind", "name"]
    about = [{"name": name, "in": "query", "required": name == "kind", "schema": {"type": "string"}} for name in names]
    identity = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "/jobs": {
            "get": {"summary": "List the jobs of this browser.", "responses": {"200": jobs}},
            "post": _act("Queue a job.", {"201": job} | mistaken) | {"parameters": [lake], "requestBody": asked},
        },
        "/jobs/files": {
            "post": _act("Queue a job about the file that is the body.", {"201": job} | mistaken | large)
            | {"parameters": [*about, lake], "requestBody": sent}
        },
        "/jobs/{id}": {
            "parameters": identity,
            "get": _act("Tell how far a job is, or what came of it.", {"200": job} | gone),
            "delete": _act("Remove a job that has ended.", {"204": {"description": "Done"}} | gone | ended),
        },
        "/jobs/{id}/cancel": {"parameters": identity, "post": _act("End a job.", {"200": job} | gone | ended)},
        "/jobs/{id}/retry": {"parameters": identity, "post": _act("Queue a job again.", {"200": job} | gone | ended)},
        "/jobs/{id}/files/{name}": {
            "parameters": [*identity, name],
            "get": _act("Send a file that came of a job.", {"200": file} | gone),
        },
    }


def _act(summary: str, responses: Described) -> Described:
    return {"summary": summary, "responses": responses}


def _ref(name: str) -> Described:
    return {"$ref": f"#/components/schemas/{name}"}


EXAMPLE = {
    "kind": "score-visits",
    "arguments": {"start": "2015-06-01", "end": "2015-06-28", "visitors": "all", "point": "latest"},
}
INSTANT = {"type": ["string", "null"], "format": "date-time"}
SCHEMAS: Described = {
    "JobRequest": {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {
                "enum": [name for name, kind in kinds.all_kinds().items() if not (kind.takes_file or kind.has_route)]
            },
            "arguments": {"type": "object"},
        },
    },
    "Job": {
        "type": "object",
        "required": ["id", "kind", "title", "state"],
        "properties": {
            "id": {"type": "string"},
            "kind": {"enum": list(kinds.all_kinds())},
            "title": {"type": "string"},
            "lake": {"type": "string"},
            "state": {"enum": [*ACTIVE, *ENDED]},
            "done": {"type": "integer"},
            "total": {"type": "integer", "description": "0 where nobody knows how much there is"},
            "sentence": {"type": "string", "description": "what it does at this moment"},
            "created": INSTANT,
            "started": INSTANT,
            "ended": INSTANT,
            "result": {"type": "object", "description": "`files` by name with their bytes, `rows`, and more"},
            "error": {"type": "string"},
            "remedy": {"type": "string"},
        },
    },
}
