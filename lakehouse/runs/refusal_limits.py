"""runs.refusal_limits — when so much of a landed file was refused that a run stops, and what its reader can do then.

Of one receipt more than `run.max_refused_share` of its rows, or every row of one kind, or a single row where a rule
spoils the whole file. What was accepted for a receipt is kept with it, so that no later run asks again.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import duckdb
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import broken
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.runs import snapshots
from lakehouse.storage.spellings import spellings
from lakehouse.table import Table, short_name

LEAST_OF_A_KIND = 10  # rows: of fewer, all may well be wrong
SHOWN = 3  # refused lines in a message
BLANKS = " \t"  # around a kind's name


@dataclass
class _Refused:
    """What was refused of one receipt: rows, by rule, by kind."""

    rows: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)


def check(lake: Lake, table: Table, quarantine: Table, files: Collection[str] | None = None) -> None:
    """Stop a run where a table refused too much of a receipt.

    Args:
        lake: the lake; the quarantine holds what was refused.
        table: the table whose rules judge.
        quarantine: its quarantine.
        files: landed files to look at, by their own name; all if not given.

    Raises:
        LakehouseError: too much was refused, and nobody has accepted that (exit code 3).
    """
    found = _refused(lake, table, quarantine, files)
    names = {file for file, _ in found}
    entries = lake.landing.entries(short_name(table.upstreams[0])) if found else []
    for receipt in [
        lake.landing.receipt(e.number) for e in entries if f"{e.sha256}.csv" in names and not e.is_retracted
    ]:
        refused = found.get(receipt.source)
        if refused is None:
            continue
        spoiling = [each.name for each in table.quarantine_rules if each.is_whole_file and refused.rules[each.name]]
        why = _spoilt(receipt, refused, spoiling) if spoiling else ""
        if not why and not receipt.accepted_at:
            why = _excess(lake, table, receipt, refused)
        if why:
            rules = "; ".join(f"{rule}: {count:,}" for rule, count in refused.rules.most_common())
            lines = "\n".join(f"    {line}" for line in _lines(lake, quarantine, receipt))
            message = f"{table.name} refused {why}\n  Broken rules: {rules}.\n  The first of these rows:\n{lines}"
            raise LakehouseError(message, ways_on(table, receipt, is_acceptable=not spoiling), Exit.REFUSED)


def ways_on(table: Table, receipt: Receipt, *, is_refused: bool = True, is_acceptable: bool = False) -> str:
    """Return what can be done about a receipt whose rows stop a run; those that were refused may be acceptable."""
    number = receipt.number
    ways = [f"all of them: lakehouse quarantine show {table.name}"] if is_refused else []
    ways += [
        "mend the file and land it: lakehouse land FILE",
        f"take this one back: lakehouse retract {number} --reason TEXT --apply",
    ]
    if is_acceptable:
        ways += [f"go on without these rows, now and later: lakehouse quarantine accept {number}"]
    return "\n  → ".join(ways)


def with_snapshot(lake: Lake, table: Table, rows: DataFrame, error: LakehouseError) -> LakehouseError:
    """Return the error of a failed rule with the snapshot that the rows come from, some of them, and the ways on.

    An error of another kind, or of a table that is not made of a snapshot, stays as it is.
    """
    receipt, rules = snapshots.in_force(lake, lake.tables[table.upstreams[0]]), table.failing_rules
    if error.code != Exit.REFUSED or receipt is None or not rules:
        return error
    found = rows.where(reduce(or_, map(broken, rules))).limit(SHOWN).collect()
    lines = "\n".join(f"    {', '.join(f'{name}={value}' for name, value in row.asDict().items())}" for row in found)
    message = f"{error.message}\n  They come from {receipt.label}:\n{lines}"
    return LakehouseError(message, ways_on(table, receipt, is_refused=False), Exit.REFUSED)


def _spoilt(receipt: Receipt, refused: _Refused, rules: Sequence[str]) -> str:
    count = sum(refused.rules[rule] for rule in rules)
    what = f"{count:,} of {receipt.lines:,} rows of {receipt.label}."
    return f"{what} With a single row that breaks “{rules[0]}” the file is of no use."


def _excess(lake: Lake, table: Table, receipt: Receipt, refused: _Refused) -> str:
    """Say how much was refused where it is too much, else nothing."""
    most, of = lake.settings.run.max_refused_share, f"of {receipt.label}"
    if refused.rows > most * receipt.lines:
        return f"{refused.rows:,} of {receipt.lines:,} rows {of}, more than {most:.0%}."
    suspects = {kind for kind, count in refused.kinds.items() if count >= LEAST_OF_A_KIND}
    for kind, count in _rows_of_kinds(lake, table, receipt, suspects).items():
        if count == refused.kinds[kind]:
            return f"every one of the {count:,} rows {of}, whose {table.judged_by} is {kind}."
    return ""


def _refused(
    lake: Lake, table: Table, quarantine: Table, files: Collection[str] | None
) -> dict[tuple[str, int], _Refused]:
    """Count the refused rows of each receipt, by its `source`."""
    found: dict[tuple[str, int], _Refused] = {}
    query = f"""SELECT _source_file, epoch_us(_ingested_at), _broken_rules, {_kind(table)}, count(*)
                FROM rows {_among("WHERE", files)} GROUP BY ALL"""
    for file, at, rules, kind, count in _query(lake, quarantine.name, query, _parameters(files)):
        each = found.setdefault((file, at), _Refused())
        each.rows += count
        each.rules.update(dict.fromkeys(rules, count))
        if kind is not None:
            each.kinds[kind] += count
    return found


def _rows_of_kinds(lake: Lake, table: Table, receipt: Receipt, kinds: Collection[str]) -> Counter[str]:
    """Count the rows of some kinds that a receipt brought; the table of landed files is read only if there are any."""
    if not kinds or not table.judged_by:
        return Counter()
    landed, (file, at) = table.upstreams[0], receipt.source
    texts = {text: text.strip(BLANKS) for text in spellings(lake.store.delta(landed), table.judged_by)}
    rows = lake.store.read(landed).where(F.col(table.judged_by).isin([text for text in texts if texts[text] in kinds]))
    of_receipt = rows.where((F.col("_source_file") == file) & (F.unix_micros("_ingested_at") == at))
    found: Counter[str] = Counter()
    for text, count in of_receipt.groupBy(table.judged_by).count().collect():
        found[texts[text]] += count
    return found


def _lines(lake: Lake, quarantine: Table, receipt: Receipt) -> list[str]:
    """Return the first refused rows of a receipt, as text."""
    delivered = ", ".join(f'"{name}"' for name in quarantine.delivered_columns)
    query = f"""SELECT coalesce(concat_ws(',', {delivered}), ''), _rest FROM rows
                WHERE _source_file = $file AND epoch_us(_ingested_at) = $at LIMIT {SHOWN}"""
    file, at = receipt.source
    return [text or rest or "" for text, rest in _query(lake, quarantine.name, query, {"file": file, "at": at})]


def _kind(table: Table) -> str:
    """Return the SQL of a row's kind; a blank names none."""
    return f"""nullif(trim("{table.judged_by}", '{BLANKS}'), '')""" if table.judged_by else "NULL::VARCHAR"


def _among(word: str, files: Collection[str] | None) -> str:
    return "" if files is None else f"{word} list_contains($files, _source_file)"


def _parameters(files: Collection[str] | None) -> dict[str, Any]:
    return {} if files is None else {"files": sorted(files)}


def _query(lake: Lake, name: str, query: str, parameters: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """Ask a table without an engine; its rows stream through, and only what they add up to is kept."""
    with duckdb.connect() as database:
        database.register("rows", lake.store.delta(name).to_pyarrow_dataset())
        return database.execute(query, dict(parameters)).fetchall()
