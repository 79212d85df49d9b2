"""api.frames — what a card shows, as a pandas frame: the same questions, without a server.

from app.api import frame
frame("funnel-steps", lake="~/lakes/shop", range="90d", segment="new")
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from app import pages
from app.params import Params
from app.site import Site
from app.theme import LIGHT
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings, load

if TYPE_CHECKING:
    import pandas as pd


def queries() -> dict[str, str]:
    """Return every question that can be asked, with what it answers."""
    return {name: query.description for name, query in pages.all_queries().items()}


def frame(query: str, lake: str = "", settings: Settings | None = None, **params: str) -> "pd.DataFrame":
    """Ask a question of a lake's newest publication, or with run="7" of an older one.

    Args:
        query: one of `queries()`.
        lake: the lake's folder; that of the settings if empty.
        settings: where to look, those of this process unless given.
        params: the parameters of the site's addresses: range, segment, category, run and the pages' own.

    Returns:
        The rows; `attrs` holds `run`, `versions` and `params`.

    Raises:
        LakehouseError: no such question or parameter (exit code 2), or nothing is published.
    """
    import pandas as pd

    known = settings or load()
    known = replace(known, lake=replace(known.lake, path=lake)) if lake else known
    site = _site(known.lake_path.as_posix(), known)
    asked = pages.all_queries().get(query)
    if asked is None:
        raise LakehouseError(f"There is no question {query}.", f"one of: {', '.join(pages.all_queries())}", Exit.USAGE)
    chosen = Params(pages.all_params(), params.items())
    chosen.require_admitted()
    site.lakes[""].refresh()
    context = site.context(chosen, LIGHT)
    if context.publication is None:
        raise LakehouseError("This lake has published nothing yet.", "lakehouse run", Exit.USAGE)
    statement = asked(context)
    found = pd.DataFrame(context.publication.rows(statement.sql, **statement.parameters))
    run = context.publication.run
    found.attrs |= {
        "run": run.run_id,
        "versions": {name: run.versions[name] for name in statement.tables if name in run.versions},
    }
    found.attrs["params"] = dict(chosen)
    return found


_SITES: dict[str, Site] = {}


def _site(path: str, settings: Settings) -> Site:
    return _SITES.setdefault(path, Site(settings))
