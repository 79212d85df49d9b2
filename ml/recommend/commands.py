"""ml.recommend.commands — `lakehouse recommend` and `recommend evaluate`."""

from typing import TYPE_CHECKING, Any

import click

from lakehouse.bounds import Range
from lakehouse.cli.bounded import Bounded
from lakehouse.cli.render import Commands, as_json_option, emit, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from ml.recommend.rank import Answer


PRICE = Bounded(click.FLOAT, Range(0))


class Ids(click.ParamType[tuple[int, ...]]):
    """Ids, with commas between them."""

    name = "ids"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Return the ids in their order."""
        try:
            return tuple(int(each) for each in str(value).replace(",", " ").split())
        except ValueError:
            self.fail(f"{value!r} is not ids with commas between them, as 355908,45093", param, ctx)


@click.group(cls=Commands, invoke_without_command=True)
@click.option("--items", type=Ids(), help="Items that a visit looked at, the newest last: 355908,45093.")
@click.option("--visitor", type=int, help="A visitor who is gone: recommend by the last visit.")
@click.option("--exclude", type=Ids(), default="", help="Items that are not wanted.")
@click.option("--category", type=Ids(), default="", help="Only of these categories, or below.")
@click.option("--min-price", type=PRICE, help="Only from this price on.")
@click.option("--max-price", type=PRICE, help="Only up to this price.")
@click.option("--known-available", is_flag=True, help="Only what is known to be available.")
@as_json_option
@click.pass_context
def recommend(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Recommend items to a visit or a visitor, each with its reason.

    What cannot be bought, is excluded or on the screen (the last of --items) is never in a list.
    """
    if context.invoked_subcommand:
        return
    if (asked["items"] is None) == (asked["visitor"] is None):
        message = "Recommendations are for a visit or for a visitor: give one of both."
        raise LakehouseError(message, "lakehouse recommend --items 355908,45093", Exit.USAGE)
    from lakehouse.lake import open_lake
    from ml.recommend import serving
    from ml.recommend.rank import Filters

    recommendations = serving.load(open_lake(context.obj))
    filters = Filters(
        exclude=frozenset(asked["exclude"]),
        categories=frozenset(asked["category"]),
        min_price=asked["min_price"],
        max_price=asked["max_price"],
        known_available_only=asked["known_available"],
    )
    if asked["visitor"] is None:
        answer = recommendations.recommender.for_visit(asked["items"], filters)
    else:
        answer = recommendations.for_visitor(asked["visitor"], filters)
    emit(answer.to_document(), as_json, _text(answer))


@recommend.command()
@click.option(
    "--hours", type=Bounded(click.FLOAT, Range(0, is_open=True)), help="The test; recommend.test_hours if not given."
)
@click.option("--without-spark", is_flag=True, help="Leave out ALS and Spark's evaluator, which need Java.")
@as_json_option
@click.pass_obj
def evaluate(settings: Settings, hours: float | None, without_spark: bool, as_json: bool) -> None:
    """Measure the lists on the last hours, fit on what was before, beside baselines, and log all to MLflow."""
    from lakehouse.lake import open_lake
    from ml.recommend import evaluation_command, report

    lake = open_lake(settings)
    found = evaluation_command.evaluate(lake, say, hours or settings.recommend.test_hours, not without_spark)
    emit(report.as_json(found), as_json, report.text(found))


def _text(answer: "Answer") -> str:
    lines = [answer.note] if answer.note else []
    for each in answer.items:
        marked = "" if each.is_available else " (availability unknown)"
        lines.append(f"{each.item_id:>10}  {each.reason}{marked}")
    if answer.reminders:
        lines.append(f"seen: {', '.join(str(each.item_id) for each in answer.reminders)}")
    return "\n".join(lines) or "There is nothing to recommend."
