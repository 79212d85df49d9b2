"""lakehouse.sections — the sections of conf/base.toml, each value with its type and what it may be."""

from dataclasses import dataclass
from typing import Annotated

from lakehouse.bounds import Choice, Pattern, Range, Size, Text

Share = Annotated[float, Range(0, 1)]
Part = Annotated[float, Range(0, 1, is_open=True)]
Count = Annotated[int, Range(1)]
KEPT_HOURS = Range(0, 100_000)  # eleven years: an instant before the year 1 cannot be told


@dataclass(frozen=True)
class Lake:
    """Where a lake lies."""

    path: Annotated[str, Text()]
    borrows: str


@dataclass(frozen=True)
class Storage:
    """The object store in which tables and landed files lie, if they do not lie in the lake's folder."""

    uri: Annotated[
        str, Pattern(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w.-]+)*", "s3://<bucket> or s3://<bucket>/<folder>")
    ]
    endpoint: Annotated[
        str, Pattern(r"https?://[\w.-]+(:[0-9]+)?", "http:// or https:// with a host, and a port if need be")
    ]
    region: Annotated[str, Text()]
    path_style: bool
    keys_from: Annotated[str, Choice(("environment", "instance"))]


@dataclass(frozen=True)
class Engine:
    """What runs the queries."""

    name: Annotated[str, Choice(("sail", "spark", "connect"))]
    remote: Annotated[str, Pattern(r"sc://[^/\s]+(/;\S+)?", "sc:// with a host, and a port if need be")]
    token: str
    memory: Annotated[str, Size(("",))]
    threads: Annotated[int, Range(0)]


@dataclass(frozen=True)
class Java:
    """Where the Delta JARs are found or kept."""

    jars: str
    cache: Annotated[str, Text()]


@dataclass(frozen=True)
class Spark:
    """How the one Spark session is built."""

    master: Annotated[str, Text()]
    driver_memory: Annotated[str, Size()]
    mllib_memory: Annotated[str, Size()]
    shuffle_partitions: Count
    max_partition_bytes: Annotated[str, Size()]
    broadcast_threshold: Annotated[str, Size(("-1",))]
    snapshot_partitions: Count
    java_options: str
    conf: dict[str, str]


@dataclass(frozen=True)
class Run:
    """How a run builds its tables."""

    threads: Count
    max_refused_share: Share
    max_changed_share: Annotated[float, Range(0)]


@dataclass(frozen=True)
class Maintenance:
    """How the files of tables are kept."""

    file_mb: Annotated[float, Range(0, is_open=True)]
    keep_hours: Annotated[int, KEPT_HOURS]


@dataclass(frozen=True)
class Sample:
    """Which synthetic sample `make run` lands."""

    scale: Annotated[float, Range(0, is_open=True)]
    seed: Annotated[int, Range(0)]
    faults: Share


@dataclass(frozen=True)
class Model:
    """How purchase intent is trained and evaluated."""

    name: Annotated[str, Text()]
    test_share: Part
    slice_share: Part
    gap_days: Annotated[int, Range(0)]
    max_examples: Count
    max_iter: Count


@dataclass(frozen=True)
class Monitor:
    """From when on a week of predictions counts as drifted, and how many such weeks ask for a new training."""

    psi: Annotated[float, Range(0, is_open=True)]
    missing: Share
    log_loss: Annotated[float, Range(0)]
    calibration: Annotated[float, Range(1, is_open=True)]
    windows: Count
    drifted_windows: Count


@dataclass(frozen=True)
class Recommend:
    """How recommendations are evaluated, and the matrix factorization that they are compared with."""

    test_hours: Annotated[float, Range(0, is_open=True)]
    als_rank: Count
    als_iterations: Count
    als_reg: Annotated[float, Range(0)]
    als_alpha: Annotated[float, Range(0, is_open=True)]


@dataclass(frozen=True)
class Mlflow:
    """Where the MLflow UI listens (127.0.0.1 only)."""

    port: Annotated[int, Range(1, 65535)]


@dataclass(frozen=True)
class Datasets:
    """What readers may bring to the site, each of them, and how long it stays unused."""

    most: Count
    quota: Annotated[str, Size()]
    keep_days: Annotated[float, Range(0, 100_000)]


@dataclass(frozen=True)
class App:
    """Where the site listens (at port 0 the system chooses one), what it offers, and to whom."""

    host: Annotated[str, Text()]
    port: Annotated[int, Range(0, 65535)]
    memory_mb: Count
    lakes: list[str]
    names: list[str]
    base_path: str
    password_hash: str
    query_idle_minutes: Annotated[float, Range(0, 100_000, is_open=True)]


@dataclass(frozen=True)
class Jobs:
    """What the site does in processes of their own, and how long it keeps what came of it."""

    workers: Annotated[int, Range(1, 16)]
    keep_days: Annotated[float, Range(0, 3650, is_open=True)]
    quota: Annotated[str, Size()]
    upload: Annotated[str, Size()]
