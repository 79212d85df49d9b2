"""quarantine.selection — which refused rows are meant, and how many they are; rows are read batch by batch."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.table import Table, quarantine_of, short_name

BATCH = 1 << 14  # rows in memory at a time


@dataclass(frozen=True)
class Choice:
    """Which refused rows are meant: of a table, of landed files by their own names, that break a rule if given."""

    table: Table
    quarantine: Table
    files: dict[str, Receipt]
    rule: str = ""

    def includes(self, file: str, rules: Sequence[str]) -> bool:
        """Say whether a row of a landed file that breaks these rules is meant."""
        return file in self.files and (not self.rule or self.rule in rules)


def choose(lake: Lake, name: str, file: str = "", rule: str = "") -> Choice:
    """Find the refused rows that are meant.

    Args:
        lake: the lake.
        name: a table, or its quarantine.
        file: the number of a receipt, or the name that a landed file was given; all files if empty.
        rule: a rule of the table, all rules if empty.

    Raises:
        LakehouseError: no such table or file, a table without such a rule, or rows of several files of the name were
            refused (exit code 2).
    """
    table = lake.contract(name.removesuffix("_quarantine"))
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        raise LakehouseError(f"{table.name} sets no rows aside.", "lakehouse quarantine ls", Exit.USAGE)
    rules = [each.name for each in table.quarantine_rules]
    if rule and rule not in rules:
        raise LakehouseError(f"{table.name} has no rule “{rule}”.", f"its rules: {'; '.join(rules)}", Exit.USAGE)
    receipts = lake.landing.receipts(short_name(quarantine.upstreams[0]))
    choice = Choice(table, quarantine, {each.file_name: each for each in receipts}, rule)
    return _of_file(lake, choice, file) if file else choice


def counts(lake: Lake, choice: Choice) -> dict[str, Counter[tuple[str, ...]]]:
    """Count the chosen rows by landed file and the rules they break."""
    found: dict[str, Counter[tuple[str, ...]]] = {}
    for batch in _batches(lake, choice, ["_source_file", "_broken_rules"]):
        joined = pa.table([batch["_source_file"], pc.binary_join(batch["_broken_rules"], "\n")], ["file", "rules"])
        for each in joined.group_by(["file", "rules"]).aggregate([([], "count_all")]).to_pylist():
            rules = tuple(each["rules"].split("\n"))
            if choice.includes(each["file"], rules):
                found.setdefault(each["file"], Counter())[rules] += each["count_all"]
    return found


def rows(lake: Lake, choice: Choice) -> Iterator[dict[str, object]]:
    """Yield the chosen rows: delivered columns, `_rest`, `_source_file` and `_broken_rules`."""
    columns = [*choice.quarantine.delivered_columns, "_rest", "_source_file", "_broken_rules"]
    for batch in _batches(lake, choice, columns):
        yield from (row for row in batch.to_pylist() if choice.includes(row["_source_file"], row["_broken_rules"]))


def _batches(lake: Lake, choice: Choice, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Read the quarantine as it is now, published or not: what a failed run refused is what one wants to see."""
    if lake.store.exists(choice.quarantine.name):
        dataset, files = (
            lake.store.delta(choice.quarantine.name).to_pyarrow_dataset(),
            pa.array(list(choice.files), pa.string()),
        )
        for batch in dataset.to_batches(columns=columns, batch_size=BATCH, batch_readahead=1):
            yield batch.filter(pc.is_in(batch["_source_file"], files))


def _of_file(lake: Lake, choice: Choice, which: str) -> Choice:
    """Narrow a choice down to one landed file."""
    kind, known = short_name(choice.quarantine.upstreams[0]), choice.files.items()
    found = {file: each for file, each in known if which == str(each.number)}
    found = found or {file: each for file, each in known if which == each.name}
    if not found:
        remedy = f"lakehouse quarantine ls names the files that {choice.table.name} refused rows of"
        raise LakehouseError(f"No file {which} of {kind} has landed.", remedy, Exit.USAGE)
    if len(found) > 1:
        refused = counts(lake, replace(choice, files=found))
        found = {file: each for file, each in found.items() if file in refused or not refused}
    if len(found) > 1:
        numbers = [each.number for each in found.values()]
        listed = ", ".join(map(str, numbers))
        raise LakehouseError(f"{len(found)} files have the name {which}: {listed}.", one_of(numbers), Exit.USAGE)
    return replace(choice, files=found)


def one_of(numbers: Sequence[int]) -> str:
    """Return the advice to choose one of several files."""
    return f"choose one: {' or '.join(f'--file {number}' for number in sorted(numbers))}"
