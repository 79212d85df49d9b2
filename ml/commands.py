"""ml.commands — `lakehouse ml train`, `ml score` and `mlflow`, and what the summary says of the model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehouse.cli.render import Commands, as_json_option, emit, say
from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.reports.status import Section

PREDICTIONS = "ml.predictions"


@click.group(cls=Commands, chain=True)
def ml() -> None:
    """Train the model of purchase intent, and score decision points by it.

    Both in one go: lakehouse ml train score
    """


@ml.command()
@click.option("--force", is_flag=True, help="Train even if nothing changed since the last training.")
@as_json_option
@click.pass_obj
def train(settings: Settings, force: bool, as_json: bool) -> None:
    """Learn purchase intent from the published visits as they stood after some events, and register the model.

    A model not worse than the champion on the same visits becomes the champion, any other the challenger. It starts
    Apache Spark in a process of its own, which needs Java.
    """
    from lakehouse.lake import open_lake
    from ml.intent import training

    outcome = training.train(open_lake(settings), say, force)
    emit(vars(outcome), as_json, "\n".join(figures(outcome.metrics)))


@ml.command()
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write the champion's predictions to a .csv or .parquet."
)
@as_json_option
@click.pass_obj
def score(settings: Settings, output: Path | None, as_json: bool) -> None:
    """Score every published decision point by the champion, and publish the predictions."""
    from lakehouse.lake import open_lake
    from ml.serving import export, scorer, scoring

    if output:
        export.check(output)
    lake = open_lake(settings)
    run = scoring.score(lake, say)
    if output:
        published, champion = lake.ledger.published(), scorer.champion(settings)
        assert published and champion
        say(f"{export.write(lake, published, champion.version, output):,} predictions in {output}.")
    emit({"run_id": run.run_id if run else None, "tables": [vars(r) for r in run.results] if run else []}, as_json)


@click.command()
@click.pass_obj
def mlflow(settings: Settings) -> None:
    """Show runs, curves and registered models in MLflow's own pages, on 127.0.0.1."""
    from ml.registry import ui

    ui.serve(settings, say)


def summary(lake: "Lake") -> "Section":
    """Summarise the champion and its predictions, without Java."""
    from lakehouse.reports.status import Section
    from ml.serving.scorer import champion

    title = f"Model {lake.settings.model.name}"
    try:
        scorer = champion(lake.settings)
    except LakehouseError as error:
        return Section(title, str(error).splitlines(), None)
    if scorer is None:
        return Section(title, ["none is trained yet: lakehouse ml train"], None)
    published = lake.ledger.published()
    version = published.versions.get(PREDICTIONS) if published else None
    predictions = 0 if version is None else lake.store.rows(PREDICTIONS, version)
    made_of = f"{scorer.trained_on['training_table']} version {scorer.trained_on['training_version']}"
    facts = {
        "version": scorer.version,
        "trained_on": dict(scorer.trained_on),
        "threshold": scorer.threshold,
        "metrics": dict(scorer.metrics),
        "predictions": predictions,
    }
    follow = "look at it: lakehouse app, lakehouse mlflow" if predictions else "score the visits: lakehouse ml score"
    lines = [f"champion: version {scorer.version}, trained on {made_of}", *figures(scorer.metrics)]
    return Section(title, [*lines, f"{predictions:,} predictions", follow], facts)


def figures(metrics: dict[str, float]) -> list[str]:
    """Return a model's figures as lines, beside what needs no model."""
    m = metrics
    return [
        f"ROC-AUC {m['roc_auc']:.3f} · PR-AUC {m['pr_auc']:.3f}",
        f"log loss {m['log_loss']:.4f} · Brier score {m['brier']:.5f}",
        f"{'where flagged:':<24} {_at_threshold(m, '')}",
        f"{'a cart so far:':<24} {_at_threshold(m, 'cart_')}",
        f"{'nobody buys:':<24} accuracy {m['nobody_accuracy']:.4f} · base rate {m['base_rate']:.4f}",
    ]


def _at_threshold(metrics: dict[str, float], prefix: str) -> str:
    names = ("accuracy", "precision", "recall", "f1")
    return " · ".join(f"{name} {metrics[prefix + name]:.4f}" for name in names)


commands = [ml, mlflow]
