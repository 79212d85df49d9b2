"""Whether `make run` ends with a champion, whatever the seed of the sample.

    python -m tests.bench.seeds --folder /tmp/seeds --first 1 --last 20

Calls for each seed what `make run` calls, and prints what became of the first model, its areas, log loss and Brier score, and
what was let through undecided. Ends with exit code 1 if one seed has no champion.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .measuring import LAKEHOUSE, PROJECT, lake_variables

CHAIN = next(line for line in (PROJECT / "Makefile").read_text().splitlines() if "ml train promote" in line)
COMMANDS = CHAIN.partition("/lakehouse ")[2].split()


def main() -> None:
    """Make a lake for each seed, and print a line for each."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True, help="keeps the lakes of seeds without a champion")
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--last", type=int, default=20)
    chosen = arguments.parse_args()
    without = [seed for seed in range(chosen.first, chosen.last + 1) if not has_champion(chosen.folder, seed)]
    if without:
        sys.exit(f"without a champion: {', '.join(map(str, without))}")


def has_champion(folder: Path, seed: int) -> bool:
    """Say and print whether the seed's sample has a champion in the end."""
    lake = folder / str(seed)
    shutil.rmtree(lake, ignore_errors=True)
    environment = os.environ | lake_variables(lake) | {"LAKEHOUSE_SAMPLE__SEED": str(seed)}
    done = subprocess.run([*LAKEHOUSE, *COMMANDS], cwd=PROJECT, env=environment, capture_output=True, text=True)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    if done.returncode:
        print(f"seed {seed}: ended with {done.returncode}: {done.stderr.rpartition('✗ ')[2].strip()}", flush=True)
        return False
    purchases = next(line for line in lines if line.startswith("all decision points")).rpartition("one of ")[2]
    figures = next(line for line in lines if line.startswith("this model"))
    undecided = [line.split(": ")[1] for line in lines if line.startswith("Let through undecided")]
    print(f"seed {seed}: {purchases}; {figures}; undecided: {'; '.join(undecided) or 'nothing'}", flush=True)
    shutil.rmtree(lake)
    return True


if __name__ == "__main__":
    main()
