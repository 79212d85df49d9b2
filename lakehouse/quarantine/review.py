"""quarantine.review — look at refused rows: counted, or as the lines that they were; needs no engine."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.lines import Row
from lakehouse.quarantine import selection
from lakehouse.quarantine.delivered import lines_of
from lakehouse.quarantine.selection import Choice

LOOKED_UP = 1 << 17  # rows whose lines are found in one reading of their files


def counts(lake: Lake) -> list[dict[str, Any]]:
    """Count the refused rows of each table and landed file, and by rule; a row may break several."""
    found = []
    for table in [each for each in lake.tables.values() if each.quarantine_rules]:
        choice = selection.choose(lake, table.name)
        for file, groups in selection.counts(lake, choice).items():
            rules: Counter[str] = Counter()
            for broken, rows in groups.items():
                rules.update(dict.fromkeys(broken, rows))
            receipt = choice.files[file]
            names = {"table": table.name, "number": receipt.number, "file": receipt.name}
            found.append(names | {"rows": sum(groups.values()), "rules": dict(rules.most_common())})
    return sorted(found, key=lambda each: (each["table"], each["number"]))


def rows(lake: Lake, choice: Choice, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield refused rows.

    Args:
        lake: the lake.
        choice: which rows.
        limit: how many, all of them if None.

    Yields:
        `number` and name (`file`) of the landed file, `rules` broken, and the `line` as it came.
    """
    chosen = islice(selection.rows(lake, choice), limit)
    while found := list(islice(chosen, LOOKED_UP)):
        yield from _with_lines(lake, choice, found)


def as_csv(lake: Lake, choice: Choice, limit: int | None = None) -> Iterator[str]:
    """Return refused lines below the header of their file.

    Raises:
        LakehouseError: the rows come from files with different headers (exit code 2).
    """
    files = [choice.files[file] for file in selection.counts(lake, choice)]
    if len({each.header for each in files}) > 1:
        names = ", ".join(f"{each.number} ({each.name})" for each in sorted(files, key=lambda each: each.number))
        remedy = selection.one_of([each.number for each in files])
        raise LakehouseError(f"The files {names} have different headers.", remedy, Exit.USAGE)
    lines = (str(row["line"]) for row in rows(lake, choice, limit))
    return iter([]) if not files else _below(files[0].header, lines)


def _below(header: str, lines: Iterator[str]) -> Iterator[str]:
    yield header
    yield from lines


def _with_lines(lake: Lake, choice: Choice, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    delivered = choice.quarantine.delivered_columns
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        values = tuple(row[name] for name in delivered)
        is_malformed = all(value is None for value in values)
        by_file.setdefault(row["_source_file"], []).append(Row(None if is_malformed else values, row["_rest"]))
    found = {}
    for file, said in by_file.items():
        receipt = choice.files[file]
        found[file] = iter(lines_of(lake.landing.file(receipt), receipt, delivered, said))
    for row in rows:
        receipt = choice.files[row["_source_file"]]
        line = next(found[row["_source_file"]])
        yield {"number": receipt.number, "file": receipt.name, "rules": row["_broken_rules"], "line": line}
