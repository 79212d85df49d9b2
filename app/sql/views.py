"""sql.views — the published tables of one run as views of a session, and the second look at what a query reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark.sql import DataFrame

from app.sql import allowed, plan
from app.sql.text import Refused
from lakehouse.errors import Exit, LakehouseError
from lakehouse.storage.store import Store


@dataclass(frozen=True)
class PublishedTable:
    """One version of a published table; the id is empty where an older release wrote none down."""

    name: str
    version: int
    id: str = ""


@dataclass
class Views:
    """The views that a session has; each is made when a query first asks for it.

    Attributes:
        store: the lake's; its log tells the files of a version, and each is compared with its digest.
        made: view -> the table it shows.
        sources: what the leaves of the views' plans read.
    """

    store: Store
    made: dict[str, PublishedTable] = field(default_factory=dict)
    sources: dict[str, set[str]] = field(default_factory=dict)

    def make(self, tables: Mapping[str, PublishedTable], names: Iterable[str]) -> None:
        """Let views show the versions that are wanted.

        Raises:
            LakehouseError: a table was made anew since, or a file of it is missing or damaged (exit code 3).
        """
        for view in names:
            wanted = tables[view]
            if self.made.get(view) == wanted:
                continue
            if wanted.id and self.store.id(wanted.name) != wanted.id:
                message = f"{wanted.name} was made anew since this run published it."
                raise LakehouseError(message, "ask the newest run", Exit.REFUSED)
            frame = self.store.read(wanted.name, wanted.version)
            frame.createOrReplaceTempView(view)
            self.made[view] = wanted
            self.sources[view] = set(self._sources(frame))

    def require_published(self, frame: DataFrame, names: Iterable[str]) -> None:
        """Look at an analysed query again: whatever it reads must be a view that it names.

        Raises:
            Refused: it reads something else.
        """
        known = {source for view in names for source in self.sources[view]}
        if not set(self._sources(frame)) <= known:
            raise Refused("analysis", "The query reads something that is not published.")

    def _sources(self, frame: DataFrame) -> list[str]:
        jvm: Any = self.store.spark._jvm
        analysed = frame._jdf.queryExecution().analyzed()
        leaves = plan.leaves(analysed, jvm)
        return [_source(kind, leaf) for kind, leaf in leaves if kind not in allowed.HARMLESS_LEAVES]


def _source(kind: str, leaf: JavaObject) -> str:
    """Return what a leaf reads: its files where it is a table, else what nothing published has as its name."""
    if kind != allowed.TABLE_LEAF:
        return kind
    relation = leaf.relation()
    location = relation.location() if "HadoopFsRelation" in relation.getClass().getName() else None
    return str(location.rootPaths().mkString("\n")) if location else kind
