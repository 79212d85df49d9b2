"""Random files of a small shop, and what is known of their lines: whose they are, and which are to be refused."""

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path

from ..deliveries import DAY, HEADERS, ITEMS, START, snapshots, visits

VISITORS = 40
AT_ONCE = 6  # visitors of a file
LATE = 20 * DAY
TREES = (["1,", "2,1", "3,1", "4,2", "5,"], ["1,", "2,1", "3,2", "4,3", "5,4"], ["1,", "2,", "3,", "4,1", "5,1"])


@dataclass
class Shop:
    """Writes files of all kinds into a folder, and knows what landed files must hold.

    Attributes:
        folder: where the files are written.
        chance: what decides.
        written: the files, and of what kind each is.
        landed: digest of a file that landed -> its kind and its lines, without those that were erased since.
    """

    folder: Path
    chance: random.Random
    written: dict[Path, str] = field(default_factory=dict)
    landed: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def events(self, num_bad: int = 0, is_late: bool = False) -> Path:
        """Write some visits, most of them of visitors that other files have, too."""
        first = self.chance.randrange(VISITORS)
        lines = visits(range(first, first + AT_ONCE), self.chance)
        if is_late:
            lines = [f"{int(at) - LATE},{rest}" for at, rest in (line.split(",", 1) for line in lines)]
        if self.chance.random() < 0.2:
            lines = [_as_pandas_writes(line) for line in lines]
        at, visitor = START + self.chance.randrange(10 * DAY), self.chance.randrange(VISITORS)
        bad = [f"x,{visitor},view,1,", f"{at},{visitor},buy,1,", f"{at},{visitor}"]
        return self._write("events", [*lines, *self.chance.choices(bad, k=num_bad)])

    def item_properties(self, num_bad: int = 0) -> Path:
        """Write a snapshot of some items."""
        at, first = START + self.chance.randrange(-1, 10) * DAY, self.chance.randrange(ITEMS)
        bad = [f"x,{first},available,1", f"{at},{first},790,cheap"]
        lines = snapshots(at, range(first, first + 4))
        return self._write("item_properties", [*lines, *self.chance.choices(bad, k=num_bad)])

    def category_tree(self) -> Path:
        """Write one of a few trees, so that some come back."""
        return self._write("category_tree", self.chance.choice(TREES))

    def land(self, path: Path) -> None:
        """Note that a file landed, and was not there already."""
        self.landed[digest(path)] = self.written[path], path.read_text().splitlines()[1:]

    def erase(self, visitor: int) -> None:
        """Note that a visitor's lines are gone."""
        for sha256, (kind, lines) in self.landed.items():
            if kind == "events":
                self.landed[sha256] = kind, [line for line in lines if not is_about(line, visitor)]

    def visitors(self) -> list[int]:
        """Return whom the landed files name, and one whom they do not."""
        lines = {line for kind, lines in self.landed.values() for line in lines if kind == "events"}
        return [each for each in range(VISITORS + AT_ONCE + 1) if any(is_about(line, each) for line in lines)] + [999]

    def _write(self, kind: str, lines: list[str]) -> Path:
        path = self.folder / f"{len(self.written)}_{kind}.csv"
        path.write_text("\n".join([HEADERS[kind], *lines]) + "\n")
        self.written[path] = kind
        return path


def digest(path: Path) -> str:
    """Return what a landed file is named by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_bad(kind: str, line: str) -> bool:
    """Say whether a line is one of those that are to be refused."""
    fields = line.split(",")
    return len(fields) != len(HEADERS[kind].split(",")) or bool({"x", "buy", "cheap"}.intersection(fields))


def is_about(line: str, visitor: int) -> bool:
    """Say whether a line of events is a visitor's."""
    fields = line.split(",")
    return str(visitor) in ([fields[1].removesuffix(".0")] if len(fields) == 5 else fields)


def _as_pandas_writes(line: str) -> str:
    """Write the ids as pandas does where a column holds blanks."""
    at, visitor, event, item, transaction = line.split(",")
    return f"{at},{visitor}.0,{event},{item}.0,{transaction and f'{transaction}.0'}"
