"""api.openapi_datasets — the description of the datasets that readers bring."""

from typing import Any

from app.jobs.store import ACTIVE, FAILED
from bronze import header

Described = dict[str, Any]


def paths(problem: Described) -> Described:
    """Return the paths of the datasets.

    Args:
        problem: the content of an answer that tells a problem.
    """
    dataset = {"description": "The dataset", "content": {"application/json": {"schema": _ref("Dataset")}}}
    listed = {"type": "object", "properties": {"datasets": {"type": "array", "items": _ref("Dataset")}, "kinds": KINDS}}
    datasets = {"description": "The datasets, the newest first", "content": {"application/json": {"schema": listed}}}
    lines = {"description": "The rows", "content": {"text/csv": {"schema": {"type": "string"}}}}
    done = {"204": {"description": "Done"}}
    mistaken = {"400": {"description": "A value that is not possible"} | problem}
    gone = {"404": {"description": "There is no such dataset of this browser"} | problem}
    refused = {"409": {"description": "The file is no CSV, or the dataset is built already"} | problem}
    large = {"413": {"description": "The file is larger than this site takes"} | problem}
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    sent = {"requestBody": {"required": True, "content": binary}}
    about = [{"name": name, "in": "query", "required": False, "schema": TEXT} for name in ("name", "dataset")]
    identity = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "/datasets": {"get": _act("List the datasets of this browser.", {"200": datasets})},
        "/datasets/files": {
            "parameters": about,
            "post": _act(
                "Take a file into a dataset, or into a new one.", {"201": dataset} | mistaken | refused | large
            )
            | sent,
        },
        "/datasets/{id}": {
            "parameters": [identity],
            "get": _act("Tell what a dataset holds, and how far it is.", {"200": dataset} | gone),
            "put": _act("Give a dataset another name.", {"200": dataset} | mistaken | gone, "DatasetName"),
            "delete": _act("Remove a dataset with its lake.", done | gone),
        },
        "/datasets/{id}/files/{number}": {
            "parameters": [identity, number],
            "put": _act("Say what a file holds.", {"200": dataset} | mistaken | gone | refused, "FileColumns"),
            "delete": _act("Remove a file.", {"200": dataset} | gone | refused),
        },
        "/datasets/{id}/build": {
            "parameters": [identity],
            "post": _act("Queue the job that builds its lake.", {"202": dataset} | mistaken | gone | refused),
        },
        "/datasets/{id}/train": {
            "parameters": [identity],
            "post": _act("Queue the job that trains a model on it.", {"202": dataset} | gone | refused),
        },
        "/datasets/{id}/rejected.csv": {
            "parameters": [identity],
            "get": _act("Send the rows that its tables refused.", {"200": lines} | gone),
        },
    }


def _act(summary: str, responses: Described, schema: str = "") -> Described:
    content = {"application/json": {"schema": _ref(schema)}}
    body = {"requestBody": {"required": True, "content": content}} if schema else {}
    return {"summary": summary, "responses": responses} | body


def _ref(name: str) -> Described:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Described = {"type": "string"}
TEXTS: Described = {"type": "array", "items": TEXT}
KINDS: Described = {"type": "object", "description": "kind of file -> its columns", "additionalProperties": TEXTS}
SCHEMAS: Described = {
    "DatasetName": {"type": "object", "required": ["name"], "properties": {"name": TEXT}},
    "FileColumns": {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"enum": list(header.KINDS)},
            "columns": {"type": "object", "description": "our column -> the file's", "additionalProperties": TEXT},
        },
    },
    "Dataset": {
        "type": "object",
        "required": ["id", "name", "state", "files"],
        "properties": {
            "id": {"type": "string", "description": "the value of the parameter `lake`"},
            "name": TEXT,
            "state": {"enum": ["new", *ACTIVE, FAILED, "ready"]},
            "job": {"type": "string", "description": "the id of the job that builds it"},
            "files": {"type": "array", "items": {"type": "object"}},
            "progress": {"type": "object"},
            "result": {"type": "object", "description": "`rows`, the events, and `rejected`"},
            "model": {"type": ["object", "null"], "description": "`version`, and whether it `is_borrowed`"},
            "training": {"type": ["object", "null"]},
        },
    },
}
