"""ml.scorer — the champion as plain coefficients: it scores in microseconds, without Java and without MLflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml import registry

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "Sequence[Mapping[str, float]] | pd.DataFrame"


@dataclass(frozen=True)
class Scorer:
    """A logistic regression, equal to Spark's to 1e-9.

    Attributes:
        version: its number in the registry.
        features: the columns it reads, in the coefficients' order.
        coefficients: log-odds per unit of each feature.
        intercept: log-odds of a visit whose features are all 0.
        threshold: the probability from which a purchase is predicted.
        metrics: figures of its test, by the names of `ml.evaluate`.
        trained_on: table, version and instants of its training.
        sha256: digest of the file it was read from.
    """

    version: int
    features: tuple[str, ...]
    coefficients: tuple[float, ...]
    intercept: float
    threshold: float
    metrics: dict[str, float]
    trained_on: dict[str, str]
    sha256: str

    def score(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the probability of a purchase for each row.

        Raises:
            LakehouseError: a feature is missing or no number (exit code 3).
        """
        import pandas as pd

        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=list(self.features))
        missing = [name for name in self.features if name not in frame or frame[name].isna().any()]
        if missing:
            raise LakehouseError(f"A visit to be scored lacks {', '.join(missing)}.", code=Exit.REFUSED)
        log_odds = frame[list(self.features)].to_numpy(dtype=float) @ np.array(self.coefficients) + self.intercept
        with np.errstate(over="ignore"):  # exp of a large number is infinite, and the probability 0
            return np.asarray(1 / (1 + np.exp(-log_odds)))

    def contributions(self, row: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature adds to the log-odds; with the intercept they sum to it."""
        return {name: weight * row[name] for name, weight in zip(self.features, self.coefficients, strict=True)}


def champion(settings: Settings) -> Scorer | None:
    """Load the version that the alias `champion` names, or None while there is none.

    Raises:
        LakehouseError: its file is missing or was altered (exit code 3).
    """
    version = registry.by_alias(settings, registry.CHAMPION)
    return load(settings, version) if version else None


def load(settings: Settings, version: registry.Version) -> Scorer:
    """Load a registered version after checking the digest of its file."""
    model = registry.document(settings, version)
    return Scorer(
        version=version.number,
        features=tuple(model["features"]),
        coefficients=tuple(model["coefficients"]),
        intercept=model["intercept"],
        threshold=model["threshold"],
        metrics=model["metrics"],
        trained_on=model["trained_on"],
        sha256=version.tags["sha256"],
    )
