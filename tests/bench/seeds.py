"""Whether `make run` ends with a champion, whatever the seed of the sample.

    python tests/bench/seeds.py --folder /tmp/seeds [--first 1] [--last 20]

Prints, for each seed, whether the first model was promoted, and what was let through or refused.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

COMMANDS = ("sample --if-empty then run", "ml train", "ml promote --bootstrap --json")


def main() -> None:
    """Make a lake for each seed and promote its first model."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--last", type=int, default=20)
    chosen = arguments.parse_args()
    for seed in range(chosen.first, chosen.last + 1):
        print(f"seed {seed}: {first_model(chosen.folder / str(seed), seed)}", flush=True)


def first_model(lake: Path, seed: int) -> str:
    """Return in words what became of the first model of a lake."""
    environment = os.environ | {"LAKEHOUSE_LAKE": str(lake), "LAKEHOUSE_SAMPLE__SEED": str(seed)}
    for command in COMMANDS:
        called = [sys.executable, "-m", "lakehouse.cli", *command.split()]
        done = subprocess.run(called, env=environment, capture_output=True, text=True)
        if done.returncode:
            return f"`{command}` ended with {done.returncode}: {done.stderr.strip()}"
    gates = json.loads(done.stdout)["gates"]
    undecided = [each["gate"] for each in gates if each["outcome"] == "warning"]
    return f"promoted; undecided: {', '.join(undecided) or 'nothing'}"


if __name__ == "__main__":
    main()
