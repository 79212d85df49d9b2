"""reports.status — the lake in a few lines: tables, what the layers say of themselves, and what to do next."""

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.table import Table


@dataclass(frozen=True)
class Section:
    """A part of the summary: its name for programs, a title, its lines, and the same as plain values."""

    name: str
    title: str
    lines: list[str]
    facts: Any


def sections(lake: Lake) -> list[Section]:
    """Summarise the published tables, then let each layer with a `summary` in its commands add its own."""
    found = [_tables(lake)]
    for layer in lake.settings.layers:
        if find_spec(f"{layer}.commands"):
            summarise = getattr(importlib.import_module(f"{layer}.commands"), "summary", None)
            found += [summarise(lake)] if summarise else []
    return found


def text(parts: list[Section]) -> str:
    """Return the sections as the terminal shows them."""
    return "\n\n".join("\n".join([part.title, *[f"  {line}" for line in part.lines]]) for part in parts)


def describe(lake: Lake, table: Table, rows: int) -> tuple[list[dict[str, Any]], pa.Table]:
    """Return a table's columns (name, type, comment) and its first published rows.

    Raises:
        LakehouseError: the table is not published yet (exit code 2).
    """
    published = lake.ledger.published()
    if published is None or table.name not in published.versions:
        raise LakehouseError(f"{table.name} is not published yet.", "lakehouse run", Exit.USAGE)
    columns = [{"name": each.name, "type": each.type, "comment": each.comment} for each in table.columns]
    dataset = lake.store.delta(table.name, published.versions[table.name]).to_pyarrow_dataset()
    return columns, _first(dataset, rows)


def table_text(columns: list[dict[str, Any]], sample: pa.Table) -> str:
    """Return the columns and rows of `describe` as the terminal shows them."""
    width = max(len(column["name"]) for column in columns)
    lines = [f"{column['name']:<{width}}  {column['type']:<14} {column['comment']}" for column in columns]
    frame = sample.to_pandas(integer_object_nulls=True)  # as floats, ids of 16 digits would be other ones
    return "\n".join([*lines, "", frame.to_string(index=False, max_colwidth=32) if len(frame) else "no rows"])


def _first(dataset: ds.Dataset, rows: int) -> pa.Table:
    """Return the first rows, from no more files than hold them: `Dataset.head` begins on the next file as well."""
    found = dataset.schema.empty_table()
    for fragment in dataset.get_fragments():
        if found.num_rows >= rows:
            break
        wanted = rows - found.num_rows
        scanner = fragment.scanner(schema=dataset.schema, batch_size=min(wanted, 1 << 16), batch_readahead=0)
        found = pa.concat_tables([found, scanner.head(wanted)])
    return found


def _tables(lake: Lake) -> Section:
    published = lake.ledger.published()
    if published is None:
        return Section("tables", "Tables", ["none is published yet: lakehouse run"], [])
    facts = []
    for name in [name for name in lake.tables if name in published.versions]:
        rows = lake.store.rows(name, published.versions[name])
        aside = f"{name}_quarantine"
        refused = lake.store.rows(aside, published.versions[aside]) if aside in published.versions else 0
        facts.append({"table": name, "rows": rows, "refused": refused, "version": published.versions[name]})
    lines = [f"{'table':<26} {'rows':>12} {'refused':>9} {'version':>8}"]
    lines += [f"{f['table']:<26} {f['rows']:>12,} {f['refused']:>9,} {f['version']:>8}" for f in facts]
    return Section("tables", f"Tables of {lake.settings.lake_path}, run {published.run_id}", lines, facts)
