"""components.grid — rows to sort and filter, laid out by AG Grid in the browser alone (assets/grid.js)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.parts import data


@dataclass(frozen=True)
class Column:
    """A column of a grid.

    Attributes:
        name: its heading.
        kind: how its filter works: `text` finds a part of what is shown, `choice` offers the values that there are,
            `number` compares.
        unit: of a number, where what is shown is written in other words.
    """

    name: str
    kind: str = "number"
    unit: str = ""


def grid(
    identity: str, label: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], sort: tuple[str, str]
) -> Component:
    """Lay out rows that can be sorted by any column and filtered by all of them.

    Sorting, filters and focus survive that the rows are replaced by newer ones.

    Args:
        identity: `<page>-<thing>`.
        label: what the rows are, for those who cannot see them.
        columns: in their order; the first names the row.
        rows: a cell for each column: text or a number, or both as (what is sorted and compared, what is shown).
        sort: the column by which the rows already come sorted, and `ascending` or `descending`.
    """
    content = {"label": label, "columns": [asdict(each) for each in columns], "sort": sort, "rows": rows}
    return html.Div(id=identity, className="grid-slot", **data(grid=json.dumps(content)))
