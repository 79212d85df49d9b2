"""app.site — everything that the site shows: its lakes, their tables within one budget, and answers that are kept."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flask import has_request_context, request

from app import pages
from app.context import PageContext
from app.data.cache import AnswerCache
from app.data.publication import Published
from app.data.tables import TableStore
from app.datasets.store import Datasets
from app.jobs.desk import Desk
from app.params import Params
from app.sql.pool import Pool
from app.theme import LIGHT, PALETTES, Palette
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

SCHEME_COOKIE = "scheme"  # the browser says in it which palette it shows


class Lakes(Mapping[str, Published]):
    """The lakes by name. Those that readers brought are there for who knows their names, and are not counted up."""

    def __init__(self, configured: Mapping[str, Settings], datasets: Datasets, tables: TableStore) -> None:
        """Look at the lakes; nothing is read yet."""
        self._datasets = datasets
        self._tables = tables
        self._configured = {name: Published(name, each, tables) for name, each in configured.items()}
        self._brought: dict[str, Published] = {}

    def __getitem__(self, name: str) -> Published:
        """Return a lake.

        Raises:
            KeyError: there is none of this name.
        """
        if name in self._configured:
            return self._configured[name]
        settings = self._datasets.settings(name)
        if settings is None:
            self._brought.pop(name, None)
            raise KeyError(name)
        if name not in self._brought:
            self._brought[name] = Published(name, settings, self._tables)
        return self._brought[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of those that the settings name."""
        return iter(self._configured)

    def __len__(self) -> int:
        """Count those."""
        return len(self._configured)


class Site:
    """The lakes that the site offers: its own, and those that `app.lakes` names."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lakes; nothing is read yet.

        Raises:
            LakehouseError: `app.lakes` does not say name=folder (exit code 2).
        """
        self.settings = settings
        self.tables = TableStore(pages.all_columns(), settings.app.memory_mb)
        self.answers = AnswerCache()
        self.datasets = Datasets(settings)
        self.lakes: Mapping[str, Published] = Lakes(_lakes(settings), self.datasets, self.tables)
        self.jobs = Desk(settings, self.lakes)
        self.queries = Pool(settings.app.query_idle_minutes)

    def context(self, params: Params, palette: Palette | None = None) -> PageContext:
        """Return what a page is drawn from.

        Raises:
            LakehouseError: there is no such lake or run (exit code 2).
        """
        if params["lake"] not in self.lakes:
            names = ", ".join(name or "(its own)" for name in self.lakes)
            raise LakehouseError(f"The site has no dataset {params['lake']}.", f"it has: {names}", Exit.USAGE)
        lake = self.lakes[params["lake"]]
        self.datasets.use(lake.name)
        shown = lake.at(int(params["run"])) if params["run"] else lake.current()
        return PageContext(lake, shown, params, self.answers, palette or _palette(), desk=self.jobs)


def base_path(settings: Settings) -> str:
    """Return the path under which the site lies, with a slash at both ends."""
    inner = settings.app.base_path.strip("/")
    return f"/{inner}/" if inner else "/"


def _lakes(settings: Settings) -> dict[str, Settings]:
    found = {"": settings}
    for each in settings.app.lakes:
        name, _, path = each.partition("=")
        if not name.strip() or not path.strip():
            raise LakehouseError(f"app.lakes holds {each!r}.", "write each as name=folder", Exit.USAGE)
        lake = replace(settings.lake, path=path.strip())
        found[name.strip()] = replace(settings, lake=lake, storage=replace(settings.storage, uri=""))
    return found


def _palette() -> Palette:
    scheme = request.cookies.get(SCHEME_COOKIE, "") if has_request_context() else ""
    return PALETTES.get(scheme, LIGHT)
