"""query.page — ask the published tables in Spark SQL: schema, editor, form, result, plan, history, saved queries.

Everything moves by the API, in the browser's own code (assets/query.js): a query works in a process of its own, and no
thread of the site waits for it.
"""

import json

from dash import html
from dash.development.base_component import Component

from app.components.parts import aria, data
from app.context import PageContext
from app.pages import Page
from app.pages.query.examples import EXAMPLES
from app.sql import limits

RULES = (
    f"Queries read, and nothing else: tables of gold and silver as one run published them. {limits.MOST_ROWS:,} rows, "
    f"{limits.MOST_BYTES // 1_000_000} MB and {limits.SECONDS:.0f} s are the most; a job brings all rows. "
    "Days and hours are UTC."
)
AS_JOB = f"As a job, of up to {limits.EXPORT_SECONDS / 60:.0f} minutes; the jobs' list has its progress and the file"


def layout(context: PageContext) -> Component:
    """Build the page; the browser's own code fills it."""
    run = context.publication.run.number if context.publication else None
    examples = [html.Button(name, type="button", className="chip", **data(example=name)) for name in EXAMPLES]
    buttons = [
        html.Button("Run", type="button", id="query-run", className="button primary", title="Ctrl+Enter"),
        html.Button("Cancel", type="button", id="query-cancel", className="button", disabled=True),
        html.Button("Plan", type="button", id="query-plan", className="button", title="How Spark would run it"),
        html.Button("Format", type="button", id="query-format", className="button", title="One clause a line"),
        *[
            html.Button(f"All rows as {words}", type="button", className="button", title=AS_JOB, **data(allrows=form))
            for form, words in (("csv", "CSV"), ("parquet", "Parquet"))
        ],
        html.Span(f"as of run {run}" if run else "nothing is published yet", className="muted", id="query-as-of"),
    ]
    editor = [
        html.H2("Ask in Spark SQL"),
        html.P(RULES, className="muted"),
        html.Div(examples, className="chips", role="group", **aria(label="Examples")),
        html.Div(id="query-editor", className="editor", **data(examples=json.dumps(EXAMPLES))),
        html.Div(buttons, className="query-buttons"),
        html.Details([html.Summary("Build it by a form"), html.Div(id="query-form", className="query-form")]),
    ]
    return html.Div(
        [
            html.Section([html.H2("Tables"), html.Div(id="query-schema")], className="card span-4", id="query-tables"),
            html.Div(
                [
                    html.Section(editor, className="card"),
                    html.Section(
                        [html.H2("Result"), html.P("Run a query, or take an example.", className="muted")],
                        id="query-result",
                        className="card",
                        **aria(live="polite"),
                    ),
                    html.Section(id="query-log", className="card"),
                ],
                className="stack span-8",
            ),
        ],
        className="cards",
    )


page = Page(
    path="/query",
    name="Query",
    group="Lake",
    icon="query",
    about="Ask the published tables in Spark SQL",
    filters=(),
    content=layout,
    place=5,
)
