"""engine.jars — the JARs of jars.lock: resolved once, their sums compared at every start.

Run as a module it is the throw-away session that resolves them: a process of its own, so that no JVM stays behind.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lakehouse import private
from lakehouse.engine import java, properties
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import SHARED, Settings, environment

LOCK = SHARED / "jars.lock"
S3A = "s3a"  # the section of what opens an object store
_BY_HAND = "put the files of jars.lock into a folder and name it by LAKEHOUSE_JARS"


@dataclass(frozen=True)
class Jar:
    """A line of jars.lock; its section, if it stands in one, says who needs it."""

    group: str
    artifact: str
    version: str
    sha256: str
    section: str = ""

    @property
    def file_name(self) -> str:
        """The name its publisher gives it."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        """The name it is resolved by."""
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(lock: Path = LOCK) -> list[Jar]:
    """Return the JARs that a lock file names, in its order."""
    jars, section = [], ""
    for line in (each.strip() for each in lock.read_text().splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            coordinate, sha256 = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, sha256, section))
    return jars


def needed(settings: Settings) -> list[Jar]:
    """Return the JARs that these settings ask for: those of S3A only where tables lie in an object store."""
    sections = {"", S3A} if settings.storage.uri else {""}
    return [jar for jar in read_lock() if jar.section in sections]


def folder(settings: Settings) -> Path:
    """Return where the JARs lie: the folder brought by hand, else one in the cache named after jars.lock."""
    if settings.java.jars:
        return Path(settings.java.jars).expanduser().absolute()
    return settings.cache_path / f"jars-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"


def paths(settings: Settings) -> list[Path]:
    """Return the JARs for Spark's class path, without network.

    Raises:
        LakehouseError: one is missing or its sum is not the lock's.
    """
    return _verify(needed(settings), folder(settings), _BY_HAND if settings.java.jars else "lakehouse setup")


def resolve(settings: Settings, say: Callable[[str], None]) -> list[Path]:
    """Return the JARs; fetch them first if the cache lacks one or holds an altered one.

    Raises:
        LakehouseError: they cannot be fetched or have other sums than jars.lock, those brought by hand are not
            complete, or there is no Java to resolve them with.
    """
    with suppress(LakehouseError):
        return paths(settings)
    if settings.java.jars:
        return paths(settings)  # what was brought by hand is not ours to mend
    wanted = needed(settings)
    say(f"Fetching {len(wanted)} JARs")
    private.make_cache(settings)
    with tempfile.TemporaryDirectory(dir=settings.cache_path, prefix=".jars-") as scratch:
        complete = Path(scratch, "complete")
        complete.mkdir()
        _fetch(settings, wanted, Path(scratch, "ivy"))
        for jar in wanted:
            Path(scratch, "ivy", "jars", f"{jar.group}_{jar.file_name}").rename(complete / jar.file_name)
        _verify(wanted, complete, _BY_HAND)
        _put(wanted, complete, folder(settings), Path(scratch, "replaced"))
    return paths(settings)


def _verify(wanted: list[Jar], where: Path, remedy: str = "") -> list[Path]:
    for jar in wanted:
        path = where / jar.file_name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        if found != jar.sha256:
            problem = f"{path} is missing." if found is None else f"{path} is not the file that jars.lock names."
            raise LakehouseError(problem, remedy, Exit.ENVIRONMENT)
    return [where / jar.file_name for jar in wanted]


def _put(wanted: list[Jar], complete: Path, target: Path, replaced: Path) -> None:
    """Rename a complete folder into place; where another set-up came first, with sound files, its folder stays."""
    with suppress(LakehouseError):
        _verify(wanted, target)
        return
    with suppress(FileNotFoundError):
        target.rename(replaced)
    with suppress(OSError):
        complete.rename(target)


def _fetch(settings: Settings, wanted: list[Jar], ivy: Path) -> None:
    log = settings.cache_path / "jars.log"
    ivy.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "lakehouse.engine.jars"],
        input=json.dumps(
            {
                "ivy": str(ivy),
                "coordinates": [jar.coordinate for jar in wanted],
                "java_options": settings.spark.java_options,
                "conf": {key: value for key, value in settings.spark.conf.items() if key.startswith("spark.jars.")},
            }
        ),
        env={**properties.without_embedded(environment()), "JAVA_HOME": str(java.find(environment()))},
        cwd=ivy,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        log.write_text(done.stdout + done.stderr)
        problem = f"The JARs could not be fetched (no network?); the trace is in {log}."
        raise LakehouseError(problem, _BY_HAND, Exit.ENVIRONMENT)


def _main() -> None:
    """Resolve what stdin asks for into an Ivy folder, by the command that Spark has for it."""
    from pyspark.sql import SparkSession

    wanted = json.load(sys.stdin)
    conf = {
        **wanted["conf"],
        "spark.jars.ivy": wanted["ivy"],
        "spark.driver.extraJavaOptions": wanted["java_options"],
        "spark.driver.memory": "512m",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
    }
    spark = SparkSession.builder.master("local[1]").config(map=conf).getOrCreate()
    for coordinate in wanted["coordinates"]:
        spark.sql(f"ADD JAR 'ivy://{coordinate}?transitive=false'")
    spark.stop()


if __name__ == "__main__":
    _main()
