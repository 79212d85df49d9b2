"""ml.commands — `lakehouse ml …` and `mlflow`, and what the summary says of the model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehouse.cli.bounded import REASON
from lakehouse.cli.render import Commands, as_json_option, emit, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.recommend.commands import recommend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakehouse.lake import Lake
    from lakehouse.reports.status import Section

PREDICTIONS = "ml.predictions"
ALIASES = ("challenger", "champion", "previous", "best")


@click.group(cls=Commands, chain=True)
def ml() -> None:
    """Train, judge and promote the model of purchase intent, score by it, and watch it.

    All in one go: lakehouse ml train promote --bootstrap score
    """


@ml.command()
@click.option("--force", is_flag=True, help="Train even if nothing changed since the last training.")
@as_json_option
@click.pass_obj
def train(settings: Settings, force: bool, as_json: bool) -> None:
    """Learn purchase intent from the published visits as they stood after some events; register it as the challenger.

    It serves once `lakehouse ml promote` lets it. It starts Apache Spark in a process of its own, which needs Java.
    """
    from lakehouse.lake import open_lake
    from ml.intent import training

    outcome = training.train(open_lake(settings), say, force)
    emit(vars(outcome), as_json, "\n".join(outcome.lines))


@ml.command()
@click.option("--alias", type=click.Choice(ALIASES), default="champion", show_default=True, help="Which version.")
@as_json_option
@click.pass_obj
def evaluate(settings: Settings, alias: str, as_json: bool) -> None:
    """Measure a version on the visits after its training, with 95 % intervals over visitors."""
    from lakehouse.lake import open_lake
    from ml.intent.evaluation import report
    from ml.promotion import promotion

    number, evaluation = promotion.evaluate(open_lake(settings), alias)
    emit({"version": number, "evaluation": evaluation.to_document()}, as_json, "\n".join(report.lines(evaluation)))


@ml.command()
@as_json_option
@click.pass_obj
def compare(settings: Settings, as_json: bool) -> None:
    """Ask every gate about the challenger, beside the champion, and change nothing."""
    from lakehouse.lake import open_lake
    from ml.promotion import promotion

    evidence, decision = promotion.compare(open_lake(settings))
    emit({"evidence": evidence.to_document(), "gates": decision.to_document()}, as_json, "\n".join(decision.lines()))


@ml.command()
@click.option("--bootstrap", is_flag=True, help="Where there is no champion, do without the comparison with one.")
@click.option("--accept-undecidable", "accepted", type=REASON, metavar="REASON", help="Let thin evidence pass; why?")
@as_json_option
@click.pass_obj
def promote(settings: Settings, bootstrap: bool, accepted: str | None, as_json: bool) -> None:
    """Make the challenger the champion if every gate lets it pass; exit code 3 if one does not."""
    from lakehouse.lake import open_lake
    from ml.promotion import promotion

    outcome = promotion.promote(open_lake(settings), say, bootstrap, accepted or "")
    gates = outcome.decision.to_document() if outcome.decision else []
    lines = outcome.decision.lines() if outcome.decision else []
    emit({"version": outcome.version, "is_new": outcome.is_new, "gates": gates}, as_json, "\n".join(lines))


@ml.command()
@click.option("--because", "reason", type=REASON, metavar="REASON", help="Is kept with the version that is taken back.")
@as_json_option
@click.pass_obj
def rollback(settings: Settings, reason: str | None, as_json: bool) -> None:
    """Let the previous champion serve again."""
    from lakehouse.lake import open_lake
    from ml.promotion import promotion

    emit({"version": promotion.rollback(open_lake(settings), say, reason or "")}, as_json)


@ml.command()
@click.option(
    "--output", type=click.Path(path_type=Path), help="Write the champion's predictions to a .csv or .parquet."
)
@click.option("--input", "path", type=click.Path(path_type=Path), help="Score a CSV of visits or raw events instead.")
@as_json_option
@click.pass_obj
def score(settings: Settings, output: Path | None, path: Path | None, as_json: bool) -> None:
    """Score every published decision point by the champion, and publish the predictions.

    With --input a file is scored and the lake stays as it is: a CSV with num_views, num_adds, distinct_products and
    session_hour, and further inputs of the model if it has them; or one of raw events. Lines that cannot be scored
    stand, with reasons, beside the output.
    """
    from lakehouse.lake import open_lake
    from ml.serving import export, scorer, scoring

    if path and not output:
        message = "Where the scores of a file go is not said."
        raise LakehouseError(message, "lakehouse ml score --input FILE --output scored.csv", Exit.USAGE)
    if output:
        export.check(output)
    lake = open_lake(settings)
    if path and output:
        _score_file(lake, path, output, as_json)
        return
    run = scoring.score(lake, say)
    if output:
        published, champion = lake.ledger.published(), scorer.champion(settings)
        assert published and champion
        say(f"{export.write(lake, published, champion.version, output):,} predictions in {output}.")
    emit({"run_id": run.run_id if run else None, "tables": [vars(r) for r in run.results] if run else []}, as_json)


def _score_file(lake: "Lake", path: Path, output: Path, as_json: bool) -> None:
    from lakehouse.cli.render import progress
    from ml.serving.batch import scoring

    show, rejected = progress(), output.with_name(f"{output.stem}.rejected.csv")

    def tell(done: int, total: int, sentence: str) -> None:
        show(f"{sentence} {done / total:.0%}" if total else sentence)

    found = scoring.score_file(lake, path, [output], rejected, tell)
    say(f"{found['rows']:,} rows in {output}, by model version {found['model_version']}.")
    if found["assumed"]:
        say(f"No column tells {', '.join(found['assumed'])}: they follow from the four numbers, or are typical.")
    if found["rejected"]:
        first = found["first_rejected"][0]
        say(
            f"{found['rejected']:,} lines could not be scored, see {rejected}; line {first['line']}: {first['reason']}."
        )
    emit({name: value for name, value in found.items() if name not in ("summary", "top")}, as_json)


@ml.command()
@as_json_option
@click.pass_obj
def monitor(settings: Settings, as_json: bool) -> None:
    """Sum the predictions up by week, publish the sums, and say whether to train anew."""
    from dataclasses import asdict

    from lakehouse.lake import open_lake
    from ml.promotion import monitoring

    found = monitoring.monitor(open_lake(settings), say)
    emit(asdict(found), as_json, "\n".join(found.lines()))


@ml.command()
@click.option("--version", "number", type=int, help="Which version; the champion if it is not given.")
@click.pass_obj
def card(settings: Settings, number: int | None) -> None:
    """Print the model card of a version, in Markdown."""
    from ml.registry import card_of

    emit(None, False, card_of.text(settings, number))


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
        return Section("model", title, str(error).splitlines(), None)
    if scorer is None:
        return Section("model", title, ["none serves yet: lakehouse ml train promote --bootstrap"], None)
    published = lake.ledger.published()
    version = published.versions.get(PREDICTIONS) if published else None
    predictions = 0 if version is None else lake.store.rows(PREDICTIONS, version)
    made_of = f"{scorer.trained_on['training_table']} version {scorer.trained_on['training_version']}"
    facts = {
        "name": lake.settings.model.name,
        "version": scorer.version,
        "trained_on": dict(scorer.trained_on),
        "threshold": scorer.threshold,
        "metrics": dict(scorer.metrics),
        "predictions": predictions,
    }
    follow = "look at it: lakehouse app, lakehouse mlflow" if predictions else "score the visits: lakehouse ml score"
    lines = [f"champion: version {scorer.version}, trained on {made_of}", *figures(scorer.document["evaluation"])]
    return Section("model", title, [*lines, f"{predictions:,} predictions", follow], facts)


def figures(evaluation: "Mapping[str, Any]") -> list[str]:
    """Return what a served model carries of its test as lines: all decision points, beside what needs no model."""
    from ml.intent.evaluation import report
    from ml.intent.evaluation.figures import from_document

    return report.block("all", from_document(evaluation))


commands = [ml, mlflow, recommend]
