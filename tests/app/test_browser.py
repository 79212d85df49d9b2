"""The site in a real Chromium, over a finished sample lake."""

import re
import signal
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest
from playwright.sync_api import expect, sync_playwright

from lakehouse.completeness import time_bounds
from lakehouse.environment import browser as chromium
from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT, environment, load
from ml.serving.scorer import champion

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
]
PAGES = {"Overview": "/", "Funnel": "/funnel", "Predict": "/predict"}
WIDE, NARROW = 1440, 375

expect.set_options(timeout=20_000)  # a machine may be busy; a fact that holds does not wait for it


def start(lake):
    """Start the site on a free port; return the process and its address, which its first line tells."""
    settings = {"LAKEHOUSE_LAKE": str(lake), "LAKEHOUSE_APP__PORT": "0", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "lakehouse.cli", "app"]
    process = subprocess.Popen(
        command, env=environment() | settings, stdout=subprocess.PIPE, text=True, cwd=lake.parent
    )
    address = re.search(r"http://[\w.]+:\d+", process.stdout.readline())
    assert address, "the site did not start"
    return process, address[0]


@pytest.fixture(scope="module")
def site(sample_lake):
    process, address = start(sample_lake)
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def browser():
    path = chromium.find(environment())
    if path is None:
        pytest.skip("no Chromium; `lakehouse setup --tests` installs one")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def tab(browser, site):
    """One tab, with what it complained of and which strangers it asked."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.complaints, page.strangers = [], []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.strangers.append(request.url) if is_foreign(request.url) else None)

    def is_foreign(url):
        return not url.startswith((site + "/", "data:", "blob:"))

    return page


@pytest.fixture
def look(tab):
    """Return the tab in a scheme and a width, with nothing remembered."""

    def at(scheme="light", width=WIDE):
        tab.complaints.clear()
        tab.strangers.clear()
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        tab.set_viewport_size({"width": width, "height": 900})
        return tab

    yield at
    tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


@pytest.fixture(scope="module")
def gold(sample_lake):
    """DuckDB over the published gold tables, with `days`: the last 28 complete ones and the 28 before."""
    settings = load()
    lake = open_lake(replace(settings, lake=replace(settings.lake, path=str(sample_lake))))
    versions = lake.ledger.published().versions
    database = duckdb.connect()
    for name in ("daily_kpis", "funnel", "visitor_days", "activity"):
        database.register(name, lake.store.arrow(f"gold.{name}", versions[f"gold.{name}"]))
    hours = database.execute("SELECT event_date, event_hour, sum(num_events) FROM activity GROUP BY ALL").fetchall()
    counts = {(day, hour): int(events) for day, hour, events in hours}
    complete = time_bounds(counts, lake.ledger.published().ended_at).complete
    database.execute("CREATE TABLE days AS SELECT $day::DATE AS last, $day::DATE - 27 AS first", {"day": complete})
    return database


def ready(page):
    """Wait until the page's charts are drawn and nothing is under way."""
    expect(page.locator("#site-page .js-plotly-plot .main-svg").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole_quiet_and_as_wide_as_the_screen(look, site, scheme, width):
    page = look(scheme, width)
    for name, path in PAGES.items():
        page.goto(site + path)
        ready(page)

        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        assert "could not be drawn" not in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
        assert page.locator("figure .chart").count() == page.locator("figure figcaption ~ * .chart").count() > 0
    assert page.complaints == []
    assert page.strangers == []


def test_the_key_figures_equal_the_lakes(look, site, gold):
    visits, orders, conversion, abandonment, bounces = gold.execute("""
        SELECT sum(num_sessions), sum(num_orders), sum(num_purchase_sessions) / sum(num_sessions),
               sum(num_abandoned_carts) / sum(num_cart_sessions), sum(num_bounces) / sum(num_sessions)
        FROM daily_kpis, days WHERE session_date BETWEEN first AND last""").fetchone()
    (visitors,) = gold.execute("""
        SELECT count(DISTINCT visitor_id) FROM visitor_days, days WHERE session_date BETWEEN first AND last""").fetchone()
    page = look()
    page.goto(site)

    expect(page.locator("#overview-visits")).to_have_text(f"{visits:,}")
    expect(page.locator("#overview-visitors")).to_have_text(f"{visitors:,}")
    expect(page.locator("#overview-orders")).to_have_text(f"{orders:,}")
    for name, share in (("conversion", conversion), ("abandonment", abandonment), ("bounces", bounces)):
        shown = float(page.locator(f"#overview-{name}").inner_text().rstrip("%")) / 100
        assert shown == pytest.approx(share, abs=0.0006)


def test_the_funnel_counts_visits_or_visitors_as_the_address_says(look, site, gold):
    purchases = "SELECT sum(num_purchase_sessions) FROM funnel, days WHERE root_category_id = -2 AND "
    buyers = "SELECT count(DISTINCT visitor_id) FROM visitor_days, days WHERE num_purchase_sessions > 0 AND "
    in_days = "session_date BETWEEN first AND last"
    page = look()
    for unit, sql in (("session", purchases), ("visitor", buyers)):
        page.goto(f"{site}/funnel?range=28d&compare=1&unit={unit}")
        ready(page)
        page.locator("#funnel-steps summary").click()
        row = page.locator("#funnel-steps tbody tr", has_text="Purchase")

        expect(row.locator("td").first).to_have_text(f"{gold.execute(sql + in_days).fetchone()[0]:,}")


def test_the_prediction_equals_the_registered_models(look, site, sample_lake):
    settings = load()
    model = champion(replace(settings, lake=replace(settings.lake, path=str(sample_lake))))
    row = {"num_views": 9, "num_adds": 2, "distinct_products": 3, "session_hour": 17}
    page = look()
    page.goto(site + "/predict")
    ready(page)
    page.locator("#predict-num_views").fill("9")
    page.locator("#predict-num_adds").fill("2")
    expect(page.locator("#predict-reasons")).to_contain_text("Views: 9")
    expect(page.locator("#predict-reasons")).to_contain_text("Items put into the cart: 2")

    shown = float(page.locator("#predict-probability").inner_text().rstrip("%")) / 100
    assert shown == pytest.approx(float(model.score([row])[0]), abs=0.0006)
    page.locator("#predict-distinct_products").fill("12")
    expect(page.get_by_text("11 views and additions hold at most 11 different items")).to_be_visible()


def test_the_theme_switches_in_the_browser_alone_and_is_remembered(look, site):
    page = look()
    page.goto(site)
    ready(page)
    posts = []
    page.on("request", lambda request: posts.append(request.post_data) if request.method == "POST" else None)
    page.get_by_role("button", name="Switch between light and dark").click()

    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    label = page.locator("#overview-trend [data-unformatted='Visits per day']")
    expect(label).to_have_css("fill", "rgb(241, 243, 245)")
    assert [post for post in posts if "site-poll" not in post] == []
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_range_and_comparison_live_in_the_address_and_follow_to_the_next_page(look, site):
    page = look()
    page.goto(site)
    ready(page)
    page.locator("#site-range").get_by_text("7d", exact=True).click()
    expect(page.locator(".page-heading")).to_contain_text("7 days, against")
    page.locator("label", has_text="Compare").click()
    expect(page.locator(".page-heading")).not_to_contain_text("against")
    page.get_by_role("link", name="Funnel", exact=True).click()

    expect(page).to_have_url(f"{site}/funnel?range=7d&compare=0&unit=session")
    expect(page.locator(".page-heading")).to_contain_text("· 7 days ·")


def test_on_a_telephone_the_navigation_opens_as_a_drawer_and_closes_on_a_choice(look, site):
    page = look(width=NARROW)
    page.goto(site)
    ready(page)
    link = page.get_by_role("link", name="Predict", exact=True)
    expect(link).not_to_be_in_viewport()
    page.get_by_role("button", name="Navigation").click()
    expect(link).to_be_in_viewport()
    link.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Predict")
    expect(link).not_to_be_in_viewport()


def test_the_site_ends_cleanly_when_interrupted(tmp_path):
    process, _ = start(tmp_path / "nothing")
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=10) == 0
