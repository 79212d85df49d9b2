"""ml.served_model — the model as MLflow serves it: this file is logged as code and reads its coefficients from JSON.

It stands alone, so that whoever loads the registered model needs neither this project nor Spark.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class PurchaseIntent(PythonModel):
    """A logistic regression, written out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read features, coefficients, intercept and threshold."""
        self.model = json.loads(Path(context.artifacts["model"]).read_text(encoding="utf-8"))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return `probability` of a purchase and `is_predicted` for each row of features."""
        features = model_input[self.model["features"]].to_numpy(dtype=float)
        log_odds = features @ np.array(self.model["coefficients"]) + self.model["intercept"]
        with np.errstate(over="ignore"):  # exp of a large number is infinite, and the probability 0
            probability = 1 / (1 + np.exp(-log_odds))
        answers = {"probability": probability, "is_predicted": probability >= self.model["threshold"]}
        return pd.DataFrame(answers, index=model_input.index)


set_model(PurchaseIntent())
