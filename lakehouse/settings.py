"""lakehouse.settings — conf/base.toml, overlaid by conf/<env>.toml and LAKEHOUSE_* variables; frozen and typed.

The only module that reads the environment. A key that base.toml does not hold is an error.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import reduce
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from lakehouse import object_store, secrets
from lakehouse.bounds import Bound
from lakehouse.errors import Exit, LakehouseError
from lakehouse.object_store import Keys, ObjectStore
from lakehouse.sections import (
    App,
    Datasets,
    Engine,
    Java,
    Jobs,
    Lake,
    Maintenance,
    Mlflow,
    Model,
    Monitor,
    Recommend,
    Run,
    Sample,
    Spark,
    Storage,
)

PROJECT = Path(__file__).resolve().parents[1]


def _beside_packages() -> Path:
    """Return the folder of conf/ and jars.lock: the checkout, or where a wheel put them."""
    if not (PROJECT / "conf" / "base.toml").is_file():
        try:
            found = [each for each in files("clickstream-lakehouse") or [] if each.match("conf/base.toml")]
            return Path(str(found[0].locate())).resolve().parents[1]
        except (PackageNotFoundError, IndexError):
            pass
    return PROJECT


SHARED = _beside_packages()
CONF = SHARED / "conf"
SHORT_NAMES = {"LAKEHOUSE_LAKE": "lake.path", "LAKEHOUSE_JARS": "java.jars"}
NOT_SETTINGS = {"LAKEHOUSE_ENV", "LAKEHOUSE_FAILPOINT"}
ODD = '%#?*[]{}|^\\"'  # in a lake's path: a URL, a pattern or a library gives them another meaning
WORDS = {int: "a whole number", float: "a number", str: "a text", list: "a list of texts", dict: "a table of texts"}


@dataclass(frozen=True)
class Settings:
    """Every setting, for each dotted key the file or variable it came from, and the keys that open the object store."""

    layers: list[str]
    lake: Lake
    storage: Storage
    engine: Engine
    java: Java
    spark: Spark
    run: Run
    maintenance: Maintenance
    sample: Sample
    model: Model
    monitor: Monitor
    recommend: Recommend
    mlflow: Mlflow
    datasets: Datasets
    app: App
    jobs: Jobs
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    keys: Keys = field(default_factory=Keys, compare=False)

    def __post_init__(self) -> None:
        """Refuse a lake whose path no table could be written to, before anything is.

        Raises:
            LakehouseError: it holds a character that a library would misread (exit code 2).
        """
        path = str(self.lake_path)
        odd = [each for each in sorted(set(path)) if each in ODD or each < " " or "\x7f" <= each < "\xa0"]
        odd += [each for each in sorted(set(path)) if "\ud800" <= each <= "\udfff"]  # bytes that are not UTF-8
        if odd:
            message = f"The lake's path {_visible(path)} holds {' '.join(map(_visible, odd))}, which Delta cannot read."
            raise LakehouseError(message, "LAKEHOUSE_LAKE=<a folder with another name>", Exit.USAGE)

    @property
    def lake_path(self) -> Path:
        """The lake's folder, absolute: relative paths start at the current directory."""
        return _absolute("lake.path", self.lake.path)

    @property
    def root(self) -> str:
        """Where tables and landed files lie: the lake's folder, or the one in the object store."""
        return self.storage.uri or str(self.lake_path)

    @property
    def object_store(self) -> ObjectStore | None:
        """The object store of this lake, None where all of it lies on this machine: see `object_store.of`."""
        return object_store.of(self.storage, self.keys)

    @property
    def hidden(self) -> dict[str, str]:
        """Every secret that an error might quote, by names that tell that it is one."""
        return {**self.spark.conf, **{f"secret.{name}": value for name, value in self.keys.given.items()}}

    @property
    def spill_path(self) -> Path:
        """The folder of what does not fit into memory, and of frames that are needed twice."""
        return self.lake_path / ".spill"

    @property
    def cache_path(self) -> Path:
        """The folder of resolved JARs, shared by all lakes; the lake's own if there is no home."""
        is_default = self.origins.get("java.cache", "conf/base.toml") == "conf/base.toml"
        if is_default and not _can_be_used(Path(self.java.cache)):
            return self.lake_path / ".cache"
        return _absolute("java.cache", self.java.cache)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Args:
        environ: the environment, `os.environ` unless given.

    Returns:
        The settings, with `origins` as dotted key -> file name or variable.

    Raises:
        LakehouseError: an unknown key, environment or variable, or a value of the wrong type or out of bounds.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for path in [CONF / "base.toml", *_overlay(environ.get("LAKEHOUSE_ENV", ""))]:
        for key, value in _flatten(_read(path), {"spark.conf"}):
            if path.name != "base.toml" and key not in values:
                raise _unknown(f"{key} in conf/{path.name}", key, values)
            values[key], origins[key] = value, f"conf/{path.name}"
    for variable in sorted(name for name in environ if name.startswith("LAKEHOUSE_") and name not in NOT_SETTINGS):
        key = SHORT_NAMES.get(variable, variable.removeprefix("LAKEHOUSE_").lower().replace("__", "."))
        if key not in values:
            raise _unknown(variable, key, values)
        values[key], origins[key] = _parse(environ[variable], values[key], variable), variable
    return replace(_build(Settings, values, origins, prefix=""), keys=Keys.of(environ))


def values(settings: Settings) -> dict[str, Any]:
    """Return every setting by its dotted key, in the order of conf/base.toml."""
    tree = asdict(settings)
    return {key: reduce(lambda part, name: part[name], key.split("."), tree) for key in settings.origins}


def shown(settings: Settings) -> dict[str, Any]:
    """Return the same with every secret masked."""
    return {key: secrets.mask(value, key) for key, value in values(settings).items()}


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


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LakehouseError(f"conf/{path.name} is not a TOML file: {error}.", code=Exit.USAGE) from error


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
        given = variable if isinstance(default, dict) else f"{variable}={text}"  # a table may hold secrets
        raise LakehouseError(f"{given} is not {WORDS[type(default)]}.", code=Exit.USAGE) from error


def _unknown(where: str, key: str, known: Mapping[str, Any]) -> LakehouseError:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`lakehouse config` lists every setting"
    return LakehouseError(f"Unknown setting {where}.", hint, Exit.USAGE)


def _build(cls: Any, values: Mapping[str, Any], origins: Mapping[str, str], prefix: str) -> Any:
    hints = get_type_hints(cls, include_extras=True)
    arguments: dict[str, Any] = {}
    for each in fields(cls):
        hint, key = hints[each.name], prefix + each.name
        if each.name == "keys":
            continue
        if each.name == "origins":
            arguments["origins"] = dict(origins)
        elif is_dataclass(hint):
            arguments[each.name] = _build(hint, values, origins, f"{key}.")
        else:
            arguments[each.name] = _convert(key, values[key], hint, origins[key])
    return cls(**arguments)


def _convert(key: str, value: Any, hint: Any, origin: str) -> Any:
    """Return a value of the hint's type; an integer may stand for a float.

    Raises:
        LakehouseError: it has another type, or is out of the bound that the hint carries.
    """
    kind, bounds = (get_args(hint)[0], get_args(hint)[1:]) if get_origin(hint) is Annotated else (hint, ())
    wanted = get_origin(kind) or kind
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    given = (
        f"{key} in {origin}"
        if wanted is dict or secrets.is_secret(key)
        else f"{key} = {secrets.hide(repr(value))} in {origin}"
    )
    parts = [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    if (
        not isinstance(value, wanted)
        or (wanted is int and isinstance(value, bool))
        or not all(isinstance(each, str) for each in parts)
    ):
        raise LakehouseError(f"{given} is not {WORDS[wanted]}.", code=Exit.USAGE)
    broken: list[Bound] = [each for each in bounds if not each.admits(value)]
    if broken:
        raise LakehouseError(f"{given} is out of bounds: it must be {broken[0]}.", code=Exit.USAGE)
    return value


def _absolute(key: str, text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        message = f"{key} = {text} starts at a home folder, and this user has none."
        raise LakehouseError(message, "name a folder by its full path", Exit.USAGE) from error
    except FileNotFoundError as error:
        message = "The current folder is gone, and the lake's path starts there."
        raise LakehouseError(message, "cd to a folder that is there", Exit.USAGE) from error


def _visible(text: str) -> str:
    """Return a text with escapes for what a terminal would not show."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _can_be_used(folder: Path) -> bool:
    """Say whether a folder below the home folder is there, or can be made there."""
    try:
        home, path = Path.home(), folder.expanduser()
    except RuntimeError:  # nobody knows this user
        return False
    if not home.is_dir():
        return False
    there = next(each for each in [path, *path.parents] if os.access(each, os.F_OK))
    return os.access(there, os.W_OK | os.X_OK) or (there == path and os.access(path, os.R_OK | os.X_OK))
