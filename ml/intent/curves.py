"""ml.intent.curves — the two curves of a test as pictures, for MLflow's pages."""

from collections.abc import Sequence

from matplotlib.figure import Figure

Points = Sequence[tuple[float, float]]
INK, QUIET = "#1f4e79", "#8a8a8a"


def roc(points: Points, area: float) -> Figure:
    """Draw the share of buyers found over the share of others taken for buyers."""
    figure = _picture(points, f"ROC curve, area {area:.3f}", "visits without purchase, predicted", "purchases found")
    figure.axes[0].plot([0, 1], [0, 1], color=QUIET, linestyle="--", label="by chance")
    figure.axes[0].legend(frameon=False)
    return figure


def precision_recall(points: Points, area: float, base_rate: float) -> Figure:
    """Draw the precision over the recall, with the base rate that guessing reaches."""
    figure = _picture(points, f"Precision and recall, area {area:.3f}", "recall", "precision")
    figure.axes[0].axhline(base_rate, color=QUIET, linestyle="--", label=f"base rate {base_rate:.2%}")
    figure.axes[0].legend(frameon=False)
    return figure


def _picture(points: Points, title: str, x: str, y: str) -> Figure:
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*points, strict=True), color=INK, linewidth=2, label="model")
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    return figure
