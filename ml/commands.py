"""ml.commands — `lakehouse ml train`, `ml score` and `mlflow`, and what the summary says of the model."""

import click

from lakehouse.cli import Commands, as_json_option, emit, say
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.summary import Section

PREDICTIONS = "ml.predictions"


@click.group(cls=Commands)
def ml() -> None:
    """Train the model of purchase intent, and score visits by it."""


@ml.command()
@click.option("--force", is_flag=True, help="Train even if nothing changed since the last training.")
@as_json_option
@click.pass_obj
def train(settings: Settings, force: bool, as_json: bool) -> None:
    """Learn purchase intent from the published visits, and register the model.

    A model not worse than the champion on the same visits becomes the champion, any other the challenger.
    """
    from lakehouse.lake import open_lake
    from ml import scorer, training

    outcome = training.train(open_lake(settings), say, force)
    emit(vars(outcome), as_json, "\n".join(_figures(scorer.load(settings, outcome.version))))


@ml.command()
@as_json_option
@click.pass_obj
def score(settings: Settings, as_json: bool) -> None:
    """Score every published visit by the champion, and publish the predictions."""
    from lakehouse.lake import open_lake
    from ml import scoring

    run = scoring.score(open_lake(settings), say)
    emit({"run_id": run.run_id if run else None, "tables": [vars(r) for r in run.results] if run else []}, as_json)


@click.command()
@click.pass_obj
def mlflow(settings: Settings) -> None:
    """Show runs, curves and registered models in MLflow's own pages, on 127.0.0.1."""
    from ml import ui

    ui.serve(settings, say)


commands = [ml, mlflow]
