"""ml.registry.card_of — gather what a version's model card needs, and show it beside the version in MLflow."""

from collections.abc import Iterable

from lakehouse import error_messages
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.intent.evaluation.figures import from_document
from ml.registry import aliases, card, mlflow_store, records, versions
from ml.registry.versions import Version
from ml.spark_process import Say

FILE = "card.md"  # the artefact of a version's run


def text(settings: Settings, number: int | None) -> str:
    """Return the model card of a version, the champion's if no number is given.

    Raises:
        LakehouseError: there is no such version (exit code 2), or a file of it was altered (3).
    """
    named = aliases.read(settings)
    if number is None and aliases.CHAMPION not in named:
        message = "There is no champion whose card could be shown."
        raise LakehouseError(message, "lakehouse ml train promote --bootstrap", Exit.USAGE)
    version = named[aliases.CHAMPION] if number is None else records.by_number(settings, number)
    names = [alias for alias, each in named.items() if each.number == version.number]
    document = versions.document(settings, version)
    evaluation = from_document(records.evaluation(settings, version.number))
    return card.text(version, names, document, evaluation, records.kept(settings, version))


def described(settings: Settings, version: Version) -> str:
    """Return what the run of a version says of it: its number and names, and where the site shows it."""
    names = [alias for alias, each in aliases.read(settings).items() if each.number == version.number]
    base = settings.app.base_path.strip("/")
    address = f"http://{settings.app.host}:{settings.app.port}/{f'{base}/' if base else ''}model"
    named = f" ({', '.join(names)})" if names else ""
    return (
        f"This run made version {version.number}{named} of {settings.model.name}. The site shows it at "
        f"[{address}]({address}) while `lakehouse app` runs; its card is {FILE} of this run."
    )


def show(settings: Settings, changed: Iterable[Version], say: Say) -> None:
    """Let MLflow show the aliases that the lake's file says, and cards and names of the versions that this changed.

    A failure is told and changes nothing: what serves is decided already, and the next command tries again.
    """
    try:
        mlflow_store.connect(settings)
        for version in changed:
            records.keep(settings, version, FILE, text(settings, version.number))
            records.describe_run(settings, version, described(settings, version))
    except Exception as error:
        say(f"MLflow's aliases and cards are not up to date yet: {error_messages.explain(error, settings).message}")
