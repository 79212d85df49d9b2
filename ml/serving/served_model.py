"""ml.serving.served_model — the model as MLflow serves it: logged as code, beside the formula and the JSON.

It stands alone, so that whoever loads the registered model needs neither this project nor Spark.
"""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class PurchaseIntent(PythonModel):
    """The served formula over frames."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the document, and the formula that it is for."""
        self.document = json.loads(Path(context.artifacts["model"]).read_text(encoding="utf-8"))
        spec = spec_from_file_location("served_formula", context.artifacts["formula"])
        assert spec and spec.loader
        self.formula = module_from_spec(spec)
        spec.loader.exec_module(self.formula)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return `probability` of a purchase, and `is_flagged` where it reaches the threshold, for each row."""
        rows = model_input.reindex(columns=[each["name"] for each in self.document["inputs"]])  # NaN for what may lack
        probability = self.formula.Formula(self.document).probability(lambda name: rows[name].to_numpy(dtype=float))
        threshold = self.document["threshold"]
        is_flagged = probability >= (float("inf") if threshold is None else threshold)
        return pd.DataFrame({"probability": probability, "is_flagged": is_flagged}, index=model_input.index)


set_model(PurchaseIntent())
