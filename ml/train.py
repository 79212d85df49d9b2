"""ml.train — learn purchase intent from the published visits, judge the model, and register it."""

import ast
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from lakehouse import lock
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Model
from ml import registry
from ml.evaluate import Evaluation, areas, evaluate, probability, scored_by
from ml.features import FEATURES, TABLE, Split, counted, eligible, split, time_range
from ml.fit import check, fit_with_threshold
from ml.scorer import Scorer, load
from ml.tracking import Trained, record

Say = Callable[[str], None]

MODULES = ("features", "fit", "evaluate", "train", "served_model")  # a change of their code asks for a new model
ANSWERS = 1000


@dataclass(frozen=True)
class Outcome:
    """The registered version that a training led to, its alias, and whether it is new."""

    version: int
    alias: str
    is_new: bool


def train(lake: Lake, say: Say, force: bool = False) -> Outcome:
    """Train on the published visits and register the model, unless the same was done before.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.
        force: train even if table, settings and code are those of a registered model.

    Raises:
        LakehouseError: nothing is published (2), there is too little to learn from, or the served model differs from
            Spark's (3), the lake is locked or Java is missing (4).
    """
    with lock.hold(lake.settings, "lakehouse ml train"):
        version = published_version(lake)
        identity = {
            "training_table": TABLE,
            "training_version": str(version),
            "settings": _hash(json.dumps(asdict(lake.settings.model), sort_keys=True)),
            "code": code_fingerprint(),
        }
        same = None if force else _registered(lake, identity)
        if same:
            say(f"Nothing to do: version {same.version}, the {same.alias}, is this model of {TABLE} version {version}.")
            return same
        say(f"Training on {TABLE} version {version}; starting Spark …")
        visits = eligible(lake.store.read(TABLE, version))
        borders = _split(visits, lake.settings.model)
        rows = counted(visits, borders).coalesce(1).cache()  # alike visits are one row: few enough for one task
        check(rows, borders)
        model, threshold = fit_with_threshold(rows, lake.settings.model)
        test = rows.where("part = 'test'")
        evaluation = evaluate(model, test, threshold)
        alias = _alias(lake, test, evaluation.metrics["pr_auc"], say)
        source = lake.store.uri(TABLE)
        trained = _trained(lake.settings.model, model, threshold, evaluation, rows, borders, identity, source)
        number = record(lake.settings, trained, alias)
        say(f"Registered {lake.settings.model.name} version {number} as {alias}.")
        return Outcome(number, alias, is_new=True)


def published_version(lake: Lake) -> int:
    """Return the version of gold.session_features that the newest publication names.

    Raises:
        LakehouseError: nothing is published yet (exit code 2).
    """
    published = lake.ledger.published()
    if published is None or TABLE not in published.versions:
        raise LakehouseError(f"{TABLE} is not published yet.", "lakehouse run", Exit.USAGE)
    return published.versions[TABLE]


def code_fingerprint() -> str:
    """A hash of the code that makes a model, blind to comments and layout: 16 hex digits."""
    trees = [ast.parse(Path(__file__).with_name(f"{name}.py").read_text()) for name in MODULES]
    return _hash("\n".join(map(ast.dump, trees)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _registered(lake: Lake, identity: dict[str, str]) -> Outcome | None:
    for alias in (registry.CHAMPION, registry.CHALLENGER):
        version = registry.by_alias(lake.settings, alias)
        if version and version.identity == identity:
            return Outcome(version.number, alias, is_new=False)
    return None


def _split(visits: DataFrame, settings: Model) -> Split:
    found = time_range(visits)
    if found is None:
        message = f"{TABLE} holds no visit with an event before its first purchase: there is nothing to learn from."
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)
    return split(*found, settings)


def _alias(lake: Lake, test: DataFrame, pr_auc: float, say: Say) -> str:
    """Compare with the present champion on the very same rows."""
    champion = _champion(lake, say)
    if champion is None:
        return registry.CHAMPION
    scores = probability(champion.features, champion.coefficients, champion.intercept)
    present, margin = areas(test.withColumn("score", scores), "score")[1], lake.settings.model.champion_margin
    is_good = pr_auc >= present - margin
    say(
        f"PR-AUC {pr_auc:.3f} against {present:.3f} of the champion, version {champion.version}, on the same visits: "
        + ("the new model takes its place." if is_good else f"worse by more than {margin}; the champion stays.")
    )
    return registry.CHAMPION if is_good else registry.CHALLENGER


def _champion(lake: Lake, say: Say) -> Scorer | None:
    version = registry.by_alias(lake.settings, registry.CHAMPION)
    try:
        return load(lake.settings, version) if version else None
    except LakehouseError as error:
        say(f"{error.message} The new model takes its place.")
        return None


def _trained(
    settings: Model,
    model: PipelineModel,
    threshold: float,
    evaluation: Evaluation,
    rows: DataFrame,
    borders: Split,
    identity: dict[str, str],
    source: str,
) -> Trained:
    instants = {name: instant.isoformat() for name, instant in asdict(borders).items()}
    regression = model.stages[1]
    answers = scored_by(model, rows.where("part = 'test'")).select(*FEATURES, "score").limit(ANSWERS).toPandas()
    document = {
        "features": list(FEATURES),
        "coefficients": [float(each) for each in regression.coefficients],
        "intercept": float(regression.intercept),
        "threshold": threshold,
        "metrics": evaluation.metrics,
        "trained_on": {**identity, **instants},
    }
    params = {**asdict(settings), **instants, "features": ", ".join(FEATURES), "threshold": threshold}
    return Trained(model, document, evaluation, params, identity, source, answers)
