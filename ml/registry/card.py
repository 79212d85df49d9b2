"""ml.registry.card — the model card of a version, in Markdown: its purpose, what it was made from, its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.intent.evaluation import report
from ml.intent.evaluation.figures import Evaluation
from ml.intent.slices import Slices
from ml.registry.versions import Version

MINUTE = "%Y-%m-%d %H:%M"
PURPOSE = (
    "It answers, at any moment of a visit: will this visit still end in a purchase? Asked after 1, 2, 3, 5 and 10 "
    "events, it is measured there; between those points and after them it answers unmeasured."
)
NOT_FOR = (
    "It says nothing of a visitor's next visit, of which item is bought, or of what would happen if the shop acted on "
    "its answer. It learned from visits of one shop; prices, seasons and visitors of another are outside of it."
)


def text(
    version: Version,
    aliases: Sequence[str],
    document: Mapping[str, Any],
    evaluation: Evaluation,
    promotion: Mapping[str, Any] | None,
) -> str:
    """Return the card.

    Args:
        version: the version.
        aliases: that name it.
        document: its served model.
        evaluation: of its test.
        promotion: what its promotion kept: gates and evidence; None where it was never judged.
    """
    lines = [
        f"# Purchase intent, version {version.number}",
        f"Aliases: {', '.join(aliases) or 'none'}",
        "## Purpose",
        PURPOSE,
        "## Not for",
        NOT_FOR,
        "## Made from",
        *_made_from(version, document),
        "## Figures of its test",
        "Each figure stands with its 95 % interval from a bootstrap over visitors, and has the digits that it bears.",
        *report.markdown(evaluation),
        "## The brief's model",
        document["brief"]["caveat"],
        f"- {report.whole_visits(document['brief'])}",
        "## Gates",
        *_gates(promotion),
    ]
    return "\n".join(_apart(lines))


def _made_from(version: Version, document: Mapping[str, Any]) -> list[str]:
    tags, slices = version.tags, Slices.of(document["slices"])
    threshold = document["threshold"]
    chosen = (
        f"- threshold {threshold:.4f}, chosen on {document['threshold_purchases']} purchases"
        if threshold is not None
        else f"- no threshold: its slice held {document['threshold_purchases']} purchases"
    )
    return [
        f"- data: {tags['training_table']} version {tags['training_version']}",
        f"- code: {tags['code']}; settings: {tags['settings']}; file: sha256 {tags['sha256']}",
        *(
            f"- {name}: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
            for name, (start, end) in slices.bounds.items()
        ),
        chosen,
    ]


def _gates(promotion: Mapping[str, Any] | None) -> list[str]:
    if promotion is None:
        return ["It was not judged yet."]
    told = [f"- {each['outcome']}: {each['gate']}: {each['found']}" for each in promotion["gates"]]
    accepted = promotion["accepted_undecidable"]
    return [*told, *([f"- what was undecidable was accepted by hand: {accepted}"] if accepted else [])]


def _apart(lines: Sequence[str]) -> list[str]:
    """Put an empty line around headings."""
    return [part for line in lines for part in (["", line, ""] if line.startswith("#") else [line])][1:]
