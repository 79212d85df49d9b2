"""ml.intent.training — learn purchase intent from the published visits, unless that was done before."""

import hashlib
import json
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory

from lakehouse import fingerprint, private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from lakehouse.storage.ledger import Run
from ml.intent.evaluation import report
from ml.intent.evaluation.figures import from_document
from ml.intent.examples import TABLE
from ml.intent.handover import TABLES
from ml.intent.slices import Coverage, coverage
from ml.registry import aliases, versions
from ml.spark_process import Say, call

ACTIVITY = "gold.activity"
READ, RUN = "ml.intent.handover", "ml.intent.training_run"  # the second needs MLlib; each runs in a process of its own

CODE = (RUN, "ml.serving.served_model")  # and what they import: a change of it asks for a new model


@dataclass(frozen=True)
class Outcome:
    """The registered version that a training led to, its alias, what its test says in lines, and whether it is new."""

    version: int
    alias: str
    lines: list[str]
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
        publication = published(lake)
        version = publication.versions[TABLE]
        identity = {
            "training_table": TABLE,
            "training_version": str(version),
            "settings": _hash(json.dumps(asdict(lake.settings.model), sort_keys=True)),
            "code": code_fingerprint(),
        }
        same = None if force else _same(lake, identity)
        if same:
            say(f"Nothing to do: version {same.version}, the {same.alias}, is this model of {TABLE} version {version}.")
            return same
        say(f"Training on {TABLE} version {version} …")
        root = private.make_folder(lake.settings, lake.settings.spill_path.name)
        with TemporaryDirectory(prefix="training-", dir=root) as folder:
            read = {"publication": publication, "covered": covered(lake, publication), "folder": folder}
            handed = call(READ, lake.settings, read, say)
            say("Starting Apache Spark …")
            answer = call(RUN, lake.settings, {**handed, "identity": identity}, say)
        outcome = Outcome(**answer, is_new=True)
        say(f"Registered {lake.settings.model.name} version {outcome.version} as {outcome.alias}.")
        return outcome


def published(lake: Lake) -> Run:
    """Return the newest publication, which names gold.intent_examples.

    Raises:
        LakehouseError: nothing is published yet (exit code 2).
    """
    found = lake.ledger.published()
    if found is None or not found.versions.keys() >= {*TABLES, ACTIVITY}:
        raise LakehouseError(f"{TABLE} is not published yet.", "lakehouse run", Exit.USAGE)
    return found


def covered(lake: Lake, publication: Run) -> Coverage:
    """Return which time a publication covers.

    Raises:
        LakehouseError: it holds no event (exit code 3).
    """
    activity = lake.store.arrow(ACTIVITY, publication.versions[ACTIVITY]).to_pylist()
    found = coverage(activity, publication.ended_at)
    if found is None:
        message = "No event is published: there is nothing to learn from."
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)
    return found


def code_fingerprint() -> str:
    """Return a hash of the code that makes and serves a model, blind to comments and layout: 16 hex digits."""
    return _hash(" ".join(map(fingerprint.of, CODE)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _same(lake: Lake, identity: dict[str, str]) -> Outcome | None:
    """Return the challenger or champion that is made from the same."""
    named = aliases.read(lake.settings)
    for alias in (each for each in (aliases.CHALLENGER, aliases.CHAMPION) if each in named):
        version = named[alias]
        if version.identity == identity:
            document = versions.document(lake.settings, version)
            lines = [*report.brief(from_document(document["evaluation"])), report.whole_visits(document["brief"])]
            return Outcome(version.number, alias, lines, is_new=False)
    return None
