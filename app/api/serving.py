"""api.serving — POST /api/v1/score and GET /api/v1/recommendations: answers from memory, without an engine."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, request

from app.api.answers import as_json
from app.api.at_once import Arguments, Question
from app.api.requests import (
    MOST_EVENTS,
    MOST_ROWS,
    RecommendationsRequest,
    ScoreRequest,
    read_arguments,
    read_json,
)
from app.data.publication import Published
from app.data.serving import Served
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from ml.recommend.rank import Answer
from ml.serving import form
from ml.serving.scorer import Row, Scorer
from ml.serving.visit import describe

SCORE, RECOMMENDATIONS = "/api/v1/score", "/api/v1/recommendations"


def add(routes: Blueprint, site: Site) -> None:
    """Add the routes."""
    for (method, path), question in questions(site).items():
        routes.add_url_rule(path, path.rpartition("/")[2], _route(question), methods=[method])


def questions(site: Site) -> dict[tuple[str, str], Question]:
    """Return what is answered, by method and path."""

    def lake(name: str) -> Published:
        if name not in site.lakes:
            raise LakehouseError(f"The site has no dataset {name}.", "leave lake out for the site's own", Exit.USAGE)
        return site.lakes[name]

    def score(arguments: Arguments, body: bytes) -> dict[str, Any]:
        """Score decision points or visits so far."""
        asked = read_json(ScoreRequest, body)
        shown = lake(arguments.get("lake", [""])[0])
        return score_of(shown, shown.serving.require_model(), asked)

    def recommendations(arguments: Arguments, _body: bytes) -> dict[str, Any]:
        """Recommend items to a visit, to whoever looks at an item, or to a visitor."""
        asked = read_arguments(RecommendationsRequest, arguments)
        served = lake(asked.lake).served()
        return {"run": run_of(served), **recommend(served, asked).to_document()}

    return {("POST", SCORE): score, ("GET", RECOMMENDATIONS): recommendations}


def _route(question: Question) -> Callable[[], Response]:
    def answer() -> Response:
        return as_json(question(request.args.to_dict(flat=False), request.get_data(cache=False)))

    return answer


def recommend(served: Served, asked: RecommendationsRequest) -> Answer:
    """Answer a request by one of the three ways.

    Raises:
        LakehouseError: it names none of them, or several (exit code 2).
    """
    ways = [each for each in ("items", "item", "visitor") if getattr(asked, each) is not None]
    if len(ways) != 1:
        message = "Recommendations are for a visit, an item or a visitor: give one of the three."
        raise LakehouseError(message, "GET /api/v1/recommendations?items=355908,45093", Exit.USAGE)
    held = served.memory.recommendations
    if asked.visitor is not None:
        return held.for_visitor(asked.visitor, asked.filters)
    items = asked.items if asked.items is not None else [asked.item] if asked.item is not None else []
    return held.recommender.for_visit(items, asked.filters)


def score_of(lake: Published, model: Scorer, asked: ScoreRequest) -> dict[str, Any]:
    """Answer a request: of each row a score, or of each visit one after its latest event or after every one.

    Raises:
        LakehouseError: it gives neither rows nor visits, or both, or what the model cannot read (exit code 2).
        NotServed: a visit names items, and those are not in memory.
    """
    about = {
        "model": {"name": lake.settings.model.name, "version": model.version, "sha256": model.sha256},
        "threshold": model.threshold,
    }
    if (asked.rows is None) == (asked.visits is None):
        message = "A score is of rows of features or of visits so far: give one of both."
        raise LakehouseError(message, "GET /api/v1/openapi.json has examples of both", Exit.USAGE)
    if asked.rows is not None:
        return about | {"scores": _scores_of_rows(model, asked.rows, asked.explain)}
    assert asked.visits is not None
    num_events = sum(len(each.events) for each in asked.visits)
    most = MOST_ROWS if asked.every_event else MOST_EVENTS
    if num_events > most:
        message = f"These visits have {num_events:,} events; a request is answered for {most:,} at most."
        raise LakehouseError(message, "ask in several requests", Exit.USAGE)
    served = lake.served()
    described = [describe(each.to_visit(), served.memory.facts) for each in asked.visits]
    wanted = described if asked.every_event else [rows[-1:] for rows in described]
    scores = iter(_scores(model, [row for rows in wanted for row in rows], asked.explain))
    visits = [{"scores": [{"events": row["decision_point"]} | next(scores) for row in rows]} for rows in wanted]
    return about | {"run": run_of(served), "visits": visits}


def run_of(served: Served) -> dict[str, Any]:
    """Return which publication answers."""
    return {"number": served.run.number, "id": served.run.run_id, "built_at": served.run.ended_at}


def _scores(model: Scorer, rows: Sequence[Row], explain: bool) -> list[dict[str, Any]]:
    threshold = model.threshold
    found = []
    for row, probability in zip(rows, model.score(rows).tolist(), strict=True):
        score = {
            "probability": probability,
            "is_flagged": None if threshold is None else probability >= threshold,
            "out_of_range": [vars(each) for each in model.out_of_range(row)],
        }
        if explain:
            score |= {"base_log_odds": model.base_log_odds, "contributions": model.contributions(row)}
        found.append(score)
    return found


def _scores_of_rows(model: Scorer, rows: Sequence[Row], explain: bool) -> list[dict[str, Any]]:
    """Score rows of features; of one that names only some, tell what was assumed of the others."""
    _require_known(model, rows)
    complete: list[Row] = [form.complete(model, row) for row in rows]
    scores = _scores(model, complete, explain)
    for row, score in zip(rows, scores, strict=True):
        if names := form.assumed(model, row):
            score["assumed"] = names
    return scores


def _require_known(model: Scorer, rows: Sequence[Row]) -> None:
    """Refuse a misspelt feature, and a row without one of the four from which others follow, or a needed one empty.

    Raises:
        LakehouseError: the first such row (exit code 2).
    """
    names = {*form.KNOWN, *model.input_names}
    required = {each.name for each in model.inputs if each.is_required}
    for number, row in enumerate(rows):
        unknown = [name for name in row if name not in names]
        needed = dict.fromkeys([*form.KNOWN, *(name for name in row if name in required)])
        lacking = [name for name in needed if row.get(name) is None]
        if unknown or lacking:
            words = f"names {', '.join(unknown)}, which it does not" if unknown else f"lacks {', '.join(lacking)}"
            message = f"The model reads {len(model.inputs)} features; rows.{number} {words}."
            raise LakehouseError(message, f"it reads: {', '.join(model.input_names)}", Exit.USAGE)
