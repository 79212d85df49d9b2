"""A damaged table is told in a sentence with file and remedy, nothing is published, and the remedy mends it."""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import runner
from lakehouse.runs.planner import Request

from ... import invariants
from ...deliveries import FIRST, SECOND


def entries(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))


def newest_file(table: Path) -> Path:
    """The newest data file."""
    return max(table.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def cut_half(table: Path) -> None:
    entry = entries(table)[-1]
    entry.write_bytes(entry.read_bytes()[: entry.stat().st_size // 2])


def cut_all(table: Path) -> None:
    entries(table)[-1].write_bytes(b"")


def cut_a_line(table: Path) -> None:
    entry = entries(table)[-1]
    entry.write_text("".join(entry.read_text().splitlines(keepends=True)[:-1]))


def delete_file(table: Path) -> None:
    newest_file(table).unlink()


def cut_file(table: Path) -> None:
    newest_file(table).write_bytes(b"")


def lengthen(table: Path) -> None:
    path = newest_file(table)
    path.write_bytes(path.read_bytes() + b"PAR1")


def flip_byte(table: Path) -> None:
    path = newest_file(table)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)  # Hadoop's own checksum, which not every file has


def upgrade(table: Path) -> None:
    future = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["timeless"],
        "writerFeatures": ["timeless"],
    }
    entry = table / "_delta_log" / f"{len(entries(table)):020d}.json"
    entry.write_text(
        json.dumps({"commitInfo": {"operation": "UPGRADE PROTOCOL"}}) + "\n" + json.dumps({"protocol": future})
    )


def refused(lake: Lake) -> LakehouseError:
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    return raised.value


def by_remedy(lake: Lake, error: LakehouseError) -> None:
    """Do what the sentence says."""
    first, _, second = error.remedy.partition(" && ")
    if second:
        subprocess.run(shlex.split(first), check=True)
        assert second == "lakehouse run"
        runner.run(lake, print)
    else:
        name = error.remedy.removeprefix("lakehouse run --full-refresh ")
        runner.run(lake, print, Request(full_refresh=(name,)))


# the damage, the table, and what is said of it
OF_LOGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "the newest log entry is cut in half": (cut_half, "gold.activity"),
    "the newest log entry is empty": (cut_all, "gold.funnel"),
    "the newest log entry lacks a line": (cut_a_line, "gold.item_performance"),
    "the ledger's newest entry is empty": (cut_all, "ledger"),
}
OF_FILES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a file of silver is deleted": (delete_file, "silver.sessions", "is missing"),
    "a file of bronze is deleted": (delete_file, "bronze.item_properties", "is missing"),
    "a byte of a file is flipped": (flip_byte, "silver.events", "is damaged"),
    "a file is cut to zero length": (cut_file, "gold.activity", "is damaged"),
}


@pytest.mark.parametrize("case", OF_LOGS)
def test_a_log_cut_short_is_refused_and_its_remedy_makes_the_table_anew(copy, sound, case):
    damage, name = OF_LOGS[case]
    table = copy.settings.lake_path / name.replace(".", "/")
    damage(table)
    error = refused(copy)
    assert error.message.startswith(f"The log of {name} is damaged (")
    assert error.message.endswith(f"last entry {entries(table)[-1]}.")
    assert error.code == Exit.REFUSED
    by_remedy(copy, error)
    assert invariants.difference(copy, sound) == []


def test_a_table_made_anew_while_a_file_arrives_takes_along_all_that_follows(damaged, whole):
    cut_all(damaged.settings.lake_path / "bronze" / "events")
    by_remedy(damaged, refused(damaged))
    assert invariants.difference(damaged, whole) == []
    assert invariants.unaccounted(damaged, [FIRST, SECOND]) == []


@pytest.mark.parametrize("case", OF_FILES)
def test_a_lost_or_damaged_file_is_named_and_its_remedy_mends_the_table(damaged, whole, case):
    damage, name, what = OF_FILES[case]
    before = damaged.ledger.published()
    table = damaged.settings.lake_path / name.replace(".", "/")
    damage(table)
    error = refused(damaged)
    assert error.message.startswith(f"A file of {name} {what}: {table}/part-")
    assert error.code == Exit.REFUSED
    assert damaged.ledger.published() == before
    by_remedy(damaged, error)
    assert invariants.difference(damaged, whole) == []


@pytest.mark.parametrize("damage", [cut_file, lengthen], ids=lambda damage: damage.__name__)
def test_a_file_of_another_size_is_told_with_both_sizes(copy, damage):
    table = copy.settings.lake_path / "gold" / "funnel"
    path = newest_file(table)
    size = path.stat().st_size
    damage(table)
    assert f"holds {path.stat().st_size:,} bytes where its log says {size:,}" in refused(copy).message


def test_a_damaged_file_is_named_by_its_own_table_not_by_the_one_made_of_it(copy, sound):
    bronze = copy.settings.lake_path / "bronze" / "events"
    flip_byte(bronze)
    with pytest.raises(LakehouseError) as raised:
        runner.run(copy, print, Request(full_refresh=("silver.events",)))
    assert raised.value.message.startswith(f"A file of bronze.events is damaged: {bronze}/part-")
    by_remedy(copy, raised.value)
    assert invariants.difference(copy, sound) == []


def test_a_table_of_a_newer_protocol_is_left_alone(damaged):
    upgrade(damaged.settings.lake_path / "silver" / "sessions")
    error = refused(damaged)
    assert error.message.startswith("silver.sessions was written by a newer version of Delta than this one reads")
    assert error.code == Exit.ENVIRONMENT
