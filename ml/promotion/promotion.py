"""ml.promotion.promotion — compare, promote and roll back; whatever goes wrong, the champion stays."""

import json
from dataclasses import dataclass, replace

from lakehouse import error_messages, failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from lakehouse.storage.ledger import now
from ml.intent.evaluation.figures import Evaluation
from ml.intent.examples import TABLE
from ml.intent.training import published
from ml.promotion.decision import Decision
from ml.promotion.evidence import Evidence
from ml.promotion.gates import judge
from ml.promotion.measure import Versions, gather, later, measure
from ml.registry import aliases, card_of, records
from ml.registry.aliases import BEST, CHALLENGER, CHAMPION, PREVIOUS
from ml.registry.versions import Version
from ml.serving.scorer import load
from ml.spark_process import Say

EVIDENCE = "promotion.json"
UNREADABLE = "put the folder mlflow back from a copy of the lake, or lakehouse ml rollback"


@dataclass(frozen=True)
class Outcome:
    """What a promotion led to.

    Attributes:
        version: the champion now.
        is_new: whether it became the champion by this.
        evidence: what the gates judged; None where nothing was asked.
        decision: what they said.
    """

    version: int
    is_new: bool
    evidence: Evidence | None = None
    decision: Decision | None = None


def promote(lake: Lake, say: Say, bootstrap: bool = False, accepted: str = "") -> Outcome:
    """Make the challenger the champion if every gate lets it pass.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.
        bootstrap: where there is no champion, do without the comparison with one, and warn where a baseline is not
            proved to be beaten.
        accepted: why undecidable gates are accepted; empty where they are not.

    Raises:
        LakehouseError: there is no challenger (exit code 2), or it is refused (3): by a gate, or because anything that
            a gate needs could not be had.
    """
    with lock.hold(lake.settings, "lakehouse ml promote"):
        try:
            named = aliases.read(lake.settings)
        except LakehouseError as error:
            raise LakehouseError(f"Nothing is promoted. {error.message}", error.remedy, Exit.REFUSED) from error
        champion, challenger = named.get(CHAMPION), named.get(CHALLENGER)
        if challenger is None:
            return _nothing_to_promote(champion, say)
        if champion is None and not bootstrap:
            message = f"There is no champion that version {challenger.number} could be compared with."
            raise LakehouseError(message, "lakehouse ml promote --bootstrap", Exit.REFUSED)
        say(f"Comparing version {challenger.number}; this rebuilds up to 1,000 decision points …")
        try:
            evidence, decision = _compare(lake, named, accepted)
            kept = _keep(lake, challenger, evidence, decision)
            decision.enforce(challenger.number)
            failpoints.reach("ml.judged")
            after = {CHAMPION: kept, PREVIOUS: champion, CHALLENGER: None, BEST: _best(kept, named, evidence)}
            aliases.write(lake.settings, after)
        except Exception as error:
            raise _refusal(error, challenger.number, lake) from error
        card_of.show(lake.settings, [kept, *([champion] if champion else [])], say)
        for line in (f"{each.gate.name}: {each.found}" for each in decision.warnings):
            say(f"Let through undecided: {line}")
        say(f"Version {challenger.number} is the champion.")
        return Outcome(challenger.number, True, evidence, decision)


def compare(lake: Lake) -> tuple[Evidence, Decision]:
    """Ask every gate about the challenger and change nothing.

    Raises:
        LakehouseError: there is no challenger (exit code 2), or evidence could not be had.
    """
    named = aliases.read(lake.settings)
    if CHALLENGER not in named:
        raise LakehouseError("There is no challenger to compare.", "lakehouse ml train", Exit.USAGE)
    return _compare(lake, named, "")


def evaluate(lake: Lake, alias: str) -> tuple[int, Evaluation]:
    """Measure one version on the visits after its training.

    Args:
        lake: the lake; its newest publication is read.
        alias: of the version.

    Raises:
        LakehouseError: the alias names none (exit code 2), or there is nothing to measure it by (3).
    """
    version = aliases.by_alias(lake.settings, alias)
    if version is None:
        raise LakehouseError(f"There is no {alias} to evaluate.", "lakehouse ml train", Exit.USAGE)
    versions, publication = Versions(load(lake.settings, version)), published(lake)
    examples = lake.store.read(TABLE, publication.versions[TABLE])
    return version.number, measure(later(lake, publication, examples, versions.since), versions)


def rollback(lake: Lake, say: Say, reason: str = "") -> int:
    """Let the previous champion serve again; the present one becomes the previous.

    Args:
        lake: the lake.
        say: receives a few lines.
        reason: is kept with the version that is taken back.

    Raises:
        LakehouseError: there is no previous champion (exit code 2), or its file cannot be read (3).
    """
    with lock.hold(lake.settings, "lakehouse ml rollback"):
        named = aliases.read(lake.settings)
        if PREVIOUS not in named or CHAMPION not in named:
            raise LakehouseError("There is no previous champion to go back to.", "lakehouse ml train", Exit.USAGE)
        previous, champion = named[PREVIOUS], named[CHAMPION]
        load(lake.settings, previous)
        after = {CHAMPION: previous, PREVIOUS: champion}
        if named.get(BEST) == champion:
            after[BEST] = previous
        aliases.write(lake.settings, after)
        because = {"rolled_back_at": now().isoformat(), "rolled_back_because": reason}
        records.tag(lake.settings, champion.number, because)
        card_of.show(lake.settings, [previous, champion], say)
        say(f"Version {previous.number} is the champion again; version {champion.number} is the previous one.")
        return previous.number


def _compare(lake: Lake, named: dict[str, Version], accepted: str) -> tuple[Evidence, Decision]:
    best = named.get(BEST) or named.get(CHAMPION)
    challenger = load(lake.settings, named[CHALLENGER])
    try:
        champion, best_so_far = (load(lake.settings, each) if each else None for each in (named.get(CHAMPION), best))
    except LakehouseError as error:  # what mends a challenger, another training, mends no champion
        raise LakehouseError(error.message, UNREADABLE, error.code) from error
    evidence = gather(lake, Versions(challenger, champion, best_so_far))
    return evidence, Decision(judge(evidence), champion is not None, accepted)


def _keep(lake: Lake, version: Version, evidence: Evidence, decision: Decision) -> Version:
    """Store what the gates judged and said with the version, before it serves."""
    content = {
        "evidence": evidence.to_document(),
        "gates": decision.to_document(),
        "accepted_undecidable": decision.accepted,
    }
    tags = {"judged_at": now().isoformat(), "accepted_undecidable": decision.accepted}
    tags["warnings"] = "\n".join(f"{each.gate.name}: {each.found}" for each in decision.warnings)
    digest = records.keep(lake.settings, version, EVIDENCE, json.dumps(content, indent=1, default=str))
    tags |= {"evidence": EVIDENCE, "evidence_sha256": digest}
    records.tag(lake.settings, version.number, tags)
    return replace(version, tags={**version.tags, **tags})


def _best(version: Version, named: dict[str, Version], evidence: Evidence) -> Version:
    """Return the version against which small losses add up: the new one only if it is proved better than the old."""
    if evidence.best is None:
        return version
    change = evidence.evaluation.of(model="best").differences["relative_log_loss"]
    return version if change.high < 0 else named.get(BEST) or named[CHAMPION]


def _nothing_to_promote(champion: Version | None, say: Say) -> Outcome:
    if champion is None:
        raise LakehouseError("There is no model to promote.", "lakehouse ml train", Exit.USAGE)
    say(f"Nothing to do: there is no challenger, and version {champion.number} is the champion.")
    return Outcome(champion.number, False)


def _refusal(error: Exception, version: int, lake: Lake) -> LakehouseError:
    """Turn whatever happened into a refusal."""
    known = error if isinstance(error, LakehouseError) else error_messages.explain(error, lake.settings)
    if known.code == Exit.REFUSED and "is not promoted" in known.message:
        return known
    message = f"Version {version} is not promoted, because it could not be judged. {known.message}"
    return LakehouseError(message, known.remedy or "lakehouse ml promote", Exit.REFUSED)
