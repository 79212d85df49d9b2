"""sql.published — which tables a query may read: those of gold and silver that one run published, and their columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.storage.ledger import Run
from lakehouse.storage.store import Store
from lakehouse.table import Table, short_name

LAYERS = ("gold", "silver")  # where two tables share a name without layer, the first has it
QUARANTINE = "_quarantine"  # rows as they arrived: they are nobody's to read here


@dataclass(frozen=True)
class TableOfColumns:
    """A table as a reader sees it: its name in queries, its full name, what it is; columns by name, type, comment."""

    view: str
    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]


def tables(run: Run | None) -> dict[str, list[str | int]]:
    """Return what a worker needs to show a run's tables: view -> name, version, id.

    Raises:
        LakehouseError: nothing was published (exit code 2).
    """
    found: dict[str, list[str | int]] = {}
    names = sorted(run.versions) if run else []
    for layer in LAYERS:
        for name in (each for each in names if each.startswith(f"{layer}.") and not each.endswith(QUARANTINE)):
            assert run is not None
            view = short_name(name).lower()
            found.setdefault(view, [name, run.versions[name], run.ids.get(name) or ""])
    if not found:
        raise LakehouseError("This lake has published no table of gold or silver yet.", "lakehouse run", Exit.USAGE)
    return found


def schema(store: Store, contracts: Mapping[str, Table], run: Run) -> list[TableOfColumns]:
    """Return the tables of a run with their columns; comments are the contracts'."""
    found = []
    for view, (name, version, _) in tables(run).items():
        contract = contracts.get(str(name))
        comments = {column.name: column.comment for column in contract.columns} if contract else {}
        fields = types(store, str(name), int(version)).items()
        columns = tuple((each, kind, comments.get(each, "")) for each, kind in fields)
        found.append(TableOfColumns(view, str(name), contract.comment if contract else "", columns))
    return found


def types(store: Store, name: str, version: int) -> dict[str, str]:
    """Return the columns of a table: name -> type as SQL names it."""
    return {each.name: _type(each.type) for each in store.delta(name, version).schema().fields}


def types_of(store: Store, run: Run, name: str) -> dict[str, str]:
    """Return the columns of a table of a run, by its full name.

    Raises:
        LakehouseError: a query may read no such table (exit code 2).
    """
    for known, version, _ in tables(run).values():
        if known == name:
            return types(store, name, int(version))
    raise LakehouseError(f"There is no published table {name!r}.", "GET /api/v1/queries/schema", Exit.USAGE)


def run_of(lake: Lake, number: int | None) -> Run | None:
    """Return the newest published run of a lake, or the one of a number.

    Raises:
        LakehouseError: there is no such run, or it published nothing (exit code 2).
    """
    if number is None:
        return lake.ledger.published()
    if number not in [each for each, _ in lake.ledger.names()] or lake.ledger.run(number).status != "published":
        raise LakehouseError(f"No run {number} published anything.", "lakehouse history TABLE", Exit.USAGE)
    return lake.ledger.run(number)


def _type(type_: object) -> str:
    """Return a type as SQL names it."""
    name = str(getattr(type_, "type", type_))
    return {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}.get(name, name)
