"""ml.registry.aliases — which registered version is the champion, and which have the other names.

One small file of the lake decides, `mlflow/aliases.json`, written whole or not at all: what serves changes in one step,
and is read without MLflow and without its database. MLflow's own aliases are made to say the same right after, and
again by the next command that opens MLflow if a process died in between.
"""

import json
from collections.abc import Mapping, Sequence
from types import ModuleType

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder, ReadableFile
from ml.registry.versions import EVALUATION, Version, artifacts, run_of, served

CHALLENGER, CHAMPION, PREVIOUS, BEST = "challenger", "champion", "previous", "best"
ALIASES = (CHALLENGER, CHAMPION, PREVIOUS, BEST)
FORMAT = 1
FILE = "aliases.json"


def path(settings: Settings) -> ReadableFile:
    """Return the file that decides."""
    return served(settings).file(FILE)


def read(settings: Settings) -> dict[str, Version]:
    """Return the version that each alias names; an alias that names none is not there.

    Raises:
        LakehouseError: the file is damaged or of a newer release, so that nobody knows (exit code 4).
    """
    try:
        content = json.loads(served(settings).read(FILE))
        if content["format"] > FORMAT:
            raise ValueError(f"its format {content['format']} is of a newer release")
        found = {alias: (int(each["version"]), dict(each["tags"])) for alias, each in content["aliases"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"Which model serves cannot be read from {path(settings)}: {error}."
        raise LakehouseError(message, "put the file back from a copy of the lake", Exit.ENVIRONMENT) from error
    return {alias: Version(*each) for alias, each in found.items()}


def by_alias(settings: Settings, alias: str) -> Version | None:
    """Return the version that an alias names, or None."""
    return read(settings).get(alias)


def write(settings: Settings, aliases: Mapping[str, Version | None]) -> None:
    """Give versions their names, in one step. Call it under the lake's lock.

    Args:
        settings: the lake.
        aliases: the names that change; None takes a name away.
    """
    after = {**read(settings), **aliases}
    named = {alias: {"version": each.number, "tags": dict(each.tags)} for alias, each in after.items() if each}
    served_from = served(settings)
    if not served_from.is_local:
        _publish(settings, [each for each in after.values() if each])
    served_from.overwrite(FILE, json.dumps({"format": FORMAT, "aliases": named}, indent=1).encode())
    failpoints.reach("ml.named")


def _publish(settings: Settings, named: Sequence[Version]) -> None:
    """Put what is served of versions into the object store, once: all that a site on another machine has of them."""
    here, there = Folder(str(artifacts(settings))), served(settings).below("artifacts")
    known = there.sizes()
    for version in named:
        run = run_of(here, version)
        beside = [] if run is None else [f"{run.uri}/{each}" for each in (version.tags["evidence"], EVALUATION)]
        for file in [f"{here.uri}/{version.tags['path']}", *beside]:
            name = file.removeprefix(f"{here.uri}/")
            if name not in known and here.status(name):
                there.put(name, here.read(name))


def show(settings: Settings, mlflow: ModuleType) -> None:
    """Make MLflow's aliases say what the file says, by its client."""
    client, name = mlflow.MlflowClient(), settings.model.name
    if not client.search_registered_models(f"name = '{name}'"):
        return
    wanted = {alias: str(version.number) for alias, version in read(settings).items()}
    there = {alias: str(number) for alias, number in client.get_registered_model(name).aliases.items()}
    for alias in (each for each in ALIASES if each in there and each not in wanted):
        client.delete_registered_model_alias(name, alias)
    for alias, number in wanted.items():
        if there.get(alias) != number:
            client.set_registered_model_alias(name, alias, number)
