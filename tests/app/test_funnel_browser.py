"""The Funnel page in a real browser: the visits that went no further as a grid."""

import csv
import io

import pytest
from playwright.sync_api import expect

from .test_browser import NARROW, WIDE, ready, serious

GRID = "#funnel-dropped-grid"


@pytest.fixture
def open_page(browser, site):
    """Return the page in a scheme and a width, with what it complained of and what it asked to be drawn."""
    contexts = []

    def at(scheme="light", width=WIDE, query="?dropped=view&range=90d"):
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(reduced_motion="reduce", color_scheme=scheme, viewport=viewport))
        page = contexts[-1].new_page()
        page.complaints, page.drawings = [], []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.drawings.append(request.url) if request.method == "POST" else None)
        page.goto(f"{site}/funnel{query}")
        expect(page.locator(f"{GRID} tbody tr").first).to_be_visible()
        ready(page)
        page.drawings.clear()
        return page

    yield at
    for context in contexts:
        context.close()


def column(page, number):
    return page.locator(f"{GRID} tbody tr > :nth-child({number})").all_inner_texts()


def test_the_newest_visits_are_sorted_and_filtered_by_keyboard_without_asking_the_server(open_page):
    page = open_page()
    expect(page.get_by_role("status").filter(has_text="row")).to_have_text("300 rows")
    expect(page.get_by_role("columnheader", name="Started, UTC")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Views", exact=True).focus()
    page.keyboard.press("Enter")
    views = [int(each) for each in column(page, 4)]

    assert views == sorted(views, reverse=True) and views[0] > views[-1]
    expect(page.get_by_role("columnheader", name="Views")).to_have_attribute("aria-sort", "descending")
    page.get_by_label("Filter Views").fill("2..3")
    assert set(column(page, 4)) == {"2", "3"}
    page.get_by_label("Filter Root category").select_option("Unknown")
    fitting = page.locator(f"{GRID} tbody tr").count()
    expect(page.get_by_role("status").filter(has_text="fit")).to_have_text(f"{fitting} of 300 rows fit")
    assert set(column(page, 3)) == {"Unknown"}
    page.get_by_label("Filter Views").fill("many")
    expect(page.get_by_label("Filter Views")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator(f"{GRID} tbody tr")).to_have_count(300)
    assert page.drawings == [] and page.complaints == []


def test_a_filter_its_focus_and_the_order_survive_that_the_rows_are_replaced(open_page):
    page = open_page()
    page.get_by_role("button", name="Length", exact=True).click()
    page.get_by_label("Filter Length").press_sequentially(">5")
    before = page.locator("#funnel-dropped h2").inner_text()
    page.evaluate("dash_clientside.set_props('site-query', { data: '?dropped=view&range=28d' })")
    expect(page.locator("#funnel-dropped h2")).not_to_have_text(before)
    page.keyboard.type("0")

    expect(page.get_by_label("Filter Length")).to_have_value(">50")
    expect(page.get_by_role("columnheader", name="Length")).to_have_attribute("aria-sort", "descending")
    assert "300 rows" not in page.get_by_role("status").filter(has_text="fit").inner_text().split(" of ")[0]


def test_the_download_has_all_visits_not_only_those_that_are_listed(open_page):
    page = open_page()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all").click()
    lines = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))

    expect(page.locator("#funnel-dropped h2")).to_have_text(f"{len(lines):,} visits with a view and nothing further")
    assert len(lines) > page.locator(f"{GRID} tbody tr").count() == 300


def test_on_a_narrow_dark_screen_the_grid_scrolls_within_its_card_and_keeps_nobody_out(open_page):
    page = open_page("dark", NARROW)
    box = page.locator(f"{GRID} .grid-rows")

    assert box.evaluate("each => each.scrollWidth > each.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW
    assert serious(page) == [] and page.complaints == []
