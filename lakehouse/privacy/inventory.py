"""privacy.inventory — what a lake holds about a visitor, counted or given out, place by place."""

from typing import Any

from lakehouse.lake import Lake
from lakehouse.privacy import landed, redaction, tables
from lakehouse.privacy.subject import DataSubject


def counts(lake: Lake, visitor: DataSubject) -> dict[str, int]:
    """Count what names the visitor: table, or path of a file -> rows, lines or texts; empty places are left out."""
    found = {each.name: tables.count(lake, each, visitor) for each in tables.with_visitors(lake)}
    found |= {file.place: landed.count(file, visitor) for file in landed.files(lake)}
    found |= redaction.count_in_databases(lake.settings.lake_path, visitor)
    return {place: number for place, number in found.items() if number}


def export(lake: Lake, visitor: DataSubject) -> dict[str, list[dict[str, Any]]]:
    """Return what is the visitor's: table -> rows, path of a landed file -> its lines; empty places are left out."""
    found: dict[str, list[dict[str, Any]]] = {
        each.name: tables.rows(lake, each, visitor).to_pylist() for each in tables.with_visitors(lake)
    }
    for file in landed.files(lake):
        found[file.place] = [vars(each) for each in landed.their_lines(file, visitor)]
    return {place: each for place, each in found.items() if each}
