import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go
import pytest
from dash._utils import to_json

from app import pages, server
from app.components.card import Card
from app.data.tables import OlderRelease
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake
from lakehouse.storage.ledger import Run

from ..conftest import settings_of
from .conftest import activity, publish


def raising(error):
    def draw(_context):
        raise error

    return Card("broken", draw)


def test_a_card_that_fails_says_so_under_an_id_that_the_log_has(ask, caplog):
    shown = str(raising(ZeroDivisionError()).content("page", ask()))

    identity = re.search(r"the reason under (\w{8})", shown)[1]
    assert "This card could not be drawn" in shown
    assert "failed" in shown
    assert f"Error {identity}" in caplog.text


def test_a_card_tells_an_expected_failure_with_its_remedy(ask):
    shown = str(raising(LakehouseError("The registry is locked.", "lakehouse doctor")).content("page", ask()))
    older = str(raising(OlderRelease("gold.paths")).content("page", ask()))

    assert "The registry is locked." in shown and "lakehouse doctor" in shown
    assert "Not in this lake yet" in older and "lakehouse run" in older


def test_a_card_is_drawn_anew_only_when_what_it_heeds_has_changed(ask):
    page = pages.find("/funnel")
    card = next(each for each in page.cards if each.name == "skipped")
    key = card.key("funnel", ask())

    assert server._draw(page, card, ask, key, False)[1] is server.no_update
    assert card.key("funnel", ask("?unit=visitor&foo=1")) == key
    assert card.key("funnel", ask("?range=7d")) != key
    assert server._draw(page, card, ask, key, True)[1] == key


def test_a_card_to_which_a_segment_cannot_apply_says_so(ask):
    hours = next(card for card in pages.find("/activity").cards if card.name == "hours")

    assert "the segment cannot apply here" in str(hours.content("activity", ask("?segment=new")))
    assert "cannot apply" not in str(hours.content("activity", ask()))


def test_while_history_starts_a_page_says_that_new_visitors_may_not_be(ask):
    context = ask("?range=all&segment=new")

    assert "history starts on" in context.subtitle(is_compared=True)
    assert "history starts" not in ask("?range=7d&segment=new").subtitle(is_compared=True)


def cards_of(context):
    """What each card of each page says, by its id."""
    return {f"{page.slug}-{card.name}": str(card.content(page.slug, context)) for page, card in all_cards()}


def all_cards():
    return [(page, card) for page in pages.all_pages() for card in page.cards]


def site_over(lake):
    site = Site(lake.settings)
    site.lakes[""].refresh()
    return site.context(pages.parse(""))


def test_on_an_empty_lake_every_card_that_needs_data_says_what_to_do(lake):
    said = cards_of(site_over(lake))

    for page, card in all_cards():
        assert ("lakehouse sample" in said[f"{page.slug}-{card.name}"]) == card.needs_data
    assert "What the words mean" in said["about-definitions"]


def test_on_a_lake_that_is_published_without_an_event_every_card_that_needs_data_says_that(lake):
    lake.store.create(lake.contracts["gold.activity"])
    id_, at = lake.store.id("gold.activity"), datetime(2015, 7, 1, 6, tzinfo=UTC)
    versions, ids = {"gold.activity": 0}, {"gold.activity": id_}
    lake.ledger.record(Run("20150701T060000-aaaaaa", "lakehouse run", "published", at, at, versions, ids=ids))
    said = cards_of(site_over(lake))

    for page, card in all_cards():
        words = said[f"{page.slug}-{card.name}"]
        assert ("There are no events yet" in words) == card.needs_data
        assert "Nothing is published yet" not in words


def test_a_first_publication_that_cannot_be_read_is_told_on_every_card_that_needs_it(lake):
    publish(lake, "20150602T060000-aaaaaa", {"gold.activity": activity()})
    for path in lake.store.delta("gold.activity").file_uris():
        Path(path.removeprefix("file://")).unlink()
    said = cards_of(site_over(lake))

    for page, card in all_cards():
        assert ("The newest publication cannot be read" in said[f"{page.slug}-{card.name}"]) == card.needs_data


def test_a_lake_without_a_table_that_a_page_wants_says_so_on_its_cards_and_the_others_live(built_lake, tmp_path):
    lake = open_lake(settings_of(shutil.copytree(built_lake, tmp_path / "older")))
    run = lake.ledger.published()
    older = {name: version for name, version in run.versions.items() if name not in ("gold.paths", "gold.cohorts")}
    lake.ledger.record(replace(run, run_id="20991231T000000-aaaaaa", versions=older, number=0))
    said = cards_of(site_over(lake))
    silent = {name for name, words in said.items() if "Not in this lake yet" in words}

    assert silent == {"journeys-retention", "journeys-paths", "about-check"}
    assert all("lakehouse run" in said[name] for name in silent)
    assert not [name for name, words in said.items() if "could not be drawn" in words]


def test_a_range_that_ends_on_a_day_that_is_still_filling_says_so(lake):
    publish(lake, "20150602T060000-aaaaaa", {"gold.activity": activity(days=3, last_hour=2)})
    site = Site(lake.settings)
    site.lakes[""].refresh()

    assert "3 Jun is incomplete" in site.context(pages.parse("?range=2015-06-01..2015-06-03")).subtitle(True)
    assert "incomplete" not in site.context(pages.parse("?range=2015-06-01..2015-06-02")).subtitle(True)


VARIANTS = [
    "",
    "?range=7d&compare=none",
    "?range=all",
    "?range=2015-06-01..2015-06-03",
    "?range=90d&unit=visitor&event=transaction&dropped=view",
    "?category=-1&minimum=1&who=buyers&steps=5",
    "?window=1d&order=ordered&segment=returning&table=silver.events",
    "?window=30d&table=silver.categories_quarantine",
    "?window=7d&unit=visitor&category=-1",
]


@pytest.mark.parametrize("query", VARIANTS)
def test_no_card_of_any_page_breaks(ask, query):
    for page, card in all_cards():
        shown = card.content(page.slug, ask(query))

        assert "could not be drawn" not in str(shown), f"{page.slug}-{card.name}"
        for chart in charts_in(json.loads(to_json(shown))):
            go.Figure(chart)  # Plotly's own classes refuse what is no word of theirs


def charts_in(part):
    """The figures in a card, as the browser gets them."""
    if isinstance(part, dict):
        found = [part["props"]["figure"]] if part.get("type") == "Graph" else []
        return [*found, *charts_in(list(part.values()))]
    return [chart for each in part for chart in charts_in(each)] if isinstance(part, list) else []


def test_the_trend_is_a_chart_that_is_looked_at_above(ask):
    trend = next(card for card in pages.find("/").cards if card.name == "trend")

    assert len(charts_in(json.loads(to_json(trend.content("overview", ask()))))) == 1
