"""ml.training_command — learn purchase intent from the published visits, unless that was done before."""

import ast
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from ml import registry
from ml.features import TABLE
from ml.spark_process import Say, call

RUN = "ml.training_run"  # needs MLlib, so it runs in a process of its own

MODULES = (
    "features",
    "estimator",
    "evaluate",
    "training_run",
    "served_model",
)  # a change of their code asks for a new model


@dataclass(frozen=True)
class Outcome:
    """The registered version that a training led to, its alias, the figures of its test, and whether it is new."""

    version: int
    alias: str
    metrics: dict[str, float]
    is_new: bool


def train(lake: Lake, say: Say, force: bool = False) -> Outcome:
    """Train on the published visits and register the model, unless the same was done before.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.
        force: train even if table, settings and code are those of a registered model.

    Raises:
        LakehouseError: nothing is published (2), there is too little to learn from, or the served model differs from
            MLlib's (3), the lake or the registry is locked or Java is missing (4).
    """
    with lock.hold(lake.settings, "lakehouse ml train"):
        version = published_version(lake)
        identity = {
            "training_table": TABLE,
            "training_version": str(version),
            "settings": _hash(json.dumps(asdict(lake.settings.model), sort_keys=True)),
            "code": code_fingerprint(),
        }
        registered = _registered(lake)
        same = None if force else _same(lake, registered, identity)
        if same:
            say(f"Nothing to do: version {same.version}, the {same.alias}, is this model of {TABLE} version {version}.")
            return same
        say(f"Training on {TABLE} version {version}; starting Apache Spark …")
        answer = call(RUN, lake.settings, {"version": version, "identity": identity}, say)
        outcome = Outcome(**answer, is_new=True)
        say(f"Registered {lake.settings.model.name} version {outcome.version} as {outcome.alias}.")
        return outcome


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
    trees = [ast.parse(Path(__file__).with_name(f"{name}.py").read_bytes()) for name in MODULES]
    return _hash("\n".join(map(ast.dump, trees)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _registered(lake: Lake) -> dict[str, registry.Version]:
    found = {alias: registry.by_alias(lake.settings, alias) for alias in (registry.CHAMPION, registry.CHALLENGER)}
    return {alias: version for alias, version in found.items() if version}


def _same(lake: Lake, registered: dict[str, registry.Version], identity: dict[str, str]) -> Outcome | None:
    for alias, version in registered.items():
        if version.identity == identity:
            metrics = registry.document(lake.settings, version)["metrics"]
            return Outcome(version.number, alias, metrics, is_new=False)
    return None
