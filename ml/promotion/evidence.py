"""ml.promotion.evidence — what the gates judge: figures of the challenger beside others, and what its rebuild found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.intent.evaluation.figures import Evaluation


@dataclass(frozen=True)
class Rebuild:
    """Decision points computed anew from the events up to them alone.

    Attributes:
        num_points: how many were rebuilt.
        num_wanted: how many should have been: all that there are, at most a thousand.
        different: input of the model -> points whose rebuilt value is another one.
        example: one of them in words, empty where there is none.
    """

    num_points: int
    num_wanted: int
    different: Mapping[str, int]
    example: str


@dataclass(frozen=True)
class Evidence:
    """All that the gates judge.

    Attributes:
        challenger: number of the version that asks to be the champion.
        champion: number of the present one, None where there is none.
        best: number of the best champion so far, against which small losses add up; None where there is none.
        since: visits that began at or after this instant (ISO, UTC) were looked at: after both versions' training.
        evaluation: by slice and model: `model` is the challenger, beside it `champion`, `best` and the baselines.
        rebuild: what came out when decision points were computed anew.
        missing_inputs: inputs of the challenger that gold.intent_examples does not have.
        signature_differences: what differs between the document's inputs and the signature that MLflow shows.
        parity: worst difference of a probability from MLlib's own, and between the formula's two ways, by their names.
    """

    challenger: int
    champion: int | None
    best: int | None
    since: str
    evaluation: Evaluation
    rebuild: Rebuild
    missing_inputs: tuple[str, ...]
    signature_differences: tuple[str, ...]
    parity: Mapping[str, float]

    @property
    def num_purchases(self) -> int:
        """Visits with a purchase among the points looked at."""
        return self.evaluation.of().num_purchases

    def to_document(self) -> dict[str, Any]:
        """Return the evidence as JSON holds it."""
        return {**vars(self), "evaluation": self.evaluation.to_document(), "rebuild": vars(self.rebuild)}
