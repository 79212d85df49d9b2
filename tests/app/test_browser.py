"""The site in a real Chromium, over a finished sample lake: one site, one browser, one tab."""

import re
import shutil
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import pages
from lakehouse.lake import open_lake
from lakehouse.runs import lock

from ..conftest import settings_of
from .conftest import publish, start

PAGES = {page.name: page.path for page in pages.all_pages()}
WIDE, NARROW = 1440, 375
AXE = Path(__file__).parent / "axe" / "axe.min.js"


@pytest.fixture(scope="module")
def tab(browser, site):
    """One tab, with what it complained of, which strangers it asked, and what it asked to be drawn."""
    page = browser.new_context(reduced_motion="reduce", bypass_csp=False).new_page()
    page.complaints, page.strangers, page.drawings = [], [], []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.strangers.append(request.url) if is_foreign(request.url) else None)
    page.on("request", lambda request: page.drawings.append(request.post_data) if request.method == "POST" else None)

    def is_foreign(url):
        return not url.startswith((site + "/", "data:", "blob:"))

    return page


@pytest.fixture
def look(tab):
    """Return the tab in a scheme and a width, with nothing remembered."""

    def at(scheme="light", width=WIDE):
        for each in (tab.complaints, tab.strangers, tab.drawings):
            each.clear()
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        tab.set_viewport_size({"width": width, "height": 900})
        return tab

    yield at
    tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


def ready(page):
    """Wait until every card is drawn and nothing is under way."""
    expect(page.locator("#site-page h1")).not_to_have_text(re.compile(r"^\s*$"))
    expect(page.locator("#site-page .skeleton")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole_quiet_readable_and_as_wide_as_the_screen(look, site, scheme, width):
    page = look(scheme, width)
    for name, path in PAGES.items():
        page.goto(site + path)
        ready(page)

        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        assert "could not be drawn" not in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
        assert serious(page) == [], f"{name} in {scheme} at {width}"
    assert page.complaints == []
    assert page.strangers == []


def serious(page):
    """What axe finds that keeps somebody out: rule and the elements it is about."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run({ exclude: ['.js-plotly-plot'] }, { resultTypes: ['violations'] })")
    grave = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
    return [(each["id"], [node["html"][:120] for node in each["nodes"]][:3]) for each in grave]


def test_nothing_is_drawn_anew_while_nothing_changes(look, site):
    page = look()
    page.goto(site)
    ready(page)
    page.drawings.clear()
    page.wait_for_timeout(25_000)

    assert page.drawings == []


def test_a_choice_lives_in_the_address_redraws_the_cards_that_heed_it_and_keeps_the_focus(look, site):
    page = look()
    page.goto(site + "/funnel?utm=mail")
    ready(page)
    skipped = page.locator("#funnel-skipped h2").element_handle()
    page.locator("#funnel-steps").get_by_text("Visitors", exact=True).click()
    expect(page.locator("#funnel-steps h2")).to_contain_text("visitors")

    expect(page).to_have_url(f"{site}/funnel?unit=visitor&utm=mail")
    assert page.evaluate("document.activeElement.value") == "visitor"
    assert skipped.evaluate("element => element.isConnected")


def test_choices_survive_the_next_page_reload_and_back(look, site):
    page = look()
    page.goto(site)
    ready(page)
    page.locator("#site-filters").get_by_text("7d", exact=True).click()
    expect(page.locator(".page-heading")).to_contain_text("7 days, against")
    page.get_by_role("link", name="Funnel", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Funnel")
    expect(page).to_have_url(f"{site}/funnel?range=7d")
    page.reload()
    expect(page.locator(".page-heading")).to_contain_text("7 days, against")
    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator(".page-heading")).to_contain_text("7 days, against")
    expect(page.locator("#site-filters input[value='7d']")).to_be_checked()


def test_the_theme_switches_in_the_browser_alone_and_is_remembered(look, site):
    page = look()
    page.goto(site)
    ready(page)
    page.drawings.clear()
    page.get_by_role("button", name="Switch between light and dark").click()

    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    label = page.locator("#overview-trend [data-unformatted='Visits per day']")
    expect(label).to_have_css("fill", "rgb(241, 243, 245)")
    assert page.drawings == []
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(label).to_have_css("fill", "rgb(241, 243, 245)")


def test_a_page_is_walked_and_a_menu_used_by_keyboard_alone(look, site):
    page = look()
    page.goto(site + "/lineage")
    ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('node')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#lineage-closely h2")).to_have_text("bronze.category_tree")
    assert page.evaluate("document.activeElement !== document.body")
    page.goto(site)
    ready(page)
    page.locator("#overview-trend .menu summary").focus()
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#site-sql-text")).to_contain_text("gold.daily_kpis")
    page.keyboard.press("Escape")
    expect(page.locator("#overview-trend .menu summary")).to_be_focused()


def test_a_link_into_the_tree_leaves_the_focus_in_its_card(look, site):
    page = look()
    page.goto(site + "/categories")
    ready(page)
    page.locator("#categories-tree tbody a").first.click()
    expect(page.locator("#categories-tree .crumbs")).to_contain_text("›")

    assert page.evaluate("document.activeElement.closest('#categories-tree') !== null")


def test_a_frozen_link_says_how_far_it_is_behind_and_one_whose_run_is_not_there_offers_the_newest(look, site):
    page = look()
    page.goto(site + "/funnel?run=1")
    expect(page.locator(".frozen")).to_contain_text("Frozen at run 1")
    page.goto(site + "/funnel?run=999")
    expect(page.get_by_text("Run 999 of this lake does not exist")).to_be_visible()
    page.get_by_role("link", name="Show the newest run").click()

    expect(page.locator("#funnel-steps h2")).to_contain_text("Of 1,000 visits")


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


def test_the_key_figures_in_the_browser_are_those_of_the_api(look, site):
    page = look()
    page.goto(site)
    ready(page)
    days = page.request.get(site + "/api/v1/overview-by-day").json()["rows"]

    for name, column in (("visits", "num_sessions"), ("orders", "num_orders")):
        expect(page.locator(f"#overview-{name}")).to_have_text(f"{sum(day[column] for day in days):,}")


@pytest.fixture
def growing(built_lake, tmp_path):
    """A lake of its own that another process is writing, and the address of a site over it."""
    lake = open_lake(settings_of(shutil.copytree(built_lake, tmp_path / "lake")))
    with lock.hold(lake.settings, "lakehouse run"):
        process, address = start(lake.settings.lake_path)
        yield lake, address
        process.terminate()
        process.wait(timeout=10)


def test_a_new_publication_of_a_lake_that_is_being_written_appears_by_itself_and_whole(look, growing):
    lake, address = growing
    page = look()
    page.goto(address)
    ready(page)
    page.evaluate("() => { window.isTheSame = true; }")
    run = lake.ledger.published()
    days = lake.store.arrow("gold.daily_kpis").to_pylist()
    publish(lake, "20991231T060000-aaaaaa", {"gold.daily_kpis": [day | {"num_orders": 1_000} for day in days]})
    expect(page.locator("#overview-orders")).to_have_text("28,000")

    expect(page.locator("#overview-clocks .card-foot")).to_contain_text(f"run {run.number + 1}")
    version = lake.store.version("gold.daily_kpis")
    expect(page.locator("#overview-trend .source")).to_contain_text(f"gold.daily_kpis · v{version}")
    assert page.evaluate("window.isTheSame")


def test_a_view_is_saved_under_a_name_and_opened_and_a_note_stands_on_its_chart_until_it_is_removed(look, growing):
    _, address = growing
    page = look()
    page.goto(address + "/?range=7d&segment=new")
    ready(page)
    page.locator("#site-views summary").click()
    page.locator("#site-view-name").fill("New visitors, a week")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="New visitors, a week")).to_be_visible()
    page.goto(address + "/about")
    ready(page)
    page.locator("#site-views summary").click()
    page.get_by_role("link", name="New visitors, a week").click()
    expect(page).to_have_url(f"{address}/?range=7d&segment=new")
    ready(page)
    newest = page.request.get(address + "/api/v1/overview-by-day").json()["rows"][-1]["session_date"]
    page.locator("#overview-trend .menu summary").click()
    page.get_by_role("button", name="Add a note").last.click()
    page.locator("#site-note-day").fill(newest)
    page.locator("#site-note-words").fill("Newsletter <b>sent</b>")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#overview-trend .notes")).to_contain_text("Newsletter <b>sent</b>")
    expect(page.locator("#overview-trend .js-plotly-plot [data-unformatted='<b>1</b>']")).to_be_visible()
    assert serious(page) == []
    page.locator("#overview-trend .notes .remove").click()

    expect(page.locator("#overview-trend .notes")).to_have_count(0)
    assert page.complaints == []


def test_the_site_ends_cleanly_when_interrupted(tmp_path):
    process, _ = start(tmp_path / "nothing")
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=10) == 0
