"""Two deliveries of a small shop. The second has late events, repeats, bad rows and new snapshots of items, no tree."""

import random
from dataclasses import dataclass
from pathlib import Path

from bronze import landing
from lakehouse.lake import Lake

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_433_116_800_000  # 2015-06-01, midnight UTC
DAYS, ITEMS = 10, 10
HEADERS = {
    "events": "timestamp,visitorid,event,itemid,transactionid",
    "item_properties": "timestamp,itemid,property,value",
    "category_tree": "categoryid,parentid",
}
MIDNIGHT = START + DAY


@dataclass(frozen=True)
class Delivery:
    """The lines that arrive together: kind -> good ones, and those that silver is to refuse."""

    good: dict[str, list[str]]
    bad: dict[str, list[str]]

    def write(self, folder: Path) -> list[Path]:
        """Write a file for each kind."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for kind, lines in self.good.items():
            paths.append(folder / f"{kind}.csv")
            paths[-1].write_text("\n".join([HEADERS[kind], *lines, *self.bad.get(kind, [])]) + "\n")
        return paths

    def land(self, lake: Lake, folder: Path) -> None:
        """Write the files and let them in."""
        for path in self.write(folder):
            landing.accept(lake.landing, path)


def visits(visitors: range, chance: random.Random) -> list[str]:
    """Return the lines of some visits; about a third of them end with a purchase."""
    lines = []
    for visitor in visitors:
        at = START + chance.randrange(DAYS * DAY)
        for number in range(chance.randrange(1, 6)):
            item = chance.randrange(ITEMS)
            lines.append(f"{at},{visitor},view,{item},")
            if chance.random() < 0.5:
                lines.append(f"{at + 1000},{visitor},addtocart,{item},")
                if chance.random() < 0.7:
                    lines.append(f"{at + 2000},{visitor},transaction,{item},{visitor * 10 + number}")
            at += chance.randrange(180 * MINUTE)
    return lines


def learnable_visits(numbers: range) -> list[str]:
    """Return the lines of visits of which a model can learn: one an hour, each of its own visitor; every fifth buys."""
    lines = []
    for number in numbers:
        at, visitor, item = START + number * HOUR, 1000 + number, number % 20
        lines.append(f"{at},{visitor},view,{item},")
        if number % 5 == 0:  # and so whoever looks at one of four items
            lines += [f"{at + 9},{visitor},addtocart,{item},", f"{at + 99},{visitor},transaction,{item},{number}"]
    return lines


def snapshots(at: int, items: range) -> list[str]:
    """Return the lines of a snapshot of items: category, availability and price of each."""
    values = [("categoryid", lambda item: 1 + (item + at // DAY) % 5), ("available", lambda item: item % 2)]
    values.append(("790", lambda item: f"n{item * 10 + at // DAY % 10}.000"))
    return [f"{at},{item},{name},{value(item)}" for item in items for name, value in values]


_moved = [f"{MIDNIGHT + 5 * MINUTE},900,view,1,", f"{MIDNIGHT + 6 * MINUTE},900,addtocart,1,"]
_joined = [f"{START + 60 * MINUTE},901,view,2,", f"{START + 105 * MINUTE},901,transaction,2,9010"]
FIRST = Delivery(
    good={
        "events": [*visits(range(120), random.Random(1)), *_moved, *_joined],
        "item_properties": snapshots(START - DAY, range(ITEMS)),
        "category_tree": ["1,", "2,1", "3,1", "4,2", "5,"],
    },
    bad={"events": ["x,1,view,1,", "1,2"], "item_properties": ["x,1,available,1"], "category_tree": ["x,1"]},
)
SECOND = Delivery(
    good={
        "events": [
            f"{MIDNIGHT - 10 * MINUTE},900,view,3,",  # moves the visit to the day before
            f"{START + 80 * MINUTE},901,view,3,",  # joins two visits
            f"{START - 20 * DAY},902,view,3,",  # before all that is known
            *FIRST.good["events"][:30],
            *visits(range(110, 130), random.Random(2)),
        ],
        "item_properties": [*snapshots(START + 4 * DAY, range(3)), *snapshots(START - DAY, range(ITEMS, ITEMS + 2))],
    },
    bad={"events": [f"{START},1,buy,1,"], "item_properties": [f"{START},1,790,cheap"]},
)
