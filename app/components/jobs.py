"""components.jobs — the jobs of this browser: a button in the header, and a drawer that assets/jobs.js fills."""

from dash import html
from dash.development.base_component import Component

from app.components.parts import aria, data

DRAWER = "site-jobs"


def button() -> Component:
    """Open the drawer; it tells how many jobs go on."""
    icon = html.Span(className="icon icon-jobs")
    number = html.Span("", id="site-jobs-number", className="jobs-number")
    return html.Button(
        [icon, number], id="site-jobs-open", type="button", className="jobs-open", title="Jobs", **aria(label="Jobs")
    )


def drawer() -> Component:
    """Hold the list; assets/jobs.js asks for it while a job goes on, and never else."""
    head = html.Div(
        [
            html.H2("Jobs"),
            html.Button("Close", type="button", className="button", **data(close=DRAWER)),
        ],
        className="jobs-head",
    )
    note = "Work that you asked for goes on when you leave or reload the page. Its files are kept for some days."
    listed = html.Div(id="site-jobs-list", className="jobs-list", role="list")
    return html.Dialog([head, html.P(note, className="muted note"), listed], id=DRAWER, **aria(label="Jobs"))
