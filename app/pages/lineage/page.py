"""lineage.page — where the numbers come from, and whether they are sound: tables, checks, refused rows, runs."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.card import Card, Drawn
from app.components.parts import command, data, legend, link, scrolling, table
from app.context import PageContext
from app.pages import Page
from app.pages.lineage import graph, numbers, queries
from app.pages.lineage.numbers import Node
from app.params import Param, Params

LISTED = 50  # rows set aside that are shown
TABLE = Param("table", "gold.daily_kpis", pattern=r"[a-z]+\.[a-z][a-z0-9_]*", meaning="the table that is shown closely")


def tables(context: PageContext) -> Drawn:
    """Show the graph of tables."""
    found = numbers.nodes(context, numbers.lake_of(context))
    title = _soundness(found)
    rows = [_table_row(node) for node in found]
    return Drawn(
        title,
        "Every table of the lake with version and rows, and what it is computed from; choose one to see it closely",
        graph.draw(found, context.params),
        legend(
            ("dot good", "Checks passed"),
            ("dot warn", "Something was counted or set aside"),
            ("dot missing", "Not built yet"),
        ),
        table(["Table", "Version", "Rows", "Set aside", "Rules broken", "Published, UTC", "Computed from"], rows),
        footer=f"ledger · run {context.published.run.number}",
    )


def closely(context: PageContext) -> Drawn:
    """Show one table: its columns and who reads it."""
    lake = numbers.lake_of(context)
    contract = lake.contract(context.params["table"])
    computed, cards = numbers.readers(lake, contract.name)
    columns = [
        (each.name, each.type + ("" if each.nullable else ", never NULL"), each.comment) for each in contract.columns
    ]
    read_by = "; ".join(
        [f"tables: {', '.join(computed)}"] * bool(computed) + [f"cards: {', '.join(cards)}"] * bool(cards)
    )
    return Drawn(
        contract.name,
        f"{contract.comment} Key: {', '.join(contract.key) or 'none'}. Refresh: {contract.refresh}.",
        [
            scrolling(
                html.Div(table(["Column", "Type", "Meaning"], columns), className="texts"),
                f"Columns of {contract.name}",
                560,
            ),
            html.P(f"Read by {read_by}" if read_by else "Read by nobody", className="muted note"),
        ],
        footer=f"{contract.name} · v{context.published.versions.get(contract.name, '–')}",
    )


def checks(context: PageContext) -> Drawn:
    """Show what the newest runs counted against the rules of a table, and why rows were set aside."""
    lake = numbers.lake_of(context)
    contract = lake.contract(context.params["table"])
    runs, found = numbers.checks(lake, contract)
    refused = numbers.refused(lake, contract.name)
    trouble = {name: counts[-1] for name, counts in found.items() if counts and counts[-1]}
    title = f"{len(found)} checks, all passed in the newest run" if found else "No rule is declared"
    if trouble:
        title = "; ".join(f"{name}: {wording.count(number)}" for name, number in trouble.items())
        title = title[0].upper() + title[1:]
    head = ["Rule", *[f"Run {run.number}" for run in runs]]
    rows = [(name, *[wording.count(number) if number else "0" for number in counts]) for name, counts in found.items()]
    body: list[Component | str] = [scrolling(table(head, rows), "Checks over the newest runs")] if rows else []
    if refused:
        reasons = [(rule, wording.count(number), files) for rule, number, files in refused]
        body += [html.H3("Why rows were set aside"), table(["Rule", "Rows", "Landed files"], reasons)]
    return Drawn(
        title,
        f"Rows of {contract.name} that break a rule, by run; only what a run wrote is counted",
        body,
        footer="ledger",
    )


def refused(context: PageContext) -> Drawn:
    """Show the rows that a table set aside, as they came."""
    lake, aside = numbers.lake_of(context), queries.aside(context)
    contract = lake.contract(context.params["table"].removesuffix("_quarantine"))
    if not aside:
        names = [each.name for each in lake.tables.values() if each.quarantine_rules]
        links = [link(name, "/lineage", context.params.query(table=name), className="more") for name in names]
        title, why = f"{contract.name} sets no rows aside", "Rows are judged where they come in; choose such a table"
        return Drawn(title, why, html.Div(links, className="control-row"), footer="contracts")
    rows, number = context.first(queries.refused, LISTED)
    if not number:
        return Drawn(f"{contract.name} set no row aside", "Every row that came in keeps its rules", "", footer=aside)
    files = numbers.landed_files(lake)
    columns = [name for name in rows[0] if name not in ("broken_rules", "landed_file")]
    listed = [
        (
            row["broken_rules"],
            files.get(row["landed_file"], row["landed_file"]),
            *[_cell(row[name]) for name in columns],
        )
        for row in rows
    ]
    shown = "all of them" if number <= LISTED else f"the first {LISTED}; the download holds all"
    grid = scrolling(html.Div(table(["Broken rules", "Landed file", *columns], listed), className="texts"), aside, 420)
    return Drawn(
        f"{wording.count(number)} row{wording.plural(number)} of {contract.name} set aside",
        f"As they came, with every rule that they break, {shown}",
        [
            grid,
            html.P("Print them as they were landed, mend them and land them again:", className="muted note"),
            command(f"lakehouse quarantine show {contract.name} --csv"),
        ],
        footer=f"{aside} · v{context.published.versions[aside]}",
    )


def refused_controls(_params: Params) -> Component:
    """Download all of them."""
    query = queries.refused.name
    return html.Button("Download all", type="button", className="button", **data(menu="csv", query=query))


def versions(context: PageContext) -> Drawn:
    """Show the newest versions of a table."""
    lake = numbers.lake_of(context)
    name = lake.contract(context.params["table"]).name
    found = numbers.versions(lake, name)
    rows = [
        (
            f"v{each['version']}",
            f"{each['at']:%-d %b %Y %H:%M}",
            each["operation"].lower().replace("create or replace", "create"),
            wording.count(each["rows"]),
        )
        for each in found
    ]
    title = f"{name} is at version {found[0]['version']}" if found else f"{name} is not built yet"
    return Drawn(
        title,
        "Newest versions first; rows written by each; times in UTC",
        [
            scrolling(table(["Version", "At", "Operation", "Rows written"], rows), title),
            html.P("By which rows two versions differ:", className="muted note"),
            command(f"lakehouse diff {name} --from {max(found[0]['version'] - 1, 0) if found else 0}"),
        ],
        footer="the table's own log",
    )


def runs(context: PageContext) -> Drawn:
    """Show the newest runs."""
    found = numbers.runs(numbers.lake_of(context))
    rows = [
        (
            f"Run {run.number}",
            f"{run.started_at:%-d %b %Y %H:%M}",
            run.command,
            run.status if run.status == "published" else "failed: " + run.error.partition("\n")[0][:80],
            len(run.results),
            wording.count(sum(each.rows_out for each in run.results)),
            wording.count(sum(each.refused for each in run.results)),
            f"{(run.ended_at - run.started_at).total_seconds():,.0f} s",
        )
        for run in found
    ]
    failed = [run for run in found if run.status != "published"]
    title = (
        f"The newest {len(found)} runs were published"
        if not failed
        else f"{len(failed)} of the newest {len(found)} runs failed"
    )
    title = "One run, published" if len(found) == 1 and not failed else title
    body: list[Component] = [
        scrolling(
            table(["Run", "Started, UTC", "Command", "Status", "Tables", "Rows out", "Set aside", "Took"], rows), title
        )
    ]
    if found and found[0].status != "published":
        body += [html.P("Do what the newest run failed to do:", className="muted note"), command("lakehouse retry")]
    return Drawn(title, "What each run built and refused, newest first", body, footer="ledger")


def _soundness(found: Sequence[Node]) -> str:
    built = [node for node in found if node.version is not None]
    refused = sum(node.refused for node in built)
    missing = len(found) - len(built)
    words = f"{len(built)} tables built" + (f", {missing} not yet" if missing else "")
    return f"{words}; {wording.count(refused)} rows set aside" if refused else f"{words}; no row set aside"


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _table_row(node: Node) -> tuple[str, ...]:
    broken = "; ".join(f"{rule}: {wording.count(rows)}" for rule, rows in node.broken.items())
    return (
        node.table.name,
        f"v{node.version}" if node.version is not None else "–",
        wording.count(node.rows),
        wording.count(node.refused),
        broken or "none",
        f"{node.published_at:%-d %b %Y %H:%M}" if node.published_at else "–",
        ", ".join(node.table.upstreams) or "landed files",
    )


page = Page(
    path="/lineage",
    name="Lineage and quality",
    group="Lake",
    icon="lineage",
    about="Where the numbers come from, and whether they are sound",
    params=(TABLE,),
    filters=(),
    cards=(
        Card("tables", tables, params=(), height=620, needs_data=True),
        Card("closely", closely, params=("table",), columns=7, rows=2, height=560),
        Card("checks", checks, params=("table",), columns=5, height=240),
        Card("versions", versions, params=("table",), columns=5, height=240),
        Card(
            "refused",
            refused,
            params=("table",),
            height=260,
            query=queries.refused,
            controls=refused_controls,
        ),
        Card("runs", runs, params=(), height=260),
    ),
)
