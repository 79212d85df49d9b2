"""runs.selectors — tables by selectors: `silver.sessions+` and all that follow, `+gold.funnel` and all before it."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase

from lakehouse.errors import Exit, LakehouseError
from lakehouse.table import Table


def select(tables: Mapping[str, Table], selectors: Iterable[str]) -> set[str]:
    """Return the names of the tables that any of the selectors means; all of them if there is none.

    Args:
        tables: every table by name.
        selectors: names or patterns (`gold.*`), with `+` before for the upstreams and behind for what follows.

    Raises:
        LakehouseError: a selector means no table (exit code 2).
    """
    chosen: set[str] = set()
    wanted = list(selectors)
    for selector in wanted:
        pattern = selector.removeprefix("+").removesuffix("+")
        named = {name for name in tables if fnmatchcase(name, pattern)}
        if not named:
            near = get_close_matches(pattern, tables, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]}?" if near else "lakehouse status lists the tables"
            raise LakehouseError(f"No table is named {pattern}.", remedy, Exit.USAGE)
        chosen |= named
        chosen |= _reach(named, _upstreams(tables)) if selector.startswith("+") else set()
        chosen |= _reach(named, _followers(tables)) if selector.endswith("+") else set()
    return chosen if wanted else set(tables)


def _upstreams(tables: Mapping[str, Table]) -> dict[str, set[str]]:
    return {name: set(table.upstreams) for name, table in tables.items()}


def _followers(tables: Mapping[str, Table]) -> dict[str, set[str]]:
    return {name: {each.name for each in tables.values() if name in each.upstreams} for name in tables}


def _reach(start: set[str], next_of: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        waiting = {follower for name in waiting for follower in next_of[name]} - found
        found |= waiting
    return found
