"""The synthetic shop at scale 0.05: some 140,000 events, 1,800 purchases and 700 visits that buy."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from bronze.sample import write
from bronze.sample.shop import open_shop

SCALE = 0.05
SEED = 7
REAL = Path(__file__).parents[3].parent / "shared" / "data"
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


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write(folder, scale=SCALE, seed=SEED, faults=0)
    return folder


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def catalogue():
    """The items of that shop, with what the files never tell."""
    return open_shop(SCALE, SEED).catalogue


@pytest.fixture(scope="session")
def real():
    if not REAL.exists():
        pytest.skip(f"the real rows are not at {REAL}")
    return Shop(REAL / "events_sample.csv")


def distance(shares, other):
    """Total variation distance between two lists of weights."""
    shares, other = np.array(shares, dtype=float), np.array(other, dtype=float)
    return abs(shares / shares.sum() - other / other.sum()).sum() / 2
