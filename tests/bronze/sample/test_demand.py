"""Demand answers to stock, price, popularity and category: as planned, and as it shows in the files."""

import numpy as np
import pytest

from bronze.sample.offers import SNAPSHOTS, History, Offers, snapshot_at
from bronze.sample.temptation import DEARNESS, PULL_SPREAD, Temptation


def parse(text):
    """Columns of whole numbers from a table of text, by name."""
    head, _, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return dict(zip(head, np.array(lines, dtype=np.int64).T, strict=True)) if lines else {}


def test_an_offer_changes_for_some_snapshots_and_back():
    table = parse("""
        usual | other | since | until | snapshot | value
        ------+-------+-------+-------+----------+------
        1     | 0     | 3     | 5     | 2        | 1
        1     | 0     | 3     | 5     | 3        | 0
        1     | 0     | 3     | 5     | 4        | 0
        1     | 0     | 3     | 5     | 5        | 1
        7     | 8     | 0     | 0     | 0        | 7
    """)
    history = History(*(table[name] for name in ("usual", "other", "since", "until")))
    assert history.at(np.arange(5), table["snapshot"]).tolist() == table["value"].tolist()
    assert history.is_changing.tolist() == [True, True, True, True, False]


def test_the_first_snapshot_was_true_before_it_was_told():
    moments = np.array([SNAPSHOTS[0] - 1, SNAPSHOTS[0], SNAPSHOTS[1] - 1, SNAPSHOTS[1], SNAPSHOTS[-1] + 1])
    assert snapshot_at(moments).tolist() == [0, 0, 0, 1, len(SNAPSHOTS) - 1]


def test_an_item_out_of_stock_or_dear_tempts_less():
    items = parse("""
        available | price
        ----------+------
        1         | 0
        1         | 1
        1         | 2
        0         | 0
        0         | 1
        0         | 2
    """)
    never, nothing = np.zeros(6, dtype=np.int64), np.zeros(6)
    available, price = (History(items[name], items[name], never, never) for name in ("available", "price"))
    prices = np.array([1_000.0, 2_000.0, 4_000.0])
    offers = Offers(History(never, never, never, never), available, price, prices, np.log(prices[1:2]))
    chance = Temptation(offers, charm=nothing, pull=np.ones(1)).chance(np.arange(6), never)
    assert (np.diff(chance[:3]) < -0.05).all() and (np.diff(chance[3:]) < -0.05).all()
    assert (chance[3:] < 0.6 * chance[:3]).all()
    assert chance[1] / (1 - chance[1]) / (chance[0] / (1 - chance[0])) == pytest.approx(2**DEARNESS)


AS_OF = """
    SELECT event, value FROM (SELECT * FROM events WHERE event <> 'transaction') AS events
    ASOF JOIN (SELECT * FROM properties WHERE property = '{}') AS told
    ON events.item = told.item AND events.occurred_at > told.occurred_at
"""


def cart_rate(shop, property, condition):
    """Carts per view of items whose value, as told by then, meets a condition."""
    rate, carts = shop.row(f"""
        SELECT count(*) FILTER (event = 'addtocart') / count(*) FILTER (event = 'view'),
            count(*) FILTER (event = 'addtocart') FROM ({AS_OF.format(property)}) WHERE {condition}
    """)
    assert carts > 200
    return rate


def test_items_that_are_not_available_are_put_in_the_cart_less(shop):
    rate = cart_rate(shop, "available", "value = '0'") / cart_rate(shop, "available", "value = '1'")
    assert 0.4 < rate < 0.8


def carts_against_category(shop, catalogue, is_so):
    """Visits that cart their first item, of those whose first item is so, against as many visits of its categories."""
    visits = shop.connection.execute("""
        SELECT bool_or(event = 'addtocart' AND item = goal) AS has_cart, any_value(goal) AS item
        FROM (SELECT *, first_value(item) OVER (PARTITION BY visitor, visit ORDER BY place) AS goal FROM events)
        GROUP BY visitor, visit
    """).fetchnumpy()
    first, has_cart = np.argsort(catalogue.item_id)[visits["item"]], visits["has_cart"]
    size = len(catalogue.category_id)
    rate = np.bincount(catalogue.category[first], has_cart, size) / np.bincount(
        catalogue.category[first], minlength=size
    ).clip(1)
    return has_cart[is_so[first]].sum() / rate[catalogue.category[first[is_so[first]]]].sum()


def test_items_that_are_dear_for_their_category_are_put_in_the_cart_less(shop, catalogue):
    everything = np.arange(len(catalogue.item_id))
    is_dear = catalogue.offers.dearness(everything, np.zeros_like(everything)) > 0
    assert carts_against_category(shop, catalogue, is_dear) < 0.95
    assert carts_against_category(shop, catalogue, ~is_dear) > 1.03


def test_items_in_demand_are_put_in_the_cart_more_often(shop, catalogue):
    demand = np.diff(catalogue.demand)
    ranked = np.sort(demand)
    is_popular = demand > ranked[np.searchsorted(ranked.cumsum(), 0.5)]
    assert carts_against_category(shop, catalogue, is_popular) > 1.02


def test_categories_pull_those_who_buy_by_as_much_as_their_hidden_pull_says(shop, catalogue):
    """The share of visits that buy, by the category of the first item: a third that pulls, against a third that does not."""
    pull = catalogue.temptation.pull[catalogue.category][np.argsort(catalogue.item_id)]
    firsts = shop.connection.execute("""
        SELECT any_value(purchases) > 0 AS buys, arg_min(item, place) AS item
        FROM events JOIN visits USING (visitor, visit) GROUP BY visitor, visit
    """).fetchnumpy()
    pulls = pull[firsts["item"]]
    low, high = np.quantile(pulls, [1 / 3, 2 / 3])
    ratio = firsts["buys"][pulls > high].mean() / firsts["buys"][pulls < low].mean()
    assert ratio == pytest.approx(pulls[pulls > high].mean() / pulls[pulls < low].mean(), rel=0.3)
    assert ratio > 1 + PULL_SPREAD
