import re

import pytest

from app import pages, server
from app.components.card import Card
from app.data.tables import OlderRelease
from app.site import Site
from lakehouse.errors import LakehouseError


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
    key = card.key(ask())

    assert server._draw(page, card, ask, key, False)[1] is server.no_update
    assert card.key(ask("?unit=visitor&foo=1")) == key
    assert card.key(ask("?range=7d")) != key
    assert server._draw(page, card, ask, key, True)[1] == key


def test_a_card_to_which_a_segment_cannot_apply_says_so(ask):
    hours = next(card for card in pages.find("/activity").cards if card.name == "hours")

    assert "the segment cannot apply here" in str(hours.content("activity", ask("?segment=new")))
    assert "cannot apply" not in str(hours.content("activity", ask()))


def test_an_empty_lake_says_what_to_do(lake):
    context = Site(lake.settings).context(pages.parse(""))
    card = pages.find("/").cards[0]

    assert "lakehouse sample" in str(card.content("overview", context))


VARIANTS = [
    "",
    "?range=7d&compare=none",
    "?range=all",
    "?range=2015-06-01..2015-06-03",
    "?range=90d&unit=visitor&event=transaction&dropped=view",
    "?category=-1&minimum=1&who=buyers&steps=5",
]


@pytest.mark.parametrize("query", VARIANTS)
def test_no_card_of_any_page_breaks(ask, query):
    for page in pages.all_pages():
        for card in page.cards:
            shown = str(card.content(page.slug, ask(query)))

            assert "could not be drawn" not in shown, f"{page.slug}-{card.name}"
