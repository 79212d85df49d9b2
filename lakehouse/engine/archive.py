"""engine.archive — the JVM's class archive: a third of a cold start is loading classes, so they are loaded once."""

import hashlib
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from lakehouse import private
from lakehouse.engine import jars, java
from lakehouse.errors import LakehouseError
from lakehouse.sections import Lake
from lakehouse.settings import Settings, environment

TRAINING = "lakehouse.engine.archive_training"

# An archive that no longer fits is passed over without a word; these keep the JVM's warning off the terminal.
_USE = ("-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def options(settings: Settings, java_home: Path) -> list[str]:
    """Return the JVM options that use the archive made for exactly this session; none if there is none.

    They belong behind `settings.spark.java_options` in `spark.driver.extraJavaOptions`.
    """
    path = find(settings, java_home)
    return [f'-XX:SharedArchiveFile="{path}"', *_USE] if path else []


def find(settings: Settings, java_home: Path) -> Path | None:
    """Return the archive for this session, or None.

    The JVM crashes on a file cut short, so the name holds its size and any other size is none.
    """
    owner, contents = _identity(settings, java_home)
    found = settings.cache_path.glob(f"classes-{owner}-{contents}-*.jsa")
    return next((path for path in found if path.stem.rpartition("-")[2] == str(path.stat().st_size)), None)


def make(settings: Settings, java_home: Path, say: Callable[[str], None]) -> Path | None:
    """Make the archive unless it is there, and delete the one it follows; None if it cannot be made.

    A lakehouse works without it, so no failure leaves this function: the reason stands in the cache's archive.log.
    """
    existing = find(settings, java_home)
    if existing:
        return existing
    say("Making the JVM's class archive; it saves seconds at each start")
    try:
        return _make(settings, java_home)
    except (OSError, LakehouseError, subprocess.SubprocessError) as error:
        say(f"The class archive could not be made ({error}); Spark starts slower without it")
        return None


def _make(settings: Settings, java_home: Path) -> Path:
    owner, contents = _identity(settings, java_home)
    private.make_cache(settings)
    with tempfile.TemporaryDirectory(dir=settings.cache_path, prefix=".classes-") as scratch:
        made = Path(scratch, "classes.jsa")
        # C1 alone compiles the short training in half the time and changes nothing about the classes.
        training = f'{settings.spark.java_options} -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit="{made}"'
        trained = replace(
            settings,
            lake=Lake(path=str(Path(scratch, "lake")), tables_uri=""),
            spark=replace(settings.spark, master="local[2]", java_options=training),
        )
        done = subprocess.run(
            [sys.executable, "-m", TRAINING],
            input=pickle.dumps(trained),
            env={**environment(), "JAVA_HOME": str(java_home)},
            cwd=scratch,
            capture_output=True,
            timeout=600,
        )
        if done.returncode or not made.is_file():
            log = settings.cache_path / "archive.log"
            log.write_bytes(done.stdout + done.stderr)
            raise LakehouseError(f"see {log}")
        for old in settings.cache_path.glob(f"classes-{owner}-*.jsa"):
            old.unlink(missing_ok=True)
        return made.rename(settings.cache_path / f"classes-{owner}-{contents}-{made.stat().st_size}.jsa")


def _identity(settings: Settings, java_home: Path) -> tuple[str, str]:
    """Return whose archive it is (this installation, these options) and of what (all that the JVM compares)."""
    spec = find_spec("pyspark")
    owner = [spec.origin if spec else "", settings.spark.java_options]
    contents = [java.version(java_home), version("pyspark"), str(jars.folder(settings)), jars.LOCK.read_text()]
    contents.append(Path(__file__).with_name("archive_training.py").read_text())  # what it loads
    digests = (hashlib.sha256("\0".join(map(str, each)).encode()).hexdigest()[:12] for each in (owner, contents))
    return next(digests), next(digests)
