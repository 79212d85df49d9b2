"""The Query page in a real browser."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from .conftest import start
from .test_browser import serious

SECONDS = 180_000  # until Spark is warm


@pytest.fixture(scope="module")
def asked_site(sample_lake, tmp_path_factory):
    """The address of a site over a lake of its own: what is asked is written down there."""
    lake = shutil.copytree(sample_lake, tmp_path_factory.mktemp("query") / "lake")
    process, address = start(lake)
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def page(browser, asked_site):
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.broken = []
    page.on(
        "console", lambda message: page.broken.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.broken.append(str(error)))
    page.goto(f"{asked_site}/query")
    expect(page.locator(".cm-content")).to_be_visible(timeout=SECONDS)
    expect(page.locator("#query-schema summary").first).to_be_visible(timeout=SECONDS)
    yield page
    assert page.broken == []
    context.close()


def write(page, sql):
    page.locator(".cm-content").fill(sql)


def test_an_example_is_run_and_its_rows_shown_with_run_and_versions(page):
    page.get_by_role("button", name="Activity by hour").click()
    page.locator("#query-run").click()
    expect(page.locator("#query-told")).to_contain_text("24 rows · run", timeout=SECONDS)
    expect(page.locator("#query-told")).to_contain_text("gold.activity version")
    expect(page.locator("#query-grid [role=grid]")).to_have_attribute("aria-rowcount", "26")  # two are its head
    page.get_by_text("Quick chart").click()
    expect(page.locator(".query-chart .bar")).to_have_count(24)
    expect(page.locator("#query-log")).to_contain_text("done · 24 rows")


def test_rows_keep_the_order_of_the_query_until_they_are_sorted_and_two_columns_of_one_name_are_two(page):
    write(page, "SELECT * FROM VALUES (2, 'b', 7), (10, NULL, 8), (1, 'a', 9) AS t(n, words, n)")
    page.locator("#query-run").click()
    first, words, last = (page.locator(f"#query-grid .ag-row [aria-colindex='{at}']") for at in (1, 2, 3))
    expect(first).to_have_text(["2", "10", "1"], timeout=SECONDS)
    page.get_by_role("columnheader", name="n", exact=True).first.click()
    expect(first).to_have_text(["10", "2", "1"])
    page.get_by_role("columnheader", name="words", exact=True).click()
    expect(words).to_have_text(["a", "b", "NULL"])
    page.get_by_role("columnheader", name="words", exact=True).click()
    expect(words).to_have_text(["b", "a", "NULL"])
    page.get_by_role("spinbutton", name="n Filter Input").last.fill("8")
    expect(last).to_have_text(["8"])
    expect(words).to_have_text(["NULL"])
    assert serious(page) == []


def test_control_and_enter_run_and_a_refused_query_shows_its_rule_and_sentence(page):
    write(page, "DROP TABLE events")
    page.locator(".cm-content").press("Control+Enter")
    expect(page.locator("#query-failure")).to_contain_text(
        "refused: statement. Only a query that reads", timeout=SECONDS
    )


def test_a_query_is_cancelled(page):
    write(page, "SELECT count(*) FROM range(10000000) a JOIN range(10000000) b ON a.id <> b.id")
    page.locator("#query-run").click()
    expect(page.locator("#query-result")).to_contain_text("Working", timeout=SECONDS)
    page.locator("#query-cancel").click()
    expect(page.locator("#query-failure")).to_have_text(re.compile("The query was cancelled"), timeout=SECONDS)


def test_the_form_writes_the_query_with_several_measures_and_filters(page):
    page.get_by_text("Build it by a form").click()
    page.get_by_label("Table", exact=True).select_option("gold.activity")
    page.get_by_label("Group by").select_option(["event_type"])
    page.get_by_role("button", name="Add a measure").click()
    page.get_by_label("Measure 2", exact=True).select_option("sum")
    page.get_by_label("Column of measure 2").select_option("num_events")
    for number, (column, operator, value) in enumerate([("event_hour", ">=", "0"), ("event_type", "<>", "view")], 1):
        page.get_by_role("button", name="Add a filter").click()
        page.get_by_label(f"Column of filter {number}").select_option(column)
        page.get_by_label(f"Comparison of filter {number}").select_option(operator)
        page.get_by_label(f"Value of filter {number}").fill(value)
    expect(page.locator(".cm-content")).to_contain_text("sum(num_events) AS sum_num_events")
    expect(page.locator(".cm-content")).to_contain_text("AND event_type <> 'view'")
    assert serious(page) == []
    page.locator("#query-run").click()
    expect(page.locator("#query-grid .ag-row")).to_have_count(2, timeout=SECONDS)
    page.get_by_role("button", name="Remove filter 2").click()
    expect(page.locator(".cm-content")).not_to_contain_text("<>")


def test_a_query_is_formatted_and_all_its_rows_come_as_a_file(page):
    write(page, "SELECT event_date, event_hour FROM gold.activity WHERE event_hour > 0")
    page.locator("#query-format").click()
    expect(page.locator(".cm-line")).to_have_count(4)
    page.get_by_role("button", name="All rows as CSV").click()
    job = page.locator("#site-jobs .job").first
    expect(job).to_contain_text("All rows of SELECT event_date")
    link = job.get_by_role("link", name=re.compile(r"query-run\d+\.csv"))
    expect(link).to_be_visible(timeout=SECONDS)
    with page.expect_download() as download:
        link.click()
    lines = download.value.path().read_text().splitlines()
    assert (lines[0], len(lines) > 1_001) == ("event_date,event_hour", True)


def test_what_is_typed_is_completed_by_columns_of_the_schema(page):
    write(page, "")
    page.locator(".cm-content").press_sequentially("SELECT * FROM gold.act")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("activity")
