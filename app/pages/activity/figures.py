"""activity.figures — hours of the week, days, a calendar, and lengths of visits."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app import wording
from app.charts import annotations, heat
from app.charts.template import CLEAR, Figure, figure, stacked
from app.theme import Palette

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hours(rows: Sequence[Mapping[str, float]], noun: str, palette: Palette) -> Figure:
    """Draw the average of each hour of the week."""
    found = {(row["weekday"], row["event_hour"]): row for row in rows}
    values = [[_average(found.get((day, hour))) for hour in range(24)] for day in range(1, 8)]
    hovers = [
        [f"{WEEKDAYS[day]} {hour}–{hour + 1} h UTC: {_digits(values[day][hour])} {noun} an hour" for hour in range(24)]
        for day in range(7)
    ]
    drawn = heat.cells(list(range(24)), WEEKDAYS, values, hovers, palette)
    drawn.layout["margin"] = {"b": 22}
    drawn.update_xaxes(tickvals=list(range(0, 24, 3)), ticktext=[f"{hour} h" for hour in range(0, 24, 3)])
    return drawn


def by_day(rows: Sequence[Mapping[str, object]], palette: Palette) -> Figure:
    """Draw views, carts and purchases by day, one above the other: they differ too much in size for one axis."""
    drawn = stacked(palette, [0.42, 0.29, 0.29], 0.13)
    x = [row["event_date"] for row in rows]
    panels = (
        ("Views", "num_views", palette.view),
        ("Carts", "num_adds", palette.cart),
        ("Purchased items", "num_transactions", palette.purchase),
    )
    for place, (name, column, colour) in enumerate(panels, 1):
        drawn.add_scatter(
            x=x,
            y=[row[column] for row in rows],
            name=name,
            row=place,
            mode="lines+markers" if len(x) == 1 else "lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"%{{y:,.0f}}<extra>{name}</extra>",
        )
        annotations.heading(drawn, name, drawn.top(place), palette)
    drawn.update_yaxes(zeroline=True, ticks="outside", ticklen=6, tickcolor=CLEAR, nticks=3, tickformat=",.0f")
    drawn.update_xaxes(**annotations.day_axis(x))  # type: ignore[arg-type]
    return drawn


def calendar(by_date: Mapping[date, int], noun: str, palette: Palette) -> Figure:
    """Draw every day as a cell: a column is a week, a row a weekday."""
    first = min(by_date) - timedelta(days=min(by_date).weekday())
    weeks = (max(by_date) - first).days // 7 + 1
    days = [[first + timedelta(days=7 * week + weekday) for week in range(weeks)] for weekday in range(7)]
    values = [[by_date.get(day) for day in row] for row in days]
    hovers = [
        [f"{day:%a} {wording.day(day)}: {wording.count(by_date.get(day, 0))} {noun}" for day in row] for row in days
    ]
    drawn = heat.cells(list(range(weeks)), WEEKDAYS, values, hovers, palette, gap=2)
    starts = [week for week in range(weeks) if week == 0 or days[6][week].day <= 7]
    starts = (
        starts[1:] if len(starts) > 1 and starts[1] < 3 else starts
    )  # the first month's name would meet the second's
    names = [f"{days[6][week]:%b}" for week in starts]
    drawn.update_xaxes(tickvals=starts, ticktext=names)
    return drawn


def lengths(events: Sequence[tuple[str, float, str]], palette: Palette) -> Figure:
    """Draw shares of visits by how much they hold: (name, share, what the bar says)."""
    drawn = figure(palette, margin={"r": 56})
    drawn.add_bar(
        x=[share for _, share, _ in events],
        y=[name for name, _, _ in events],
        orientation="h",
        width=0.6,
        marker={"color": palette.view},
        customdata=[words for *_, words in events],
        hovertemplate="%{customdata}<extra></extra>",
    )
    for name, share, _ in events:
        annotations.column(drawn, name, f"<b>{wording.percent(share, 1)}</b>", 56, palette)
    drawn.update_xaxes(visible=False, range=[0, max(share for _, share, _ in events) * 1.02])
    drawn.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor=CLEAR)
    return drawn


def _average(row: Mapping[str, float] | None) -> float:
    return float(row["events_per_hour"]) if row else 0.0


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 else f"{number:,.1f}"
