"""What is done to a lake at random: commands, commands that are killed, and what other programs do to its tables."""

import random
import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from lakehouse.lake import Lake
from lakehouse.quarantine import review
from lakehouse.runs import planner

from .random_files import Shop

LATEST = 3.0  # seconds after the start of a process that it is killed
NOT_YET = 100  # how much likelier an act is until it was done once
ANYWHERE = 0.3  # share of the kills at any time; the others are between two durable steps


@dataclass(frozen=True)
class Act:
    """Words of `lakehouse`, or of another program: `rm -r TABLE`, `OPTIMIZE TABLE`.

    Attributes:
        words: the command line.
        kind: the name of what chose it.
        place: failpoint at which the process is killed, or seconds after its start; empty if it is not.
    """

    words: tuple[str, ...]
    kind: str = ""
    place: str = ""

    def __str__(self) -> str:
        """Return it as a line of a report."""
        killed = f"  # killed at {self.place}" if self.place else ""
        return shlex.join(self.words) + killed


def draw(lake: Lake, shop: Shop, chance: random.Random, num_kills: int, done: Collection[str]) -> Act:
    """Choose an act that the lake allows, most likely one of a kind that was not done yet.

    Args:
        lake: the lake.
        shop: writes what lands.
        chance: what decides.
        num_kills: how many processes may still be killed.
        done: the kinds of acts that were done.
    """
    weights = {act: weight * (1 if act.__name__ in done else NOT_YET) for act, weight in WEIGHTS.items()}
    weights |= {} if num_kills > 0 else {_killed: 0}
    while True:
        (act,) = chance.choices(list(weights), list(weights.values()))
        chosen = act(lake, shop, chance)
        if chosen:
            return replace(chosen if isinstance(chosen, Act) else Act(chosen), kind=act.__name__)


def _land(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    files: list[Callable[[], object]] = [
        shop.events,
        lambda: shop.events(is_late=True),
        lambda: shop.events(num_bad=2),
        lambda: shop.events(num_bad=8),  # some of these stop a run
        lambda: shop.item_properties(num_bad=chance.randrange(3)),
        shop.category_tree,
        lambda: chance.choice(list(shop.written)),
    ]
    (file,) = chance.choices(files, [3, 2, 3, 0.5, 2, 1, 2])
    return "land", str(file())


def _run(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return ("run",)


def _run_one(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    name = chance.choice([each.name for each in lake.tables.values() if each.is_built_by_run])
    return ("run", chance.choice(["", "+"]) + name + chance.choice(["", "+"]))


def _full_refresh(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    tables = [each.name for each in lake.tables.values() if each.is_built_by_run and each.refresh.kind != "append"]
    return "run", "--full-refresh", chance.choice(tables)


def _erase(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return "erase", "--visitor", str(chance.choice(shop.visitors())), "--apply"


def _retract(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    there = [each for each in lake.landing.entries() if not each.is_retracted]
    kinds = [each.kind for each in there]
    spare = [each.number for each in there if kinds.count(each.kind) > 2]
    return ("retract", str(chance.choice(spare)), "--reason", "at random", "--apply") if spare else ()


def _discard(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    refused = review.counts(lake)
    if not refused:
        return ()
    chosen = chance.choice(refused)
    options = chance.choice([["--file", str(chosen["number"])], ["--rule", chance.choice(sorted(chosen["rules"]))], []])
    return "quarantine", "discard", chosen["table"], *options, "--apply"


def _replay(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    tables = sorted({each["table"] for each in review.counts(lake)})
    return ("quarantine", "replay", chance.choice(tables)) if tables else ()


def _vacuum(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return "maintain", "vacuum", "--older-than", chance.choice(["0", "168"]), "--apply"


def _optimize(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return "maintain", "optimize"


def _restore(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    names = [each.name for each in lake.tables.values() if each.is_built_by_run and each.refresh.kind != "append"]
    name = chance.choice(names)
    left = {run.versions.get(name) for run in lake.ledger.runs(8) if run.status == "published"}
    versions = sorted(left - {None, max(left - {None}, default=None)})
    return ("restore", name, "--version", str(chance.choice(versions)), "--apply") if versions else ()


def _remove(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return "rm", "-r", chance.choice(_present(lake))


def _foreign_optimize(lake: Lake, shop: Shop, chance: random.Random) -> tuple[str, ...]:
    return "OPTIMIZE", chance.choice(_present(lake))


def _killed(lake: Lake, shop: Shop, chance: random.Random) -> Act | None:
    (act,) = chance.choices(list(KILLABLE), [weight for weight, _ in KILLABLE.values()])
    words = act(lake, shop, chance)
    if not words:
        return None
    tables = [name for name in _written(act, lake, words) if lake.store.exists(name)]
    if act is _run and not tables:
        return None  # it has nothing to do
    places = [place.format(table) for place in KILLABLE[act][1] for table in (tables if "{}" in place else [""])]
    is_anywhere = not places or chance.random() < ANYWHERE
    place = f"{chance.uniform(0, LATEST):.2f}" if is_anywhere else chance.choice(places)
    return Act(words, place=place)


def _written(act: object, lake: Lake, words: Sequence[str]) -> list[str]:
    """Return the tables that an act may write."""
    if act is _restore:
        return [words[1]]
    if act is _discard:
        return [f"{words[2]}_quarantine"]
    if act is _run:
        planned = [step.table.name for step in planner.plan(lake)]
        return [*planned, *(f"{name}_quarantine" for name in planned if f"{name}_quarantine" in lake.contracts)]
    return [name for name in _present(lake) if act is not _erase or lake.contracts[name].person]


def _present(lake: Lake) -> list[str]:
    return [name for name in lake.contracts if lake.store.exists(name) and not name.startswith("ml.")]


_WRITING = ("written.{}", "unpublished")
WEIGHTS = {
    _land: 10,
    _run: 3,
    _run_one: 4,
    _full_refresh: 1,
    _killed: 8,
    _erase: 3,
    _retract: 4,
    _discard: 2,
    _replay: 1,
    _vacuum: 2,
    _optimize: 1,
    _restore: 2,
    _remove: 3,
    _foreign_optimize: 3,
}
KILLABLE = {  # act -> weight, and the places where it may die
    _land: (2, ("landing.copied", "landing.renamed", "receipt.written", "landing.receipted")),
    _run: (4, _WRITING),
    _erase: (
        2,
        ("erased.recorded", "erased.receipt", "erased.landing", "erased.{}", "erased.published", "erased.versions"),
    ),
    _retract: (2, ("retracted.marked", *_WRITING)),
    _discard: (1, ("written.{}",)),
    _vacuum: (1, ("vacuumed.{}",)),
    _optimize: (1, ("optimized.{}",)),
    _restore: (1, ("restored.{}",)),
}
