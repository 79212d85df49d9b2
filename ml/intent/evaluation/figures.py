"""ml.intent.evaluation.figures — what an evaluation says: figures with intervals, by slice and model; as JSON, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

from ml.intent.evaluation.slices import ALL, POINTS, at

MODEL = "model"
MAIN = (ALL, *map(at, POINTS))
COMPARED = ("roc_auc", "pr_auc", "log_loss", "brier")
FEWEST_TO_SHOW, FEWEST_TO_CLAIM = 10, 30  # purchases


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; the ends are NaN where the resamples do not give one."""

    point: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """The length of the interval."""
        return self.high - self.low


@dataclass(frozen=True)
class Figures:
    """One model on one slice. Without `estimates` there are too few purchases to say more than the counts.

    Attributes:
        num_points: decision points.
        num_positives: of them, those with a purchase later in their visit.
        num_purchases: visits that these belong to.
        estimates: by the names of `measures.MEASURES`.
        differences: the model's figure less this one's, on the same points with paired intervals; and as
            `relative_log_loss` its log loss over this one's, less 1. Of others than the model only.
    """

    num_points: int
    num_positives: int
    num_purchases: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    differences: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def bears_a_claim(self) -> bool:
        """Whether there are enough purchases to say something of the model."""
        return self.num_purchases >= FEWEST_TO_CLAIM


@dataclass(frozen=True)
class Evaluation:
    """Figures by slice, then by model: `model`, and what it is compared with."""

    slices: Mapping[str, Mapping[str, Figures]]

    def of(self, name: str = ALL, model: str = MODEL) -> Figures:
        """Return the figures of one model on one slice."""
        return self.slices[name][model]

    def to_document(self) -> dict[str, Any]:
        """Return the evaluation as JSON holds it."""
        return {
            name: {model: _to_document(each) for model, each in models.items()} for name, models in self.slices.items()
        }

    def summary(self) -> dict[str, Any]:
        """Return what a served model carries of it: `metrics` of all its points, `evaluation` of the main slices."""
        main = Evaluation({name: models for name, models in self.slices.items() if name in MAIN})
        figures = self.of()
        counts = {"num_points": figures.num_points, "num_purchases": figures.num_purchases}
        values = {name: each.point for name, each in figures.estimates.items() if isfinite(each.point)}
        nothing_flagged = {"precision": 0.0}
        return {"metrics": counts | nothing_flagged | values, "evaluation": main.to_document()}

    def metrics(self) -> dict[str, float]:
        """Return the figures of the main slices by names that MLflow takes: `all/roc_auc`, `k1/cart_so_far/pr_auc`."""
        found: dict[str, float] = {}
        for name in (each for each in MAIN if each in self.slices):
            for model, figures in self.slices[name].items():
                prefix = "/".join([name.replace("=", ""), *([] if model == MODEL else [model])])
                values = {key: value.point for key, value in figures.estimates.items()}
                counts = {"num_points": figures.num_points, "num_purchases": figures.num_purchases}
                found |= {
                    f"{prefix}/{key}": float(value) for key, value in (counts | values).items() if isfinite(value)
                }
        return found


def from_document(document: Mapping[str, Any]) -> Evaluation:
    """Return the evaluation that `to_document` wrote."""

    def estimates(values: Mapping[str, Sequence[float | None]]) -> dict[str, Estimate]:
        return {name: Estimate(*map(_from_json, value)) for name, value in values.items()}

    def figures(values: Mapping[str, Any]) -> Figures:
        both = {name: estimates(values[name]) for name in ("estimates", "differences")}
        return Figures(**{**values, **both})

    return Evaluation({n: {m: figures(each) for m, each in models.items()} for n, models in document.items()})


def _to_document(figures: Figures) -> dict[str, Any]:
    """Return figures as JSON holds them: an estimate as point, low and high, None where there is none."""
    lists = {
        part: {
            name: [end if isfinite(end) else None for end in (each.point, each.low, each.high)]
            for name, each in getattr(figures, part).items()
        }
        for part in ("estimates", "differences")
    }
    return {**vars(figures), **lists}


def _from_json(value: float | None) -> float:
    return nan if value is None else value
