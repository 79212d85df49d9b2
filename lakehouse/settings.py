"""lakehouse.settings — conf/base.toml, overlaid by conf/<env>.toml and LAKEHOUSE_* variables; frozen and typed.

The only module that reads the environment. A key that base.toml does not hold is an error.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from typing import Any, get_args, get_type_hints

from lakehouse.errors import Exit, LakehouseError

PROJECT = Path(__file__).resolve().parents[1]
CONF = PROJECT / "conf"
SHORT_NAMES = {"LAKEHOUSE_LAKE": "lake.path", "LAKEHOUSE_JARS": "java.jars"}
NOT_SETTINGS = {"LAKEHOUSE_ENV", "LAKEHOUSE_FAILPOINT"}


@dataclass(frozen=True)
class Lake:
    """Where a lake lies."""

    path: str
    tables_uri: str


@dataclass(frozen=True)
class Engine:
    """What runs frames: `sail` or `spark`; the embedded engine's memory (empty: what suits the machine) and threads."""

    name: str
    memory: str
    threads: int


@dataclass(frozen=True)
class Java:
    """Where the Delta JARs are found or kept."""

    jars: str
    cache: str


@dataclass(frozen=True)
class Spark:
    """How the one Spark session is built."""

    master: str
    driver_memory: str
    shuffle_partitions: int
    max_partition_bytes: str
    broadcast_threshold: str
    snapshot_partitions: int
    java_options: str
    conf: dict[str, str]


@dataclass(frozen=True)
class Run:
    """How a run builds its tables."""

    threads: int
    max_refused_share: float
    max_changed_share: float


@dataclass(frozen=True)
class Maintenance:
    """How the files of tables are kept."""

    file_mb: float
    keep_hours: int


@dataclass(frozen=True)
class Sample:
    """Which synthetic sample `make run` lands."""

    scale: float
    seed: int
    faults: float


@dataclass(frozen=True)
class Model:
    """How purchase intent is trained and evaluated."""

    name: str
    test_share: float
    validation_share: float
    gap_days: int
    max_iter: int
    reg_param: float
    champion_margin: float


@dataclass(frozen=True)
class Mlflow:
    """Where the MLflow UI listens (127.0.0.1 only)."""

    port: int


@dataclass(frozen=True)
class App:
    """Where the site listens."""

    host: str
    port: int


@dataclass(frozen=True)
class Settings:
    """Every setting, and for each dotted key the file or variable it came from."""

    layers: list[str]
    lake: Lake
    engine: Engine
    java: Java
    spark: Spark
    run: Run
    maintenance: Maintenance
    sample: Sample
    model: Model
    mlflow: Mlflow
    app: App
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def lake_path(self) -> Path:
        """The lake's folder, absolute: relative paths start at the current directory."""
        return Path(self.lake.path).expanduser().absolute()

    @property
    def spill_path(self) -> Path:
        """The folder of what does not fit into memory, and of frames that are needed twice."""
        return self.lake_path / ".spill"

    @property
    def cache_path(self) -> Path:
        """The folder of resolved JARs and class archives, shared by all lakes."""
        return Path(self.java.cache).expanduser().absolute()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Args:
        environ: the environment, `os.environ` unless given.

    Returns:
        The settings, with `origins` as dotted key -> file name or variable.

    Raises:
        LakehouseError: an unknown key, environment or variable, or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for path in [CONF / "base.toml", *_overlay(environ.get("LAKEHOUSE_ENV", ""))]:
        for key, value in _flatten(tomllib.loads(path.read_text()), {"spark.conf"}):
            if path.name != "base.toml" and key not in values:
                raise _unknown(f"{key} in conf/{path.name}", key, values)
            values[key], origins[key] = value, f"conf/{path.name}"
    for variable in sorted(name for name in environ if name.startswith("LAKEHOUSE_") and name not in NOT_SETTINGS):
        key = SHORT_NAMES.get(variable, variable.removeprefix("LAKEHOUSE_").lower().replace("__", "."))
        if key not in values:
            raise _unknown(variable, key, values)
        values[key], origins[key] = _parse(environ[variable], values[key], variable), variable
    return _build(Settings, values, origins, prefix="")


def values(settings: Settings) -> dict[str, Any]:
    """Return every setting by its dotted key, in the order of conf/base.toml."""
    tree = asdict(settings)
    return {key: reduce(lambda part, name: part[name], key.split("."), tree) for key in settings.origins}


def log_file(settings: Settings) -> Path:
    """Return a new file for the trace of an unforeseen error, in the lake's folder `logs`."""
    folder = settings.lake_path / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"


def environment() -> dict[str, str]:
    """Return a copy of this process's environment, for finding programs and starting children."""
    return dict(os.environ)


def _overlay(env: str) -> list[Path]:
    if not env:
        return []
    path = CONF / f"{env}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONF.glob("*.toml") if p.stem != "base"))
        raise LakehouseError(f"LAKEHOUSE_ENV={env} names no file conf/{env}.toml.", f"use one of: {known}", Exit.USAGE)
    return [path]


def _flatten(tree: Mapping[str, Any], leaves: set[str], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in tree.items():
        key = prefix + name
        if isinstance(value, dict) and key not in leaves:
            pairs += _flatten(value, leaves, f"{key}.")
        else:
            pairs.append((key, value))
    return pairs


def _parse(text: str, default: Any, variable: str) -> Any:
    """Read a variable's text as TOML, unless the setting is a text itself."""
    if isinstance(default, str):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise LakehouseError(f"{variable}={text} is no {type(default).__name__}.", code=Exit.USAGE) from error


def _unknown(where: str, key: str, known: Mapping[str, Any]) -> LakehouseError:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`lakehouse config` lists every setting"
    return LakehouseError(f"Unknown setting {where}.", hint, Exit.USAGE)


def _build(cls: Any, values: Mapping[str, Any], origins: Mapping[str, str], prefix: str) -> Any:
    hints = get_type_hints(cls)
    arguments: dict[str, Any] = {}
    for each in fields(cls):
        hint, key = hints[each.name], prefix + each.name
        if each.name == "origins":
            arguments["origins"] = dict(origins)
        elif is_dataclass(hint):
            arguments[each.name] = _build(hint, values, origins, f"{key}.")
        else:
            arguments[each.name] = _typed(key, values[key], hint, origins[key])
    return cls(**arguments)


def _typed(key: str, value: Any, hint: Any, origin: str) -> Any:
    wanted = hint.__origin__ if get_args(hint) else hint
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise LakehouseError(f"{key} = {value!r} in {origin} is no {wanted.__name__}.", code=Exit.USAGE)
    return value
