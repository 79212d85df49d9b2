"""journeys.figures — retention as a triangle of cells, paths as a Sankey diagram."""

from collections import Counter
from collections.abc import Mapping, Sequence

from app import wording
from app.charts import heat
from app.charts.template import Figure, figure
from app.pages.journeys.numbers import END, REST, Cohort, Flow
from app.theme import Palette

GAP = 0.045  # between two steps at one place, as a share of the height


def retention(cohorts: Sequence[Cohort], palette: Palette) -> Figure:
    """Draw which share of each cohort came again, by weeks; what cannot be known yet is blank."""
    weeks = max((sum(each is not None for each in cohort.returned) for cohort in cohorts), default=1)
    later = list(range(1, weeks))
    rows = [each.shares()[1:weeks] for each in cohorts]
    texts = [["" if share is None else wording.percent(share, 1) for share in row] for row in rows]
    hovers = [
        [
            f"{wording.count(each.returned[week] or 0)} of {wording.count(each.size)}, {week} "
            f"week{wording.plural(week)} later"
            for week in later
        ]
        for each in cohorts
    ]
    names = [f"{wording.short_day(each.week)} · {wording.count(each.size)}" for each in cohorts]
    shares = sorted(share for row in rows for share in row if share is not None)
    highest = shares[int(0.98 * (len(shares) - 1))] if shares else 1
    drawn = heat.cells(later, names, rows, hovers, palette, texts, gap=2, highest=highest or 1)
    drawn.update_xaxes(side="top", tickvals=later, ticktext=[f"{week} wk" for week in later])
    drawn.layout["margin"] = {"t": 24}
    return drawn


def paths(flows: Sequence[Flow], steps: int, palette: Palette) -> Figure:
    """Draw how visits go from step to step: a column for each place, the most frequent step at the top."""
    sizes: Counter[tuple[int, str]] = Counter()
    for flow in flows:
        sizes[flow.target] += flow.visits
        if flow.source[0] == 0:
            sizes[flow.source] += flow.visits
    nodes = sorted(sizes, key=lambda node: (node[0], node[1] in (END, REST), -sizes[node]))
    place = {node: number for number, node in enumerate(nodes)}
    drawn = figure(palette, margin={"t": 8, "b": 8, "l": 0, "r": 0})
    drawn.add_sankey(
        arrangement="fixed",
        node={
            "label": [name for _, name in nodes],
            "color": [_colour(name, palette) for _, name in nodes],
            "x": [0.001 + 0.998 * column / max(steps - 1, 1) for column, _ in nodes],
            "y": _heights(nodes, sizes),
            "pad": 14,
            "thickness": 12,
            "line": {"width": 0},
            "hovertemplate": "%{label}: %{value:,.0f} visits<extra></extra>",
        },
        link={
            "source": [place[flow.source] for flow in flows],
            "target": [place[flow.target] for flow in flows],
            "value": [flow.visits for flow in flows],
            "color": [palette.line] * len(flows),
            "hovertemplate": "%{source.label} → %{target.label}: %{value:,.0f} visits<extra></extra>",
        },
        textfont={"color": palette.ink, "size": 12, "shadow": "none"},
    )
    return drawn


def _heights(nodes: Sequence[tuple[int, str]], sizes: Mapping[tuple[int, str], int]) -> list[float]:
    """Return the middle of each node, from the top, as a share of the height."""
    columns = Counter(column for column, _ in nodes)
    whole = sum(size for (column, _), size in sizes.items() if column == 0) or 1
    room = 1 - GAP * max(columns.values(), default=0)
    top: dict[int, float] = {}
    heights = []
    for node in nodes:
        size = sizes[node] / whole * room
        heights.append(min(max(top.get(node[0], 0.0) + size / 2, 0.001), 0.999))
        top[node[0]] = top.get(node[0], 0.0) + size + GAP
    return heights


def _colour(name: str, palette: Palette) -> str:
    if name == END:
        return palette.previous
    return {"View": palette.view, "Cart": palette.cart, "Purchase": palette.purchase}.get(
        name.partition(",")[0], palette.other
    )
