"""The synthetic shop against the figures of the official data, and against real rows where they are at hand.

Figures are of the full official data, or of 5,000 randomly drawn visitors where a comment says so. The shop is made at
scale 0.05, so a tolerance allows for chance: some 140,000 events, 1,800 purchases and 700 visits that buy.
"""

import hashlib
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bronze.sample import FILES, write
from bronze.sample.clock import wind_up
from bronze.sample.faults import EVENT_FAULTS, UNKNOWN_CATEGORY, UNKNOWN_ITEM

SCALE = 0.05
REAL = Path(__file__).parents[2].parent / "shared" / "data"
HALF_HOUR = 1_800_000  # ms
BIGINTS = "{'timestamp': 'BIGINT', 'visitorid': 'BIGINT', 'itemid': 'BIGINT', 'transactionid': 'BIGINT'}"


class Shop:
    """Tables of one data set: events (with visit, place and what came before), visits, visitors."""

    def __init__(self, events: Path) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute(f"""
            CREATE TABLE raw AS SELECT * FROM read_csv('{events}', types = {BIGINTS});
            CREATE TABLE ordered AS
                SELECT DISTINCT timestamp AS occurred_at, make_timestamp(timestamp * 1000) AS moment,
                    visitorid AS visitor, itemid AS item, event, transactionid AS basket
                FROM raw;
            CREATE TABLE paused AS
                SELECT *, occurred_at - lag(occurred_at) OVER w AS pause, row_number() OVER w AS place
                FROM ordered WINDOW w AS (PARTITION BY visitor ORDER BY occurred_at, event, item);
            CREATE TABLE events AS
                SELECT *, lag(event) OVER v AS last_event, lag(item) OVER v AS last_item,
                    lead(event) OVER v AS next_event,
                    row_number() OVER (PARTITION BY visitor, visit, item ORDER BY place) > 1 AS is_known
                FROM (
                    SELECT *, count(*) FILTER (pause > {HALF_HOUR}) OVER (PARTITION BY visitor ORDER BY place) AS visit
                    FROM paused)
                WINDOW v AS (PARTITION BY visitor, visit ORDER BY place);
            CREATE TABLE visits AS
                SELECT visitor, visit, min(moment) AS started_at, count(*) AS length,
                    count(*) FILTER (event = 'view') AS views, count(*) FILTER (event = 'addtocart') AS carts,
                    count(*) FILTER (event = 'transaction') AS purchases,
                    min(place) FILTER (event = 'transaction') AS bought_at
                FROM events GROUP BY ALL;
            CREATE TABLE visitors AS
                SELECT visitor, sum(length) AS length, count(*) AS visits, sum(carts) AS carts,
                    sum(purchases) AS purchases
                FROM visits GROUP BY visitor;
        """)

    def row(self, query: str) -> tuple:
        return self.connection.execute(query).fetchone()

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def column(self, query: str) -> list:
        return [row[0] for row in self.rows(query)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write(folder, scale=SCALE, seed=7, faults=0)
    return folder


@pytest.fixture(scope="module")
def shop(folder):
    shop = Shop(folder / "events.csv")
    shop.connection.execute(f"""
        CREATE TABLE properties AS
            SELECT timestamp AS occurred_at, make_timestamp(timestamp * 1000) AS moment, itemid AS item, property, value
            FROM read_csv('{folder}/item_properties_part*.csv', types = {{'property': 'VARCHAR', 'value': 'VARCHAR'}});
        CREATE TABLE tree AS SELECT categoryid AS id, parentid AS parent FROM read_csv('{folder}/category_tree.csv');
        CREATE TABLE categories AS
            SELECT occurred_at, item, value::BIGINT AS category FROM properties WHERE property = 'categoryid';
    """)
    return shop


@pytest.fixture(scope="module")
def real():
    if not REAL.exists():
        pytest.skip(f"the real rows are not at {REAL}")
    return Shop(REAL / "events_sample.csv")


def distance(shares, other):
    """Total variation distance between two lists of weights."""
    shares, other = np.array(shares, dtype=float), np.array(other, dtype=float)
    return abs(shares / shares.sum() - other / other.sum()).sum() / 2


# ---- the files


def test_the_files_have_the_official_names_and_headers(folder):
    headers = {path.name: path.read_text().split("\n", 1)[0] for path in folder.iterdir()}
    assert headers == {
        "events.csv": "timestamp,visitorid,event,itemid,transactionid",
        "item_properties_part1.csv": "timestamp,itemid,property,value",
        "item_properties_part2.csv": "timestamp,itemid,property,value",
        "category_tree.csv": "categoryid,parentid",
    }


def test_the_paths_of_the_four_files_are_returned(tmp_path):
    assert write(tmp_path / "new" / "folder", 0.001, 1, 0) == [tmp_path / "new" / "folder" / name for name in FILES]


def test_every_line_is_in_the_official_text_format(folder):
    patterns = {
        "events.csv": r"\d{13},\d+,((view|addtocart),\d+,|transaction,\d+,\d+)",
        "item_properties_part1.csv": r"\d{13},\d+,(categoryid|available|\d+),n?\d[n\d. ]*",
        "category_tree.csv": r"\d+,\d*",
    }
    for name, pattern in patterns.items():
        lines = f"read_csv('{folder / name}', columns = {{'line': 'VARCHAR'}}, delim = '\t', quote = '', header = true)"
        count, odd = duckdb.execute(
            f"SELECT count(*), count(*) FILTER (NOT regexp_full_match(line, '{pattern}')) FROM {lines}"
        ).fetchone()
        assert count > 1_000
        assert odd == 0, name


def test_no_file_of_rows_is_sorted(shop):
    for table, column in (("raw", "timestamp"), ("properties", "occurred_at"), ("properties", "item"), ("tree", "id")):
        (share,) = shop.row(
            f"SELECT avg(({column} < later)::INT) FROM (SELECT {column}, lead({column}) OVER () AS later FROM {table})"
        )
        assert 0.3 < share < 0.7, (table, column)


def digests(folder):
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, 0.05, 3, 0.01)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_other_bytes_in_every_file(tmp_path):
    for seed in (1, 2):
        write(tmp_path / str(seed), 0.001, seed, 0)
    assert not set(digests(tmp_path / "1")) & set(digests(tmp_path / "2"))


@pytest.mark.parametrize(
    "scale, seed, faults", [(0, 1, 0), (-1, 1, 0), (float("nan"), 1, 0), (1, 1, -0.1), (1, 1, 1.1), (1, -1, 0)]
)
def test_an_argument_out_of_range_is_refused_in_a_sentence(tmp_path, scale, seed, faults):
    with pytest.raises(ValueError, match=r"must be .*; it is "):
        write(tmp_path, scale, seed, faults)
    assert not any(tmp_path.iterdir())


def test_a_run_that_fails_leaves_no_file_and_spares_the_old_ones(tmp_path):
    (tmp_path / "events.csv").write_text("old")

    def stop(_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write(tmp_path, 0.001, 1, 0, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["events.csv"]
    assert (tmp_path / "events.csv").read_text() == "old"


@pytest.mark.parametrize("scale", [0.000_001, 0.001])
def test_a_tiny_shop_is_complete(tmp_path, scale):
    paths = write(tmp_path, scale, 1, 0)
    assert all(path.read_text().count("\n") >= 2 for path in paths)
    assert (tmp_path / "category_tree.csv").read_text().count("\n") == 1 + 1_669


# ---- size


def test_counts_grow_with_scale(shop):
    counts = shop.row("""
        SELECT count(*), count(DISTINCT visitor), count(DISTINCT item), (SELECT count(DISTINCT item) FROM properties),
            (SELECT count(*) FROM properties), (SELECT count(*) FROM visits) FROM events
    """)
    official = (2_755_641, 1_407_580, 235_061, 417_053, 20_275_902, 1_761_675)
    assert [count / SCALE for count in counts] == pytest.approx(official, rel=0.05)


def test_visitor_ids_are_spread_over_their_range(shop):
    quartiles = shop.row("SELECT quantile_disc(visitor, [0, 0.25, 0.5, 0.75, 1]) FROM visitors")[0]
    assert np.array(quartiles) / (1_407_580 * SCALE) == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=0.02)


def test_events_span_the_official_period(shop):
    first, last = shop.row("SELECT min(occurred_at), max(occurred_at) FROM events")
    assert 1_430_622_000_000 <= first < 1_430_622_000_000 + 3_600_000
    assert 1_442_545_200_000 - 7_200_000 < last < 1_442_545_200_000


# ---- visits


def test_event_types_have_the_official_shares(shop):
    shares = dict(shop.rows("SELECT event, count(*) / sum(count(*)) OVER () FROM events GROUP BY event"))
    assert shares == {
        "view": pytest.approx(0.9667, abs=0.006),
        "addtocart": pytest.approx(0.0252, abs=0.004),
        "transaction": pytest.approx(0.0081, abs=0.002),
    }


LENGTHS = "SELECT count(*) FROM visits GROUP BY least(length, 11) ORDER BY least(length, 11)"


def test_visits_have_the_official_lengths(shop):
    shares = (0.7765, 0.1267, 0.0417, 0.0205, 0.0117, 0.0069, 0.0040, 0.0032, 0.0013, 0.0022, 0.0050)  # 5,000 visitors
    assert distance(shop.column(LENGTHS), shares) < 0.02
    mean, p99 = shop.row("SELECT avg(length), quantile_cont(length, 0.99) FROM visits")
    assert mean == pytest.approx(1.564, abs=0.05)
    assert p99 == pytest.approx(9, abs=1)


def test_visits_have_the_lengths_of_real_ones(shop, real):
    assert distance(shop.column(LENGTHS), real.column(LENGTHS)) < 0.03


def test_visitors_come_as_often_as_the_official_ones(shop):
    shares = shop.column(
        "SELECT count(*) / sum(count(*)) OVER () FROM visitors GROUP BY least(visits, 5) ORDER BY least(visits, 5)"
    )
    assert shares == pytest.approx([0.866, 0.091, 0.023, 0.009, 0.011], abs=0.005)
    mean, one, p99 = shop.row("SELECT avg(visits), avg((length = 1)::INT), quantile_cont(length, 0.99) FROM visitors")
    assert mean == pytest.approx(1.2516, abs=0.02)
    assert one == pytest.approx(0.712, abs=0.01)
    assert p99 == pytest.approx(13, abs=1)


QUARTILES = "[0.25, 0.5, 0.75, 0.9]"  # and the highest decile
PAUSES = f"SELECT quantile_cont(pause / 1000, {QUARTILES}) FROM events WHERE pause <= {HALF_HOUR} AND event = 'view'"
BREAKS = f"SELECT quantile_cont(pause / 3.6e6, {QUARTILES}) FROM events WHERE pause > {HALF_HOUR}"


def test_pauses_have_the_official_quartiles(shop):
    assert shop.row(PAUSES)[0] == pytest.approx([25, 64, 174, 494], rel=0.08)  # seconds, of 5,000 visitors
    assert shop.row(BREAKS)[0] == pytest.approx([5.4, 42, 238, 841], rel=0.15)  # hours, of 5,000 visitors


def test_pauses_have_the_quartiles_of_real_ones(shop, real):
    assert np.log(shop.row(PAUSES)[0]) == pytest.approx(np.log(real.row(PAUSES)[0]), abs=0.25)
    assert np.log(shop.row(BREAKS)[0]) == pytest.approx(np.log(real.row(BREAKS)[0]), abs=0.5)


def test_the_next_event_follows_the_official_chances(shop):
    chances = {
        event: dict(
            shop.rows(f"""
                SELECT coalesce(next_event, 'end'), count(*) / sum(count(*)) OVER () FROM events
                WHERE event = '{event}' GROUP BY 1""")
        )
        for event in ("view", "addtocart")
    }
    view, cart = chances["view"], chances["addtocart"]
    assert view["end"] == pytest.approx(0.675, abs=0.04)
    assert view["view"] == pytest.approx(0.305, abs=0.04)
    assert view["addtocart"] == pytest.approx(0.0182, abs=0.003)
    assert view["transaction"] == pytest.approx(0.0013, abs=0.001)
    assert cart["end"] == pytest.approx(0.28, abs=0.05)
    assert cart["view"] == pytest.approx(0.356, abs=0.05)
    assert cart["addtocart"] == pytest.approx(0.264, abs=0.05)
    assert cart["transaction"] == pytest.approx(
        0.10, abs=0.08
    )  # at least 0.17 is due where 0.7 % of visits cart, then buy


def test_purchases_and_carts_are_as_rare_as_the_official_ones(shop):
    purchase, cart, cart_of_buyers, view_of_buyers = shop.row("""
        SELECT avg((purchases > 0)::INT), avg((carts > 0)::INT), avg((carts > 0)::INT) FILTER (purchases > 0),
            avg((views > 0)::INT) FILTER (purchases > 0) FROM visits
    """)
    assert purchase == pytest.approx(0.0081, abs=0.0012)
    assert cart == pytest.approx(0.0249, abs=0.0025)
    assert cart_of_buyers == pytest.approx(0.83, abs=0.05)
    assert view_of_buyers == pytest.approx(0.90, abs=0.05)


def test_visitors_browse_abandon_and_buy_as_the_official_ones(shop):
    shares = shop.row("""
        SELECT avg((carts = 0 AND purchases = 0)::INT), avg((carts > 0 AND purchases = 0)::INT),
            avg((purchases > 0)::INT) FROM visitors
    """)
    assert shares == pytest.approx((0.9724, 0.0193, 0.0083), abs=0.002)


def test_the_heaviest_visitors_mostly_buy(shop):
    held, buyers = shop.row("""
        SELECT sum(purchases) FILTER (length > 55) / sum(purchases),
            avg((purchases > 0)::INT) FILTER (length > 55) FROM visitors
    """)
    assert held == pytest.approx(0.325, abs=0.15)  # rests on some forty visitors
    assert buyers > 0.4


def test_the_first_cart_comes_when_it_officially_does(shop):
    shares = shop.column("""
        SELECT count(*) / sum(count(*)) OVER () FROM (
            SELECT count(*) FILTER (NOT carted) AS before FROM (
                SELECT visitor, visit, bool_or(event = 'addtocart') OVER (v ORDER BY place) AS carted,
                    bool_or(event = 'addtocart') OVER v AS has_cart
                FROM events WINDOW v AS (PARTITION BY visitor, visit)
            ) WHERE has_cart GROUP BY visitor, visit
        ) GROUP BY least(before, 4) ORDER BY least(before, 4)
    """)
    assert shares == pytest.approx([0.173, 0.449, 0.169, 0.069, 0.140], abs=0.05)


def test_orders_have_the_official_sizes(shop):
    several, mean, visitors = shop.row("""
        SELECT avg((size > 1)::INT), avg(size), max(visitors) FROM (
            SELECT count(*) AS size, count(DISTINCT visitor) AS visitors FROM events
            WHERE basket IS NOT NULL GROUP BY basket)
    """)
    assert several == pytest.approx(0.15, abs=0.03)
    assert mean == pytest.approx(1.27, abs=0.08)
    assert visitors == 1


def test_only_transactions_have_a_transaction_id_and_all_of_them_do(shop):
    assert shop.row("SELECT count(*), avg(((basket IS NOT NULL) = (event = 'transaction'))::INT) FROM events")[1] == 1


# ---- items


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


# ---- time


def test_hours_and_weekdays_are_the_official_ones(shop):
    if not REAL.exists():
        pytest.skip(f"the real figures are not at {REAL}")
    official = f"read_csv('{REAL}/aggregates/hour_weekday.csv')"
    weeks = shop.rows(f"""
        SELECT mine.size, views FROM {official} JOIN (
            SELECT dayname(moment) AS weekday_utc, hour(moment) AS hour_utc, count(*) AS size
            FROM events WHERE event = 'view' GROUP BY ALL
        ) AS mine USING (weekday_utc, hour_utc)
    """)
    mine, views = zip(*weeks, strict=True)
    assert len(weeks) == 168
    assert distance(mine, views) < 0.05
    assert np.corrcoef(mine, views)[0, 1] > 0.98


def test_days_are_the_official_ones(shop):
    if not REAL.exists():
        pytest.skip(f"the real figures are not at {REAL}")
    days = shop.rows(f"""
        SELECT size, views FROM read_csv('{REAL}/aggregates/daily.csv') JOIN (
            SELECT moment::DATE AS date_utc, count(*) AS size FROM events WHERE event = 'view' GROUP BY ALL
        ) USING (date_utc)
    """)
    mine, views = zip(*days, strict=True)
    assert len(days) == 139
    assert distance(mine, views) < 0.04


def test_purchases_come_on_working_days_and_in_the_evening(shop):
    hours = dict(shop.rows("SELECT hour(started_at), avg((purchases > 0)::INT) FROM visits GROUP BY 1"))
    weekdays = dict(
        shop.rows("""
            SELECT dayofweek(started_at) IN (0, 6) AS is_weekend, avg((purchases > 0)::INT)
            FROM visits GROUP BY 1""")
    )
    assert np.mean([hours[hour] for hour in range(16, 22)]) > 1.3 * np.mean([hours[hour] for hour in range(1, 7)])
    assert 0.45 < weekdays[True] / weekdays[False] < 0.85  # official: 0.66 purchases per view


def test_the_spike_of_july_brings_views_but_no_interest(shop):
    (views,) = shop.row("""
        SELECT count(*) FROM events WHERE event = 'view' AND moment::DATE IN ('2015-07-25', '2015-07-26')
    """)
    assert views / SCALE == pytest.approx(26_512 + 32_047, rel=0.1)
    noon, week = 1_437_825_600_000, 604_800_000  # Saturday 2015-07-25 12:00 UTC
    spike, before, after = wind_up().interest_at(np.array([noon, noon - week, noon + week]))
    assert spike < 0.7 * min(before, after)


# ---- properties and tree


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


# ---- faults


def test_a_few_exact_duplicates_are_natural(shop):
    extra, carts = shop.row("""
        SELECT sum(size - 1), sum(size - 1) FILTER (event = 'addtocart')
        FROM (SELECT event, count(*) AS size FROM raw GROUP BY timestamp, visitorid, event, itemid, transactionid)
    """)
    assert 8 <= extra <= 45  # 460 at scale 1
    assert carts > extra / 2


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """Lines of the same shop: without faults, and with one fault for ten sound rows."""
    folder = tmp_path_factory.mktemp("faults")
    for faults in (0, 0.1):
        write(folder / str(faults), 0.005, 5, faults)
    return {
        name: tuple((folder / faults / name).read_text().splitlines() for faults in ("0", "0.1"))
        for name in ("events.csv", "item_properties_part1.csv")
    }


def test_faults_add_their_share_of_event_lines_and_take_none_away(lines):
    sound, faulty = lines["events.csv"]
    assert len(faulty) / len(sound) == pytest.approx(1.1, abs=0.01)
    assert set(sound) <= set(faulty)


@pytest.mark.parametrize(
    "fault",
    [
        r"not-a-time,.*", r"1e12,.*", r"915148800000,.*", r"253402214400000,.*", r",\d+,.*", r"\d+,\+1,.*", r"\d+,,.*",
        r"\d+,\d+,click,.*", r"\d+,\d+,,.*", r"\d+,\d+,\w+,9223372036854775808,.*", r"\d+,\d+,\w+,,.*",
        r"\d+,\d+,transaction,\d+,", r"\d+,\d+,view,\d+,1", r"\d+,\d+,\w+", r"(.*,){6}.*", rf".*,view,{UNKNOWN_ITEM},",
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_planted_in_the_events_and_only_when_asked(lines, fault):
    sound, faulty = lines["events.csv"]
    matches = duckdb.execute(
        "SELECT count(*) FROM unnest($1) AS t(line) WHERE regexp_full_match(line, $2)", [faulty, fault]
    )
    expected = 0.1 * len(sound) / len(EVENT_FAULTS)
    assert matches.fetchone()[0] == pytest.approx(expected, rel=0.5)
    matches = duckdb.execute(
        "SELECT count(*) FROM unnest($1) AS t(line) WHERE regexp_full_match(line, $2)", [sound, fault]
    )
    assert matches.fetchone()[0] == 0


def test_a_few_faults_are_planted_in_the_properties(lines):
    sound, faulty = lines["item_properties_part1.csv"]
    assert len(faulty) / len(sound) == pytest.approx(1.01, abs=0.003)
    for fault in ("not-a-time,", ",,", f",categoryid,{UNKNOWN_CATEGORY}", ",extra"):
        assert any(fault in line for line in faulty), fault
        assert not any(fault in line for line in sound), fault


# ---- something to learn


def ranking_skill(shop, features):
    """Area under the ROC of a logistic regression: does a visit buy? Learned on the first 70 % of the time."""
    visits = shop.connection.execute(f"""
        SELECT any_value(purchases) > 0 AS buys, hour(any_value(started_at)) AS hour, {features}
        FROM events JOIN visits USING (visitor, visit) WHERE bought_at IS NULL OR place < bought_at
        GROUP BY visitor, visit ORDER BY any_value(started_at), visitor
    """).fetchnumpy()
    buys, hour, *others = (np.asarray(column, dtype=float) for column in visits.values())
    matrix = np.column_stack([hour[:, None] == np.arange(24), *others])
    cut = int(0.7 * len(buys))
    model = LogisticRegression(max_iter=500).fit(matrix[:cut], buys[:cut])
    return roc_auc_score(buys[cut:], model.predict_proba(matrix[cut:])[:, 1])


def test_the_first_event_tells_a_little_of_the_purchase(shop):
    assert ranking_skill(shop, "arg_min(event, place) = 'addtocart' AS is_cart") == pytest.approx(0.635, abs=0.06)


def test_views_tell_more_of_the_purchase(shop):
    views = "count(*) FILTER (event = 'view') AS num_views, count(DISTINCT item) AS distinct_products"
    assert ranking_skill(shop, views) == pytest.approx(0.754, abs=0.08)


def test_everything_before_the_purchase_tells_most_of_it(shop):
    everything = """
        count(*) FILTER (event = 'view') AS num_views, count(*) FILTER (event = 'addtocart') AS num_adds,
        count(DISTINCT item) AS distinct_products
    """
    assert ranking_skill(shop, everything) == pytest.approx(0.945, abs=0.03)
