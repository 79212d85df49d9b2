"""journeys.figures — retention as a triangle of cells, paths as a Sankey diagram."""

from collections.abc import Sequence

import plotly.graph_objects as go

from app import wording
from app.charts import heat
from app.charts.template import figure
from app.pages.journeys.numbers import END, Cohort, Flow
from app.theme import Palette


def retention(cohorts: Sequence[Cohort], palette: Palette) -> go.Figure:
    """Draw which share of each cohort came again, by weeks; what cannot be known yet is blank."""
    weeks = max((len(each.returned) for each in cohorts), default=1)
    later = list(range(1, weeks))
    rows = [each.shares()[1:] for each in cohorts]
    texts = [["" if share is None else wording.percent(share, 1) for share in row] for row in rows]
    hovers = [
        [
            f"{wording.count(each.returned[week] or 0)} of {wording.count(each.size)}, {week} week{wording.plural(week)} later"
            for week in later
        ]
        for each in cohorts
    ]
    names = [f"{wording.short_day(each.week)} · {wording.count(each.size)}" for each in cohorts]
    shares = sorted(share for row in rows for share in row if share is not None)
    highest = shares[int(0.98 * (len(shares) - 1))] if shares else 1
    drawn = heat.cells(later, names, rows, hovers, palette, texts, gap=2, highest=highest or 1)
    drawn.update_xaxes(side="top", tickvals=later, ticktext=[f"{week} wk" for week in later])
    drawn.update_layout(margin={"t": 24})
    return drawn


def paths(flows: Sequence[Flow], palette: Palette) -> go.Figure:
    """Draw how visits go from step to step."""
    nodes = sorted({node for flow in flows for node in (flow.source, flow.target)})
    place = {node: number for number, node in enumerate(nodes)}
    drawn = figure(palette, margin={"t": 8, "b": 8, "l": 0, "r": 0})
    drawn.add_sankey(
        arrangement="snap",
        node={
            "label": [name for _, name in nodes],
            "color": [_colour(name, palette) for _, name in nodes],
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


def _colour(name: str, palette: Palette) -> str:
    if name == END:
        return palette.previous
    return {"View": palette.view, "Cart": palette.cart, "Purchase": palette.purchase}.get(
        name.partition(",")[0], palette.other
    )
