"""lineage.graph — the tables as links in columns, with the lines between them as one picture in the theme's colour."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, link
from app.pages.lineage.numbers import Node, levels
from app.params import Params

ROW = 64  # pixels from one table to the next
WIDTH = 1000  # units across, of which a table takes this share of its column
TABLE = 0.86


def draw(found: Sequence[Node], params: Params) -> Component:
    """Draw the graph: a column for each step away from the landed files, a layer's steps side by side."""
    columns = _columns(found)
    names = list(columns)
    height = ROW * max(len(each) for each in columns.values())
    places = {
        node.table.name: (names.index(column), (row + 0.5) * height / len(nodes))
        for column, nodes in columns.items()
        for row, node in enumerate(nodes)
    }
    picture = _edges(found, places, len(names), height)
    url = f'url("data:image/svg+xml,{quote(picture)}")'
    edges = html.Div(className="edges", style={"maskImage": url, "WebkitMaskImage": url})
    layers = [_layer(column, nodes, names, places, height, params) for column, nodes in columns.items()]
    heads = [
        html.Div(
            _layer_title(layer),
            className="layer-name",
            style={"gridColumn": f"span {sum(1 for each in names if each[0] == layer)}"},
        )
        for layer in dict.fromkeys(each[0] for each in names)
    ]
    grid = {"gridTemplateColumns": f"repeat({len(names)}, minmax(0, 1fr))"}
    return html.Div(
        [
            html.Div(heads, className="layer-names", style=grid, **aria(hidden="true")),
            html.Div([edges, *layers], className="lineage", style={"height": height, **grid}),
        ],
        className="lineage-frame",
    )


def _columns(found: Sequence[Node]) -> dict[tuple[str, int], list[Node]]:
    """Put each table into its column, near those that it is computed from."""
    depth = levels(list(found))
    columns: dict[tuple[str, int], list[Node]] = {}
    for node in found:
        columns.setdefault((node.layer, depth[node.table.name]), []).append(node)
    layers = list(dict.fromkeys(node.layer for node in found))
    ordered = {key: columns[key] for key in sorted(columns, key=lambda key: (layers.index(key[0]), key[1]))}
    place: dict[str, float] = {}
    for nodes in ordered.values():
        nodes.sort(key=lambda node: (_middle(node, place), node.table.name))
        place |= {node.table.name: (row + 0.5) / len(nodes) for row, node in enumerate(nodes)}
    return ordered


def _middle(node: Node, place: Mapping[str, float]) -> float:
    above = [place[name] for name in node.table.upstreams if name in place]
    return sum(above) / len(above) if above else 0.5


def _edges(found: Sequence[Node], places: Mapping[str, tuple[int, float]], columns: int, height: float) -> str:
    step = WIDTH / columns
    curves = []
    for node in found:
        for name in node.table.upstreams:
            (column, y0), (target, y1) = places[name], places[node.table.name]
            x0, x1 = column * step + step * TABLE, target * step
            bend = (x1 - x0) / 2
            curves.append(f"M{x0:.0f} {y0:.0f}C{x0 + bend:.0f} {y0:.0f} {x1 - bend:.0f} {y1:.0f} {x1:.0f} {y1:.0f}")
    paths = (
        f'<path d="{"".join(curves)}" fill="none" stroke="#000" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'preserveAspectRatio="none">{paths}</svg>'
    )


def _layer(
    column: tuple[str, int],
    nodes: Sequence[Node],
    names: Sequence[tuple[str, int]],
    places: Mapping[str, tuple[int, float]],
    height: float,
    params: Params,
) -> Component:
    items = [
        html.Li(_table(node, params), style={"top": f"{100 * places[node.table.name][1] / height:.2f}%"})
        for node in nodes
    ]
    return html.Ul(
        items,
        className="lineage-column",
        style={"gridColumn": names.index(column) + 1},
        **aria(label=f"Tables of {column[0]}"),
    )


def _table(node: Node, params: Params) -> Component:
    name = node.table.name.split(".")[1]
    words = {"good": "checks passed", "warn": _trouble(node), "missing": "not built yet"}[node.status]
    version = f"v{node.version} · {wording.short_count(node.rows)}" if node.version is not None else "not built yet"
    return link(
        [
            html.Span(
                [
                    html.Span(className=f"dot {node.status}"),
                    html.Span(name.replace("_", "_\N{ZERO WIDTH SPACE}"), className="node-name"),
                ],
                className="node-head",
            ),
            html.Span(version, className="node-note"),
            html.Span(f", {words}", className="unseen"),
        ],
        "/lineage",
        params.query(table=node.table.name),
        className="node",
        title=f"{node.table.name}: {words}",
    )


def _layer_title(layer: str) -> str:
    return layer.upper() if len(layer) == 2 else layer.capitalize()


def _trouble(node: Node) -> str:
    parts = [f"{wording.count(node.refused)} rows set aside"] if node.refused else []
    parts += [f"{wording.count(rows)} rows break “{rule}”" for rule, rows in node.broken.items()]
    return ", ".join(parts)
