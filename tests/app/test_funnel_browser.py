"""The Funnel page in a real browser: the visits that went no further as a grid."""

import csv
import io

import pytest
from playwright.sync_api import expect

from .test_browser import NARROW, WIDE, ready, serious

GRID = "#funnel-dropped-grid"
HEADS = 2  # rows of names and of filters


@pytest.fixture
def open_page(browser, site):
    """Return the page in a scheme and a width, with what it complained of and what it asked to be drawn."""
    contexts = []

    def at(scheme="light", width=WIDE, query="?dropped=view&range=90d"):
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(reduced_motion="reduce", color_scheme=scheme, viewport=viewport))
        page = contexts[-1].new_page()
        page.complaints, page.drawings = [], []
        page.on(
            "console",
            lambda message: page.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.drawings.append(request.url) if request.method == "POST" else None)
        page.goto(f"{site}/funnel{query}")
        expect(page.locator(f"{GRID} .ag-row").first).to_be_visible()
        ready(page)
        page.drawings.clear()
        return page

    yield at
    for context in contexts:
        context.close()


def column(page, name):
    """What is shown of a column, from above; AG Grid draws the rows in sight and some beyond."""
    number = page.locator(GRID).get_by_role("columnheader", name=name).get_attribute("aria-colindex")
    return page.locator(f"{GRID} .ag-row [aria-colindex='{number}']").all_inner_texts()


def told(page):
    return page.get_by_role("status").filter(has_text="row")


def number(page, name):
    """Return the field that filters a column of numbers."""
    return page.get_by_role("spinbutton", name=f"{name} Filter Input")


def compare_by(page, name, comparison):
    """Open the menu of a column's filter and choose how it compares."""
    number(page, name).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    menu = page.locator(".ag-filter-menu")
    menu.get_by_label("Filtering operator").click()
    page.get_by_role("option", name=comparison, exact=True).click()
    return menu


def test_the_newest_visits_are_sorted_and_filtered_by_keyboard_without_asking_the_server(open_page):
    page = open_page()
    expect(told(page)).to_have_text("300 rows")
    expect(page.get_by_role("columnheader", name="Started, UTC")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("columnheader", name="Views").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Views")).to_have_attribute("aria-sort", "descending")
    views = [int(each) for each in column(page, "Views")]

    assert views == sorted(views, reverse=True) and views[0] > views[-1]
    menu = compare_by(page, "Views", "Between")
    menu.get_by_label("Filter from Value").fill("2")
    menu.get_by_label("Filter to Value").fill("3")
    expect(told(page)).to_contain_text("of 300 rows fit")
    page.keyboard.press("Escape")
    assert set(column(page, "Views")) == {"2", "3"}
    page.get_by_label("Root category Filter Input").select_option("Unknown")
    expect(page.locator(f"{GRID} [role=grid]")).not_to_have_attribute("aria-rowcount", "302")
    fitting = int(page.locator(f"{GRID} [role=grid]").get_attribute("aria-rowcount")) - HEADS
    expect(told(page)).to_have_text(f"{fitting} of 300 rows fit")
    assert set(column(page, "Root category")) == {"Unknown"}
    page.get_by_role("button", name="Clear the filters").click()
    expect(told(page)).to_have_text("300 rows")
    number(page, "Views").press_sequentially("many")
    expect(number(page, "Views")).to_have_value("")
    expect(told(page)).to_have_text("300 rows")
    assert page.drawings == [] and page.complaints == []


def test_a_filter_its_focus_and_the_order_survive_that_the_rows_are_replaced(open_page):
    page = open_page()
    page.get_by_role("columnheader", name="Length").click()
    compare_by(page, "Length", "Greater than")
    page.keyboard.press("Escape")
    number(page, "Length").press_sequentially("5")
    before = page.locator("#funnel-dropped h2").inner_text()
    page.evaluate("dash_clientside.set_props('site-query', { data: '?dropped=view&range=28d' })")
    expect(page.locator("#funnel-dropped h2")).not_to_have_text(before)
    page.keyboard.type("0")

    expect(number(page, "Length")).to_have_value("50")
    expect(page.get_by_role("columnheader", name="Length")).to_have_attribute("aria-sort", "descending")
    expect(told(page)).to_contain_text("rows fit")
    assert "300 rows" not in told(page).inner_text().split(" of ")[0]
    assert page.complaints == []


def test_the_download_has_all_visits_not_only_those_that_are_listed(open_page):
    page = open_page()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all").click()
    lines = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))

    expect(page.locator("#funnel-dropped h2")).to_have_text(f"{len(lines):,} visits with a view and nothing further")
    expect(told(page)).to_have_text("300 rows")
    assert len(lines) > 300


def test_on_a_narrow_dark_screen_the_grid_scrolls_within_its_card_and_keeps_nobody_out(open_page):
    page = open_page("dark", NARROW)
    box = page.locator(f"{GRID} .ag-center-cols-viewport")

    assert box.evaluate("each => each.scrollWidth > each.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW
    assert serious(page) == [] and page.complaints == []


def test_the_grids_file_comes_with_the_first_grid_and_with_no_page_before(browser, site):
    context = browser.new_context(reduced_motion="reduce")
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2].partition("?")[0]))
    for path in ("/", "/categories", "/query"):
        page.goto(f"{site}{path}")
        ready(page)
    assert "aggrid.js" not in asked
    page.goto(f"{site}/funnel?range=90d")
    expect(page.locator(f"{GRID} .ag-row").first).to_be_visible()
    context.close()

    assert asked.count("aggrid.js") == 1
