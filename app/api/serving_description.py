"""api.serving_description — how OpenAPI tells of scores and recommendations; what may be asked is what is checked."""

from typing import Any

from pydantic.json_schema import models_json_schema

from app.api.requests import RecommendationsRequest, ScoreRequest

REF = "#/components/schemas/{model}"
PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
PROBLEMS = {
    "400": {"description": "What cannot be asked, and where the mistake is"} | PROBLEM,
    "401": {"description": "The site has a password, and no token or a wrong one was sent"} | PROBLEM,
    "403": {"description": "Sent by a foreign page, or not as JSON"} | PROBLEM,
    "503": {"description": "No model, an older release's tables, or still loading: Retry-After says"} | PROBLEM,
}
VISIT = {
    "visitor_id": 1,
    "events": [
        {"kind": "view", "at": "2015-09-17T17:00:00Z", "item_id": 355908},
        {"kind": "addtocart", "at": "2015-09-17T17:02:30Z", "item_id": 355908},
    ],
}
FEATURES = {"decision_point": 1, "num_views": 1, "num_adds": 0, "distinct_products": 1, "session_hour": 17}
PAST = {"num_visits": 1, "num_adds": 0, "num_purchases": 0, "ended_at": 1442400000000}
NEW = {"events": [{"kind": "view", "at": 1442509200000, "item_id": -1, "category_id": 7}], "past": PAST}
EXAMPLES = {
    "visit": {"summary": "A visitor of the lake", "value": {"visits": [VISIT], "explain": True}},
    "form": {"summary": "An item that the shop does not have", "value": {"visits": [NEW], "every_event": True}},
    "rows": {"summary": "Features, shortened: `inputs` of the model's card names all", "value": {"rows": [FEATURES]}},
}
ASKED = {"items": "355908,45093", "item": 355908, "visitor": 1, "exclude": "45093", "category": "7"}
NUMBER, TEXT, WHOLE = {"type": "number"}, {"type": "string"}, {"type": "integer"}


def paths() -> dict[str, Any]:
    """Return the paths of scores and recommendations."""
    body = {"schema": {"$ref": REF.format(model="ScoreRequest")}, "examples": EXAMPLES}
    lake = {"name": "lake", "in": "query", "required": False, "schema": TEXT, "description": "the dataset"}
    score = {
        "operationId": "score",
        "summary": "Say how likely visits end in a purchase.",
        "description": f"Up to 1,000 rows or visits. {ScoreRequest.__doc__}",
        "parameters": [lake],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {"200": _json("The scores, in the order asked", "Scores")} | PROBLEMS,
    }
    recommendations = {
        "operationId": "recommendations",
        "summary": "Recommend items to a visit, to whoever looks at an item, or to a visitor.",
        "description": f"{RecommendationsRequest.__doc__} Lists hold ids with commas between them.",
        "parameters": [_parameter(name, schema) for name, schema in _asked().items()],
        "responses": {"200": _json("At most 20 items, and at most 5 reminders", "Recommendations")} | PROBLEMS,
    }
    version = {"name": "version", "in": "query", "required": False, "schema": WHOLE}
    card = {
        "operationId": "model_card",
        "summary": "Send the model card of the champion, or of another version that has a name.",
        "parameters": [lake, version | {"description": "of the registered model; the champion's if left out"}],
        "responses": {
            "200": {"description": "The card, in Markdown", "content": {"text/markdown": {"schema": TEXT}}},
            "404": {"description": "No such version has a name"} | PROBLEM,
        },
    }
    return {
        "/score": {"post": score},
        "/recommendations": {"get": recommendations},
        "/model-card.md": {"get": card},
    }


def schemas() -> dict[str, Any]:
    """Return the schemas that those name."""
    _, found = models_json_schema([(ScoreRequest, "validation")], ref_template=REF)
    return dict(found["$defs"]) | ANSWERS


def _asked() -> dict[str, Any]:
    return dict(RecommendationsRequest.model_json_schema()["properties"])


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    kind = {each: value for each, value in kinds[0].items() if each not in ("description", "title", "default")}
    ids = {"style": "form", "explode": False} if kind["type"] == "array" else {}
    example = {"example": ASKED[name]} if name in ASKED else {}
    told = {"name": name, "in": "query", "required": False, "description": schema["description"], "schema": kind}
    return told | ids | example


def _json(description: str, model: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}},
    }


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required or properties), "properties": properties}


def _list(of: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": REF.format(model=of)}}


def _names(meaning: str) -> dict[str, Any]:
    return {"type": "array", "items": TEXT, "description": meaning}


RUN = _object(number=WHOLE, id=TEXT, built_at={"type": "string", "format": "date-time"})
ANSWERS: dict[str, Any] = {
    "Score": _object(
        "probability",
        "is_flagged",
        "out_of_range",
        events=WHOLE | {"description": "of a visit, so far"},
        probability=NUMBER,
        is_flagged={"type": ["boolean", "null"], "description": "null where the model has no threshold"},
        out_of_range={"type": "array", "items": _object(name=TEXT, value=NUMBER, low=NUMBER, high=NUMBER)},
        assumed=_names("inputs that a row does not name: they follow from the four, or are typical; absent if none"),
        base_log_odds=NUMBER,
        contributions={"type": "object", "additionalProperties": NUMBER, "description": "with the base: the log-odds"},
    ),
    "Scores": _object(
        "model",
        "threshold",
        model=_object(name=TEXT, version=WHOLE, sha256=TEXT),
        threshold={"type": ["number", "null"]},
        run=RUN,
        scores=_list("Score"),
        visits={"type": "array", "items": _object(scores=_list("Score"))},
    ),
    "Recommendation": _object(
        item_id=WHOLE,
        source={"enum": ["neighbour", "popular_in_category", "popular", "reminder"]},
        because={"type": ["integer", "null"], "description": "the viewed item, or the category"},
        is_available={"type": ["boolean", "null"], "description": "null while unknown"},
        score={"type": ["number", "null"]},
        reason=TEXT,
    ),
    "Recommendations": _object(run=RUN, items=_list("Recommendation"), reminders=_list("Recommendation"), note=TEXT),
}
