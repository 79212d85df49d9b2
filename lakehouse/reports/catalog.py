"""reports.catalog — the tables as Markdown: a flow diagram for the README and the data dictionary."""

import re
from collections.abc import Mapping
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import PROJECT
from lakehouse.table import Table

COLOURS = {"bronze": "#e8d5c4", "silver": "#dfe3e8", "gold": "#f5e6b3", "ml": "#d5dcf9"}


def flow(tables: Mapping[str, Table]) -> str:
    """Return the tables and their upstreams as a Mermaid diagram."""
    lines = ["```mermaid", "flowchart LR"]
    for layer in dict.fromkeys(name.split(".")[0] for name in tables):
        names = [name for name in tables if name.startswith(f"{layer}.")]
        lines += [f"  subgraph {layer}", *[f"    {name}[{name.split('.')[1]}]" for name in names], "  end"]
        lines += [f"  style {layer} fill:{COLOURS.get(layer, '#eeeeee')},stroke:#868e96,color:#212529"]
    lines += [f"  {upstream} --> {table.name}" for table in tables.values() for upstream in table.upstreams]
    return "\n".join([*lines, "```"])


def overview(tables: Mapping[str, Table]) -> str:
    """Return a list of the tables: what one row is, and how each is refreshed."""
    lines = ["| table | one row | refresh |", "|---|---|---|"]
    lines += [f"| `{t.name}` | {t.comment.removeprefix('One row ')} | {t.refresh} |" for t in tables.values()]
    return "\n".join(lines)


def dictionary(tables: Mapping[str, Table]) -> str:
    """Return every column of every table, folded by table."""
    return "\n\n".join(_entry(table) for table in tables.values())


def _entry(table: Table) -> str:
    lines = [f"<details><summary><code>{table.name}</code> — {table.comment}</summary>", ""]
    if table.key:
        lines += [f"Key: {', '.join(f'`{column}`' for column in table.key)}.", ""]
    if table.source_filter:
        lines += [f"Made of the rows of `{table.upstreams[0]}` where {table.source_filter}.", ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    lines += [f"| `{c.name}` | {c.type}{'' if c.nullable else ', never NULL'} | {c.comment} |" for c in table.columns]
    if table.expectations:
        consequence = {"count": "counted", "quarantine": "row set aside", "fail": "run stops"}
        lines += ["", *[f"- {each.name}: {consequence[each.severity]} otherwise" for each in table.expectations]]
    return "\n".join([*lines, "", "</details>"])


def update(tables: Mapping[str, Table], *, write: bool = True) -> list[Path]:
    """Put the generated parts between their markers in the README and the data dictionary.

    Args:
        tables: every declared table.
        write: change the files; otherwise only compare.

    Returns:
        The files that were not current.

    Raises:
        LakehouseError: an installed wheel has neither file (exit code 2).
    """
    if not all(path.is_file() for path in PARTS):
        raise LakehouseError(f"{PROJECT} is not a checkout of the project.", "cd <checkout> && make setup", Exit.USAGE)
    stale = []
    for path, parts in PARTS.items():
        before = path.read_text()
        after = before
        for name, part in parts.items():
            start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
            block = f"{start}\n{part(tables)}\n{end}"
            after = re.sub(f"{start}.*?{end}", lambda _, block=block: block, after, flags=re.DOTALL)  # type: ignore[misc]
        if after != before:
            stale.append(path)
            if write:
                path.write_text(after)
    return stale


PARTS = {
    PROJECT / "README.md": {"flow": flow, "tables": overview},
    PROJECT / "docs" / "tables.md": {"dictionary": dictionary},
}
