"""Items, their properties and the tree, against the figures of the official data and against the real tree.

Figures are of the full official data, or of 5,000 randomly drawn visitors where a comment says so. Tolerances allow for
chance.
"""

import pytest

from .conftest import REAL, SCALE


def test_shoppers_come_back_to_items_as_the_official_ones_do(shop):
    same, earlier = shop.row("""
        SELECT avg((item = last_item)::INT), avg((item <> last_item AND is_known)::INT)
        FROM events WHERE event = 'view' AND last_event = 'view'
    """)
    assert same == pytest.approx(0.27, abs=0.03)
    assert earlier == pytest.approx(0.12, abs=0.03)


def test_moves_to_a_new_item_mostly_stay_in_the_category(shop):
    (stays,) = shop.row("""
        WITH latest AS (SELECT item, arg_min(category, occurred_at) AS category FROM categories GROUP BY item)
        SELECT avg((a.category = b.category)::INT) FROM events
        JOIN latest AS a USING (item) JOIN latest AS b ON b.item = last_item
        WHERE event = 'view' AND last_event = 'view' AND NOT is_known
    """)
    assert stays == pytest.approx(0.70, abs=0.04)


def test_few_purchases_come_without_a_view_or_cart_of_the_item(shop):
    (share,) = shop.row("""
        SELECT avg((NOT known)::INT) FROM (
            SELECT event, bool_or(event <> 'transaction') OVER (PARTITION BY visitor, item ORDER BY place) AS known
            FROM events
        ) WHERE event = 'transaction'
    """)
    assert share == pytest.approx(0.0458, abs=0.025)


def test_demand_is_as_uneven_as_the_official_one(shop):
    one, top = shop.row("""
        SELECT avg((size = 1)::INT), sum(size) FILTER (rank <= items * 0.2) / sum(size) FROM (
            SELECT count(*) AS size, row_number() OVER (ORDER BY count(*) DESC) AS rank, count(*) OVER () AS items
            FROM events WHERE event = 'view' GROUP BY item)
    """)
    assert one == pytest.approx(0.313, abs=0.03)
    assert top == pytest.approx(0.783, abs=0.04)


def test_category_is_missing_as_often_as_officially(shop):
    never, not_yet = shop.row("""
        SELECT avg((first_told IS NULL)::INT), avg((first_told IS NULL OR first_told > occurred_at)::INT) FROM events
        LEFT JOIN (SELECT item, min(occurred_at) AS first_told FROM categories GROUP BY item) USING (item)
    """)
    assert never == pytest.approx(0.093, abs=0.02)
    assert not_yet == pytest.approx(0.238, abs=0.03)


def test_a_fifth_of_the_items_with_events_has_no_category_in_the_tree(shop):
    (share,) = shop.row("""
        SELECT avg((id IS NULL)::INT) FROM (SELECT DISTINCT item FROM events)
        LEFT JOIN (SELECT DISTINCT item, id FROM categories JOIN tree ON id = category) USING (item)
    """)
    assert share == pytest.approx(0.212, abs=0.025)


def test_snapshots_are_18_sundays_without_21_june(shop):
    weeks = shop.column("SELECT DISTINCT strftime(moment, '%m-%d %H:%M %a') FROM properties ORDER BY 1")
    assert (len(weeks), weeks[0], weeks[-1]) == (18, "05-10 03:00 Sun", "09-13 03:00 Sun")
    assert all(week.endswith("03:00 Sun") for week in weeks)
    assert "06-21 03:00 Sun" not in weeks


def test_property_rows_have_the_official_shares(shop):
    rows = dict(shop.rows("SELECT property, count(*) FROM properties GROUP BY property"))
    official = {"888": 3.0e6, "790": 1.79e6, "available": 1.50e6, "categoryid": 0.79e6, "6": 0.63e6}
    assert {name: rows[name] / SCALE for name in official} == pytest.approx(official, rel=0.04)
    assert list(official)[:3] == sorted(rows, key=rows.get, reverse=True)[:3]
    assert len(rows) == pytest.approx(1_104, abs=5)


def test_every_item_has_the_nine_common_properties(shop):
    common = "('888', '790', 'available', 'categoryid', '283', '364', '764', '112', '159')"
    assert shop.row(f"""
        SELECT min(common), max(common) FROM (
            SELECT count(DISTINCT property) FILTER (property IN {common}) AS common FROM properties GROUP BY item)
    """) == (9, 9)


def test_as_many_items_change_as_officially(shop):
    official = {"888": 152_938, "790": 85_219, "available": 67_001, "categoryid": 23_352}
    changed = dict(
        shop.rows("""
            SELECT property, count(*) FROM (
                SELECT item, property FROM properties GROUP BY ALL HAVING count(DISTINCT value) > 1
            ) GROUP BY property""")
    )
    assert {name: changed[name] / SCALE for name in official} == pytest.approx(official, rel=0.06)


def test_a_snapshot_tells_a_property_of_an_item_once(shop):
    assert shop.row("SELECT count(*) - count(DISTINCT (occurred_at, item, property)) FROM properties") == (0,)


def test_a_constant_property_is_told_once(shop):
    constant, repeated = shop.row("""
        SELECT count(*), count(*) FILTER (told > 1) FROM (
            SELECT count(*) AS told FROM properties WHERE property IN ('categoryid', 'available', '888', '764')
            GROUP BY item, property HAVING count(DISTINCT value) = 1)
    """)
    assert repeated / constant < 0.001


def test_prices_are_those_of_the_official_shop(shop):
    prices = "SELECT substr(value, 2)::DOUBLE AS price FROM properties WHERE property = '790'"
    quartiles = shop.row(f"SELECT quantile_cont(price, [0.01, 0.25, 0.5, 0.75, 0.95]) FROM ({prices})")[0]
    assert quartiles[0] == pytest.approx(0, abs=2_000)
    assert quartiles[1:] == pytest.approx([16_560, 46_200, 125_982, 463_356], rel=0.2)
    assert shop.row("SELECT bool_and(value IN ('0', '1')) FROM properties WHERE property = 'available'") == (True,)


TREE_LEVELS = """
    WITH RECURSIVE levels AS (
        SELECT id, 0 AS level FROM tree WHERE parent IS NULL
        UNION ALL SELECT tree.id, level + 1 FROM tree JOIN levels ON tree.parent = levels.id)
    SELECT count(*), count(*) FILTER (id NOT IN (SELECT parent FROM tree WHERE parent IS NOT NULL))
    FROM levels GROUP BY level ORDER BY level
"""


def test_the_tree_has_the_official_shape(shop):
    assert shop.rows(TREE_LEVELS) == [(25, 1), (174, 50), (702, 525), (665, 632), (90, 86), (13, 13)]
    assert shop.row("SELECT count(DISTINCT id), min(id) >= 0, max(id) <= 1698 FROM tree") == (1_669, True, True)


def test_the_tree_has_the_shape_of_the_real_one_but_is_another(shop, real):
    mine = shop.rows("SELECT id, parent FROM tree")
    real.connection.execute(f"""
        CREATE TABLE tree AS SELECT categoryid AS id, parentid AS parent FROM read_csv('{REAL}/category_tree.csv')""")
    assert shop.rows(TREE_LEVELS) == real.rows(TREE_LEVELS)
    assert len(set(mine) & set(real.rows("SELECT id, parent FROM tree"))) < 30
