"""The Recommend page: the same lists as the command line's, and its three ways in a real Chromium."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from app import pages
from app.pages.recommend import offline
from app.site import Site
from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT, environment
from ml.recommend import serving
from ml.registry.versions import served

from ..conftest import settings_of
from .test_predict import text


@pytest.fixture(scope="module")
def loaded(sample_lake):
    """A site over the sample lake with its lists in memory; what draws a card of the page for an address."""
    site = Site(settings_of(sample_lake))
    lake = site.lakes[""]
    lake.refresh()
    lake.serving.load(lake.current().run, lake.current().keys)
    cards = {card.name: card for card in pages.find("/recommend").cards}
    return lambda card, query="": cards[card].content("recommend", site.context(pages.parse(query)))


@pytest.fixture(scope="module")
def recommendations(sample_lake):
    return serving.load(open_lake(settings_of(sample_lake)))


@pytest.fixture(scope="module")
def item(recommendations):
    """An item with neighbours."""
    recommender = recommendations.recommender
    return int(recommender.catalogue.ids[(recommender.starts[1:] > recommender.starts[:-1]).argmax()])


def rows_of(component):
    """The cells of the list's rows, as text."""
    if type(component).__name__ == "Tbody":
        return [[text(cell).strip() for cell in row.children] for row in component.children]
    children = getattr(component, "children", None)
    several = children if isinstance(children, list | tuple) else [children]
    return [row for each in several if hasattr(each, "children") for row in rows_of(each)]


@pytest.mark.parametrize("way", ["items", "item", "visitor"])
def test_the_page_lists_what_the_command_line_lists(loaded, recommendations, sample_lake, item, way):
    visitor = int(recommendations.last_visits.visitors[5])
    query, options = {
        "items": (f"?items=1,{item}&max_price=90000", ["--items", f"1,{item}", "--max-price", "90000"]),
        "item": (f"?by=item&item={item}&known_available=true", ["--items", str(item), "--known-available"]),
        "visitor": (
            f"?by=visitor&visitor={visitor}&exclude={item}",
            ["--visitor", str(visitor), "--exclude", str(item)],
        ),
    }[way]
    command = [sys.executable, "-m", "lakehouse.cli", "recommend", *options, "--json"]
    variables = environment() | {"LAKEHOUSE_LAKE": str(sample_lake), "PYTHONPATH": str(PROJECT)}
    printed = json.loads(subprocess.run(command, env=variables, capture_output=True, check=True).stdout)
    shown = rows_of(loaded("list", query))

    assert [(row[1], row[6]) for row in shown] == [(str(each["item_id"]), each["reason"]) for each in printed["items"]]
    assert [int(row[0]) for row in shown] == list(range(1, len(printed["items"]) + 1))
    assert [row[4] for row in shown] == [
        "available" if each["is_available"] else "unknown" for each in printed["items"]
    ]
    reminded = {str(each["item_id"]) for each in printed["reminders"]}
    assert reminded == set(re.findall(r"Item (\d+)", text(loaded("list", query))))


def test_an_item_that_the_shop_does_not_have_is_told_in_a_sentence(loaded):
    assert "The shop's data does not hold item 999999999: nothing is known of it." in text(
        loaded("ask", "?items=999999999")
    )
    assert "Nothing is known of these items: the list is popular items of the shop." in text(
        loaded("list", "?items=999999999")
    )


def test_filters_that_nothing_passes_leave_a_sentence(loaded, item):
    shown = text(loaded("list", f"?by=item&item={item}&min_price=999999999"))

    assert "No item passes the filters" in shown and "Widen the price" in shown


def test_a_visitor_without_a_visit_is_told(loaded):
    assert "Visitor 999999999 has no visit" in text(loaded("list", "?by=visitor&visitor=999999999"))


def test_without_an_evaluation_the_page_names_the_command_and_with_one_shows_each_figure(sample_lake, tmp_path):
    shutil.copytree(sample_lake, tmp_path / "lake")
    settings = settings_of(tmp_path / "lake")
    site = Site(settings)
    site.lakes[""].refresh()
    assert offline.COMMAND in text(offline.scores(site.context(pages.parse(""))))

    share = {"value": 0.476, "margin": 0.019}
    scores = {f"known/{each}": {"hr": share, "mrr": share, "num": 2_629} for each in "ABC"}
    methods = {name: {"scores": scores} for name in ("served", "AR")}
    gains = {f"known/{each}": {"hr": {"value": 0.12, "margin": 0.02}, "mrr": share} for each in "ABC"}
    found = {"methods": methods, "gains": gains, "num_visits": 900, "num_training_visits": 17_000, "rival": "VSTAN"}
    found |= {"cutoff": "2015-09-10T03:00:00+00:00", "run_id": "r1"}
    served(settings).overwrite(serving.MEASURED, json.dumps(found).encode())
    drawn = offline.scores(site.context(pages.parse("")))

    assert drawn.title == "The list holds 47.6% of the next items, 12.0 points more than VSTAN"
    assert text(drawn.table).count("0.476 ± 0.019") == 2 * 2 * 3


@pytest.fixture
def page(browser, site):
    """The page in a tab of its own."""
    tab = browser.new_context(reduced_motion="reduce").new_page()
    tab.complaints = []
    tab.on("console", lambda message: tab.complaints.append(message.text) if message.type == "error" else None)
    tab.goto(site + "/recommend")
    expect(tab.locator("#recommend-list .recommend-list")).to_be_visible(timeout=90_000)
    yield tab
    assert tab.complaints == []
    tab.context.close()


def test_a_visit_is_built_click_by_click_keeps_its_order_and_survives_a_reload(page, item):
    page.locator("#recommend-add").fill(str(item))
    page.locator("#recommend-add").press("Enter")
    expect(page.locator(".recommend-basket li")).to_have_count(1)
    expect(page.locator("#recommend-list")).to_contain_text(f"because you viewed {item}")
    page.locator("#recommend-list .chip").first.click()
    expect(page.locator(".recommend-basket li")).to_have_count(2)
    second = page.locator(".recommend-basket li").nth(1).inner_text()
    page.locator(".recommend-basket li").nth(1).get_by_role("button", name=re.compile("Earlier")).click()
    expect(page.locator(".recommend-basket li").first).to_contain_text(re.search(r"Item \d+", second)[0])
    page.reload()
    expect(page.locator(".recommend-basket li")).to_have_count(2)
    expect(page.locator(".recommend-reminders")).to_contain_text(re.search(r"Item \d+", second)[0])
    page.locator(".recommend-basket li").first.get_by_role("button", name=re.compile("Remove")).click()
    expect(page.locator(".recommend-basket li")).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"\?items={item}$"))


def test_an_item_and_a_visitor_are_asked_for_by_the_other_two_ways(page, item):
    page.get_by_text("An item", exact=True).click()
    page.get_by_label("Item on the screen").fill(str(item))
    expect(page.locator("#recommend-list")).to_contain_text(f"because you viewed {item}")
    page.get_by_text("A visitor", exact=True).click()
    page.locator("#recommend-ask .chip").first.click()
    expect(page.locator("#recommend-ask h2")).to_have_text(re.compile(r"Visitor \d+"))
    expect(page.locator(".recommend-reminders")).to_be_visible()
    expect(page).to_have_url(re.compile(r"by=visitor.*visitor=\d+"))


def test_a_filter_lives_in_the_address_and_narrows_the_list(page):
    page.get_by_label("Price to").fill("20000")
    expect(page).to_have_url(re.compile("max_price=20000"))
    expect(page.locator("#recommend-list h2")).to_be_visible()
    expect(page.locator("#recommend-list tbody td:nth-child(4)").first).to_have_text(re.compile(r"^1?\d,\d{3}$|^\d+$"))
    prices = page.locator("#recommend-list tbody td:nth-child(4)").all_inner_texts()

    assert all(int(each.replace(",", "")) <= 20_000 for each in prices)
