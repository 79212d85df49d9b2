"""ml.promotion.decision — from verdicts to whether a challenger becomes the champion, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from ml.promotion.gates import Verdict


@dataclass(frozen=True)
class Decision:
    """What became of the verdicts.

    Attributes:
        verdicts: of all gates.
        has_champion: whether there was a champion to compare with.
        accepted: why undecidable gates were accepted by hand; empty where they were not.
    """

    verdicts: Sequence[Verdict]
    has_champion: bool
    accepted: str = ""

    @property
    def refusals(self) -> list[Verdict]:
        """The verdicts that keep the challenger from its place."""
        return [each for each in self.verdicts if self.outcome(each) in ("refused", "undecidable")]

    @property
    def warnings(self) -> list[Verdict]:
        """The undecidable verdicts that were let through, for the model's page."""
        return [each for each in self.verdicts if self.outcome(each) in ("warning", "accepted")]

    def outcome(self, verdict: Verdict) -> str:
        """Return passed, refused, undecidable, waived, warning or accepted."""
        if not self.has_champion and verdict.gate.without_champion == "waived":
            return "waived"
        if verdict.state != "undecidable":
            return verdict.state
        if not self.has_champion and verdict.gate.without_champion == "warns":
            return "warning"
        return "accepted" if self.accepted else "undecidable"

    def lines(self) -> list[str]:
        """Return a line for each gate."""
        width = max(len(each.gate.name) for each in self.verdicts)
        return [f"{self.outcome(each):<11} {each.gate.name:<{width}}  {self.found(each)}" for each in self.verdicts]

    def found(self, verdict: Verdict) -> str:
        """Return what a gate found, in words."""
        return "there is no champion to compare with" if self.outcome(verdict) == "waived" else verdict.found

    def to_document(self) -> list[dict[str, Any]]:
        """Return the verdicts as JSON holds them."""
        return [
            {"gate": each.gate.name, "outcome": self.outcome(each), "found": self.found(each)} for each in self.verdicts
        ]

    def enforce(self, version: int) -> None:
        """Require that no gate keeps this version from its place.

        Raises:
            LakehouseError: some do; the message says which and what they found (exit code 3).
        """
        if not self.refusals:
            return
        count = len(self.refusals)
        refuse = "refuses" if count == 1 else "refuse"
        stays = "The champion stays." if self.has_champion else "There is still no champion."
        told = [f"  {self.outcome(each)}: {each.gate.name}: {each.found}" for each in self.refusals]
        heading = f"Version {version} is not promoted: {count} of {len(self.verdicts)} gates {refuse} it. {stays}"
        raise LakehouseError("\n".join([heading, *told]), self._remedy(), Exit.REFUSED)

    def _remedy(self) -> str:
        refused = [each.gate.remedy for each in self.refusals if each.state == "refused"]
        if refused:
            return refused[0]
        wait = "land more days, then lakehouse run then ml train promote"
        return f'{wait}; or, knowing better: lakehouse ml promote --accept-undecidable "REASON"'
