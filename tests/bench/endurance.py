"""Random acts on one small lake: `python -m tests.bench.endurance --acts 300 --seeds 1 2 3`.

After each act the accounting closes: of every landed file lines = passed + refused + discarded. After each tenth every
table equals one full run over what is landed. What fails is told with the seed and the acts, and ends the process.
"""

import argparse
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from deltalake import DeltaTable

from bronze import landing
from lakehouse import settings
from lakehouse.cli import main as cli
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import planner, runner

from .. import invariants, killing
from .random_acts import Act, draw
from .random_files import Shop, digest, is_bad

OFTEN = 10  # acts between two comparisons
MOST_REFUSED = 0.2
# A command may say that something has to be done before: exit 2. What a run judges may stop it: exit 3.
MAY_REFUSE = {"maintain", "restore", "quarantine"}
KILLED = -signal.SIGKILL
AGAIN = {"land", "erase"}  # what a user does again after a kill, as the next command may ask


class Fault(AssertionError):
    """What does not hold of the lake."""


def endure(folder: Path, seed: int, num_acts: int, num_kills: int, say: Callable[[str], None]) -> Counter[str]:
    """Do random acts on a new lake, and check it; return how many of each kind were done.

    Args:
        folder: where the lake and the files lie.
        seed: decides the acts.
        num_acts: how many.
        num_kills: how many processes are killed at most.
        say: receives a line for each act.

    Raises:
        Fault: the lake is not what it should be; the message lists the acts.
    """
    chance, done, kinds = random.Random(seed), list[str](), Counter[str]()
    shop = Shop(folder / "files", chance)
    shop.folder.mkdir(parents=True)
    with _on_lake(folder / "lake") as lake:
        try:
            events = [shop.events(), shop.events(num_bad=1), shop.events(num_bad=1)]
            for path in (*events, shop.item_properties(num_bad=1), shop.category_tree()):
                _do(lake, shop, Act(("land", str(path))))
            _do(lake, shop, Act(("run",)))
            for number in range(1, num_acts + 1):
                act, started = draw(lake, shop, chance, num_kills, kinds), time.monotonic()
                kinds[act.kind] += 1
                num_kills -= bool(act.place)
                done.append(str(act))
                code = _do(lake, shop, act)
                done[-1] += f"  → {code}"
                _check_accounts(lake, shop)
                if number % OFTEN == 0 or number == num_acts:
                    _check_tables(lake, shop, folder / f"whole{number}")
                say(f"{number:>4} {time.monotonic() - started:5.1f} s  {done[-1]}")
        except Exception as error:
            acts = "\n".join(f"{number:>4} {act}" for number, act in enumerate(done, start=1))
            raise Fault(f"{error}\nSeed {seed}, after these acts:\n{acts}") from error
    return kinds


def _do(lake: Lake, shop: Shop, act: Act) -> int:
    """Do an act; one that was killed while it landed or erased something is done again, as its user would."""
    program, table = act.words[0], act.words[-1]
    if program == "rm":
        shutil.rmtree(lake.store.uri(table))
        return 0
    if program == "OPTIMIZE":
        DeltaTable(lake.store.uri(table)).optimize.compact()
        return 0
    numbers = len(lake.landing.entries())
    code, told = _kill(lake, act) if act.place else _call(act.words)
    if code == KILLED and program not in AGAIN:
        return code
    if code == KILLED:
        code, told = _call(act.words)
    if code == 0 and program == "land":
        path = Path(table)
        is_new = len(lake.landing.entries()) > numbers or digest(path) not in shop.landed
        if is_new:
            shop.land(path)
    if code == 0 and program == "erase":
        shop.erase(int(act.words[2]))
    is_expected = code == 0 or (code == 2 and program in MAY_REFUSE) or (code == 3 and _spoilt(lake, shop))
    if not is_expected or "Traceback" in told:
        raise Fault(f"{act} ended with {code}:\n{told}")
    return code


def _kill(lake: Lake, act: Act) -> tuple[int, str]:
    """Start the command in a process of its own; it dies at a place, at some time, or ends before."""
    seconds = float(act.place) if act.place[0].isdigit() else None
    variables = {} if seconds is not None else {"LAKEHOUSE_FAILPOINT": act.place}
    with killing.start(lake.settings.lake_path, "-m", "lakehouse.cli", *act.words, **variables) as process:
        try:
            told, _ = process.communicate(timeout=seconds or killing.PATIENCE)
        except subprocess.TimeoutExpired:
            killing.kill(process)
            told, _ = process.communicate()
            if seconds is None:
                raise Fault(f"{act} did not end:\n{told}") from None
    return process.returncode, told


def _call(words: tuple[str, ...]) -> tuple[int, str]:
    """Call `lakehouse …` in this process; return its exit code and what it printed."""
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        try:
            cli.main(list(words))
        except SystemExit as ended:
            return int(str(ended.code)), told.getvalue()
    raise Fault(f"{words} did not end the process")


def _spoilt(lake: Lake, shop: Shop) -> list[int]:
    """Return the receipts of which so much is refused that a run stops, unless somebody decides."""
    receipts = [each for each in lake.landing.receipts() if not each.retracted_at and not each.accepted_at]
    return [each.number for each in receipts if _num_bad(shop, each.sha256) > MOST_REFUSED * each.lines]


def _num_bad(shop: Shop, sha256: str) -> int:
    kind, lines = shop.landed[sha256]
    return sum(is_bad(kind, line) for line in lines)


def _check_accounts(lake: Lake, shop: Shop) -> None:
    """Check that every line of every landed file is where it should be."""
    expected = {sha256: (len(lines), _num_bad(shop, sha256)) for sha256, (_, lines) in shop.landed.items()}
    found = invariants.unclosed(lake, expected)
    if found:
        raise Fault("\n".join(found))


def _check_tables(lake: Lake, shop: Shop, folder: Path) -> None:
    """Bring the lake up to date and compare every table with one full run over the landed files."""
    for number in _spoilt(lake, shop):
        _call(("quarantine", "accept", str(number)))
    code, told = _call(("run",))
    if code:
        raise Fault(f"a run ended with {code}:\n{told}")
    published, present = lake.ledger.published().versions, invariants.all_versions(lake)
    if published.keys() != present.keys() or planner.changes(lake, published):
        raise Fault(f"{published} is published, not {present}")
    _check_accounts(lake, shop)
    whole = _whole(lake, folder)
    differing = [name for name in invariants.difference(lake, whole) if not _is_discarded(lake, name)]
    if differing:
        raise Fault(f"not as after one full run: {', '.join(differing)}")
    code, told = _call(("run",))
    if code or "Nothing to do" not in told:
        raise Fault(f"a run in vain ended with {code}:\n{told}")
    shutil.rmtree(folder)


def _whole(lake: Lake, folder: Path) -> Lake:
    """Return a lake that took the files that are landed in one full run, whatever is refused of them."""
    run = replace(lake.settings.run, max_refused_share=1.0)
    place = replace(lake.settings.lake, path=str(folder))
    whole = open_lake(replace(lake.settings, run=run, lake=place))
    for receipt in lake.landing.receipts():
        if not receipt.retracted_at and receipt.lines:
            landing.accept(whole.landing, lake.landing.file(receipt))
    runner.run(whole, lambda line: None)
    return whole


def _is_discarded(lake: Lake, name: str) -> bool:
    """Say whether a table is a quarantine of which rows were discarded."""
    return name.endswith("_quarantine") and bool(lake.ledger.discarded(name.removesuffix("_quarantine")))


@contextmanager
def _on_lake(path: Path) -> Iterator[Lake]:
    """Let commands of this process work on a lake."""
    with mock.patch.dict(os.environ, {**killing.CHEAP, "LAKEHOUSE_LAKE": str(path)}):
        yield open_lake(settings.load())


def main() -> None:
    """Do random acts by one seed after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[random.randrange(1_000_000)])
    parser.add_argument("--kills", type=int, default=sys.maxsize, help="at most; processes are slower than calls")
    asked = parser.parse_args()
    for seed in asked.seeds:
        print(f"seed {seed}", flush=True)
        with TemporaryDirectory() as folder:
            try:
                endure(Path(folder), seed, asked.acts, asked.kills, lambda line: print(line, flush=True))
            except Fault as fault:
                sys.exit(str(fault))


if __name__ == "__main__":
    main()
