"""The yard-stick of `make bench`: the tables of `lakehouse run`, computed by DuckDB and written by delta-rs.

    python tests/bench/duckdb_lake.py LANDED_FOLDER LAKE_FOLDER

LANDED_FOLDER is the `landing` folder of a lake. Each table gets the rows, columns and types that the run gives it.
Bronze is streamed and read back from what was written; the tables after it stay in memory and are written from there.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, WriterProperties, write_deltalake

NO_STATISTICS = ColumnProperties(statistics_enabled="NONE")  # for bronze, which nobody filters
BATCH_ROWS = 250_000

BRONZE = {
    "category_tree": ["categoryid", "parentid"],
    "events": ["timestamp", "visitorid", "event", "itemid", "transactionid"],
    "item_properties": ["timestamp", "itemid", "property", "value"],
}
UTC = pa.timestamp("us", "UTC")
ONE_WORD = pa.dictionary(pa.uint8(), pa.string())  # the same text in a whole batch
PROVENANCE = [("_source_file", ONE_WORD), ("_ingested_at", UTC), ("_run_id", ONE_WORD), ("_rest", pa.string())]

# A plain TRY_CAST also takes 1e12, 1.5, +1, 1_000 and 0x1F. What is compared is trimmed of spaces and tabs.
PREPARE = r"""
SET GLOBAL TimeZone = 'UTC';
CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA gold; CREATE SCHEMA valid; CREATE SCHEMA refused;
CREATE TYPE event_type AS ENUM ('view', 'addtocart', 'transaction');
CREATE MACRO bare(text) AS trim(text, ' ' || chr(9));
CREATE MACRO to_bigint(text) AS CASE WHEN TRY_CAST(text AS BIGINT)::VARCHAR = text THEN TRY_CAST(text AS BIGINT)
    WHEN regexp_full_match(bare(text), '-?([0-9]{1,19}|[0-9]{1,15}\.0{1,6})')
    THEN TRY_CAST(split_part(bare(text), '.', 1) AS BIGINT) END;
CREATE MACRO is_integer(text) AS to_bigint(text) IS NOT NULL;
CREATE MACRO is_instant(text, ingested_at) AS to_bigint(text) BETWEEN 946684800000 AND epoch_ms(ingested_at) + 86400000;
CREATE MACRO to_price(text) AS CASE WHEN regexp_full_match(bare(text), 'n?[0-9]{1,15}(\.[0-9]{1,6})?')
    THEN TRY_CAST(ltrim(bare(text), 'n') AS DECIMAL(18, 3)) END;
CREATE MACRO is_negative(id) AS coalesce(to_bigint(id) < 0, false);
CREATE MACRO has_several(x) AS coalesce((min(x) <> max(x))::INT, 0);
"""

# Kind -> the quarantine rules of its bronze rows, in order. A rule that is NULL is broken.
RULES = {
    "category_tree": {
        "line has the columns of its header": "categoryid IS NOT NULL",
        "category is an integer": "is_integer(categoryid)",
        "parent is an integer or empty": "bare(parentid) = '' OR is_integer(parentid)",
        "no id is negative": "NOT is_negative(categoryid) AND NOT is_negative(parentid)",
    },
    "events": {
        "line has the columns of its header": "timestamp IS NOT NULL",
        "timestamp is an integer": "is_integer(timestamp)",
        "timestamp is after 2000 and not a day ahead": "is_instant(timestamp, _ingested_at)",
        "visitor is an integer": "is_integer(visitorid)",
        "item is an integer": "is_integer(itemid)",
        "event is known": "bare(event) IN ('view', 'addtocart', 'transaction')",
        "transaction id exactly on transactions": "CASE bare(event) WHEN 'transaction' "
        "THEN is_integer(transactionid) ELSE bare(transactionid) = '' END",
        "no id is negative": "NOT is_negative(visitorid) AND NOT is_negative(itemid) AND NOT is_negative(transactionid)",
    },
    "item_properties": {
        "line has the columns of its header": "timestamp IS NOT NULL",
        "timestamp is an instant": "is_instant(timestamp, _ingested_at)",
        "item is an integer": "is_integer(itemid)",
        "category is an integer": "CASE WHEN bare(property) <> 'categoryid' THEN true ELSE is_integer(value) END",
        "availability is 0 or 1": "bare(property) <> 'available' OR to_bigint(value) IN (0, 1)",
        "price is a number": "CASE WHEN bare(property) <> '790' THEN true ELSE to_price(value) IS NOT NULL END",
        "no id is negative": "NOT is_negative(itemid) AND NOT (bare(property) = 'categoryid' AND is_negative(value))",
    },
}
# Kind -> the bronze rows that silver looks at, if not all: a malformed line and the three properties that are kept.
LOOKED_AT = {"item_properties": "property IS NULL OR bare(property) IN ('categoryid', 'available', '790')"}

BY_TYPE = """count(*) FILTER (event_type = 'view') AS num_views,
            count(*) FILTER (event_type = 'addtocart') AS num_adds,
            count(*) FILTER (event_type = 'transaction') AS num_transactions"""
STEPS = """count(*) AS num_sessions, count(*) FILTER (num_views > 0) AS num_view_sessions,
            count(*) FILTER (num_adds > 0) AS num_cart_sessions, count(*) FILTER (num_transactions > 0) AS num_purchase_sessions"""
SKIPPED = """count(*) FILTER (num_adds > 0 AND num_views = 0) AS num_carts_without_view,
            count(*) FILTER (num_transactions > 0 AND num_adds = 0) AS num_purchases_without_cart,
            count(*) FILTER (num_adds > 0 AND num_transactions = 0) AS num_abandoned_carts,
            count(*) FILTER (num_events = 1 AND num_views = 1) AS num_bounces"""
SUMS = "sum(COLUMNS('^num_(views|adds|transactions)$'))::BIGINT"

# Table -> query, upstreams first. `valid` holds the bronze rows that break no rule.
TABLES = {
    "silver.categories": """
        WITH RECURSIVE newest AS (SELECT max((_ingested_at, _source_file)) AS tree FROM valid.category_tree), edges AS (
            SELECT to_bigint(categoryid) AS category_id, min(to_bigint(parentid)) AS parent_id
            FROM valid.category_tree, newest WHERE (_ingested_at, _source_file) = tree GROUP BY ALL
        ), climbed AS (
            SELECT category_id, parent_id, coalesce(parent_id, category_id) AS root_id,
                list_filter([parent_id, category_id], lambda node: node IS NOT NULL) AS path
            FROM edges WHERE parent_id IS NULL OR parent_id NOT IN (SELECT category_id FROM edges)
            UNION ALL
            SELECT edges.category_id, edges.parent_id, root_id, list_append(path, edges.category_id)
            FROM edges JOIN climbed ON edges.parent_id = climbed.category_id
        )
        SELECT category_id, parent_id, root_id, (len(path) - 1)::INT AS depth, path FROM climbed""",
    "silver.events": """
        SELECT DISTINCT epoch_ms(to_bigint(timestamp)) AS occurred_at, to_bigint(visitorid) AS visitor_id,
            bare(event)::event_type AS event_type, to_bigint(itemid) AS item_id,
            to_bigint(transactionid) AS transaction_id, occurred_at::DATE AS event_date FROM valid.events""",
    "gold.activity": """
        SELECT event_date, hour(occurred_at)::INT AS event_hour, event_type, count(*) AS num_events
        FROM silver.events GROUP BY ALL""",
    "silver.item_history": """
        WITH told AS (
            SELECT to_bigint(itemid) AS item_id, epoch_ms(to_bigint(timestamp)) AS valid_from,
                CASE WHEN bare(property) = 'categoryid' THEN to_bigint(value) END AS category_id,
                CASE WHEN bare(property) = 'available' THEN to_bigint(value) = 1 END AS is_available,
                CASE WHEN bare(property) = '790' THEN to_price(value) END AS price
            FROM valid.item_properties
        ), snapshots AS (
            SELECT item_id, valid_from, max(COLUMNS('category_id|is_available|price')),
                has_several(category_id) + has_several(is_available) + has_several(price) AS num_conflicts
            FROM told GROUP BY item_id, valid_from
        ), known AS (
            SELECT item_id, valid_from, num_conflicts,
                last_value(COLUMNS('category_id|is_available|price') IGNORE NULLS) OVER so_far
            FROM snapshots WINDOW so_far AS (PARTITION BY item_id ORDER BY valid_from ROWS UNBOUNDED PRECEDING)
        ), changes AS (
            SELECT * FROM known WINDOW item AS (PARTITION BY item_id ORDER BY valid_from)
            QUALIFY num_conflicts > 0 OR (category_id, is_available, price)
                IS DISTINCT FROM lag((category_id, is_available, price)) OVER item
        )
        SELECT item_id, valid_from, lead(valid_from) OVER (PARTITION BY item_id ORDER BY valid_from) AS valid_to,
            category_id, is_available, price, num_conflicts::INT AS num_conflicts FROM changes""",
    "silver.session_events": """
        WITH marked AS (
            SELECT *, row_number() OVER visitor AS row,
                coalesce(occurred_at > lag(occurred_at) OVER visitor + INTERVAL 30 MINUTES, true) AS is_start
            FROM silver.events
            WINDOW visitor AS (PARTITION BY visitor_id ORDER BY occurred_at, event_type, item_id, transaction_id NULLS FIRST)
        ), placed AS (
            SELECT *, max(CASE WHEN is_start THEN occurred_at END) OVER so_far AS started_at
            FROM marked WINDOW so_far AS (PARTITION BY visitor_id ORDER BY row ROWS UNBOUNDED PRECEDING)
        ), flagged AS (
            SELECT *, row_number() OVER so_far AS position, row_number() OVER item = 1 AS is_first_of_item,
                count(*) FILTER (event_type = 'transaction') OVER so_far = 0 AS is_before_purchase
            FROM placed
            WINDOW so_far AS (PARTITION BY visitor_id, started_at ORDER BY row ROWS UNBOUNDED PRECEDING),
                item AS (PARTITION BY visitor_id, started_at, item_id ORDER BY row)
        )
        SELECT visitor_id, started_at, position::INT AS position, occurred_at, event_type, flagged.item_id,
            transaction_id, event_date, started_at::DATE AS session_date, is_first_of_item, is_before_purchase,
            category_id, is_available, price
        FROM flagged ASOF LEFT JOIN silver.item_history history
            ON flagged.item_id = history.item_id AND valid_from <= occurred_at""",
    "silver.sessions": f"""
        SELECT visitor_id, started_at, max(occurred_at) AS ended_at, started_at::DATE AS session_date,
            count(*) AS num_events, {BY_TYPE}, count(*) FILTER (is_first_of_item) AS distinct_products,
            count(*) FILTER (is_before_purchase AND event_type = 'view') AS num_views_before,
            count(*) FILTER (is_before_purchase AND event_type = 'addtocart') AS num_adds_before,
            count(*) FILTER (is_before_purchase AND is_first_of_item) AS distinct_products_before,
            max(category_id) FILTER (position = 1) AS entry_category_id,
            min(coalesce(category_id, -1)) = max(coalesce(category_id, -1)) AS is_one_category
        FROM silver.session_events GROUP BY visitor_id, started_at""",
    "gold.session_features": """
        SELECT visitor_id || '-' || epoch_ms(started_at) AS session_id, visitor_id, started_at, session_date,
            hour(started_at)::INT AS session_hour, num_views_before::INT AS num_views, num_adds_before::INT AS num_adds,
            distinct_products_before::INT AS distinct_products,
            (num_views_before + num_adds_before)::INT AS num_events_before, (num_transactions > 0)::INT AS purchase_intent
        FROM silver.sessions""",
    "silver.first_visits": """
        SELECT visitor_id, min(started_at) AS first_visit_at, first_visit_at::DATE AS first_visit_date
        FROM silver.sessions GROUP BY visitor_id""",
    "gold.visitor_days": f"""
        SELECT session_date, coalesce(root_id, -1) AS root_category_id, visitor_id, started_at = first_visit_at AS is_new,
            {STEPS}, {SKIPPED}
        FROM silver.sessions LEFT JOIN silver.categories ON entry_category_id = category_id
            JOIN silver.first_visits USING (visitor_id) GROUP BY ALL""",
    "gold.visit_segments": f"""
        WITH described AS (
            SELECT *, coalesce(root_id, -1) AS root_category_id, started_at = first_visit_at AS is_new
            FROM silver.sessions LEFT JOIN silver.categories ON entry_category_id = category_id
                JOIN silver.first_visits USING (visitor_id)
        ), counted AS (
            SELECT session_date, root_category_id, is_new, {STEPS}, {SKIPPED}, {SUMS} FROM described GROUP BY ALL
        ), orders AS (
            SELECT session_date, root_category_id, is_new, count(DISTINCT transaction_id) AS num_orders
            FROM silver.session_events JOIN described USING (visitor_id, started_at, session_date) GROUP BY ALL
        )
        FROM counted JOIN orders USING (session_date, root_category_id, is_new)""",
    "gold.session_lengths": """
        SELECT session_date, started_at = first_visit_at AS is_new, least(num_events, 20)::INT AS num_events,
            least((floor(epoch(ended_at)) - floor(epoch(started_at)))::BIGINT // 60, 60)::INT AS duration_minutes,
            count(*) AS num_sessions
        FROM silver.sessions JOIN silver.first_visits USING (visitor_id) GROUP BY ALL""",
    "gold.cohorts": """
        WITH weeks AS (
            SELECT visitor_id, date_trunc('week', session_date)::DATE AS visit_week, bool_or(num_transactions > 0) AS bought
            FROM silver.sessions GROUP BY ALL
        )
        SELECT date_trunc('week', first_visit_date)::DATE AS cohort_week, visit_week,
            date_diff('week', cohort_week, visit_week)::INT AS week_number, count(*) AS num_visitors,
            count(*) FILTER (bought) AS num_buyers
        FROM weeks JOIN silver.first_visits USING (visitor_id) GROUP BY ALL""",
    "gold.paths": """
        WITH named AS (
            SELECT visitor_id, started_at, session_date, position, event_type = 'transaction' AS is_purchase,
                event_type || ':' || coalesce(root_id, -1) AS step
            FROM silver.session_events LEFT JOIN silver.categories USING (category_id)
        ), steps AS (
            FROM named QUALIFY step IS DISTINCT FROM lag(step) OVER (PARTITION BY visitor_id, started_at ORDER BY position)
        ), visits AS (
            SELECT session_date, list(step ORDER BY position) AS way, bool_or(is_purchase) AS bought
            FROM steps GROUP BY visitor_id, started_at, session_date
        )
        SELECT session_date, way[1] AS step_1, way[2] AS step_2, way[3] AS step_3, way[4] AS step_4, way[5] AS step_5,
            len(way) > 5 AS is_longer, count(*) AS num_sessions, count(*) FILTER (bought) AS num_purchase_sessions
        FROM visits GROUP BY ALL""",
    "gold.conversion_times": """
        WITH buyers AS (
            SELECT visitor_id, min(occurred_at) AS first_purchase_at FROM silver.session_events
            WHERE event_type = 'transaction' GROUP BY ALL
        ), entries AS (
            SELECT visitor_id, entry_category_id AS category_id
            FROM silver.sessions JOIN silver.first_visits USING (visitor_id) WHERE started_at = first_visit_at
        )
        SELECT visitor_id, coalesce(root_id, -1) AS root_category_id,
            min(occurred_at) FILTER (event_type = 'view' AND occurred_at <= first_purchase_at) AS first_view_at,
            first_purchase_at, first_purchase_at::DATE AS purchase_date,
            floor(epoch(first_purchase_at))::BIGINT - floor(epoch(min(occurred_at) FILTER (event_type = 'view'
                AND occurred_at <= first_purchase_at)))::BIGINT AS seconds_to_convert
        FROM buyers JOIN silver.session_events USING (visitor_id) JOIN entries USING (visitor_id)
            LEFT JOIN silver.categories ON entries.category_id = categories.category_id
        GROUP BY visitor_id, root_id, first_purchase_at""",
    "gold.visit_outcomes": """
        WITH entries AS (
            SELECT sessions.*, coalesce(root_id, -1) AS root_category_id, started_at = first_visit_at AS is_new,
                first_view_at, greatest(ended_at, first_view_at + INTERVAL 30 DAYS) AS latest_at
            FROM silver.sessions JOIN silver.first_visits USING (visitor_id)
                LEFT JOIN silver.categories ON entry_category_id = category_id
                JOIN (SELECT visitor_id, started_at, min(occurred_at) AS first_view_at FROM silver.session_events
                    WHERE event_type = 'view' GROUP BY ALL) USING (visitor_id, started_at)
        ), acts AS (SELECT visitor_id, event_type, occurred_at FROM silver.events WHERE event_type <> 'view'), found AS (
            SELECT visitor_id, started_at, any_value(COLUMNS(entries.* EXCLUDE (visitor_id, started_at))),
                min(occurred_at) FILTER (event_type = 'addtocart') AS cart_at,
                min(occurred_at) FILTER (event_type = 'transaction') AS purchase_at,
                min(occurred_at) FILTER (event_type = 'addtocart' AND occurred_at >= first_view_at) AS ordered_cart_at
            FROM entries JOIN acts USING (visitor_id) WHERE occurred_at BETWEEN started_at AND latest_at GROUP BY ALL
        )
        SELECT visitor_id, started_at, ended_at, session_date, root_category_id, is_new, first_view_at, cart_at, purchase_at,
            ordered_cart_at, (SELECT min(occurred_at) FROM acts WHERE acts.visitor_id = found.visitor_id
                AND event_type = 'transaction' AND occurred_at BETWEEN ordered_cart_at AND latest_at) AS ordered_purchase_at
        FROM found""",
    "gold.funnel_windows": """
        WITH entries AS (
            SELECT session_date, root_category_id, is_new, sum(num_view_sessions)::BIGINT AS num_sessions
            FROM gold.visitor_days GROUP BY ALL HAVING num_sessions > 0
        ), kinds AS (
            SELECT unnest([0, 1, 7, 30])::INT AS window_days, is_ordered FROM (VALUES (false), (true)) AS orders(is_ordered)
        ), ends AS (
            SELECT *, CASE WHEN window_days = 0 THEN ended_at
                    ELSE greatest(ended_at, first_view_at + to_days(window_days)) END AS until,
                CASE WHEN is_ordered THEN ordered_cart_at ELSE cart_at END AS cart,
                CASE WHEN is_ordered THEN ordered_purchase_at ELSE purchase_at END AS purchase
            FROM gold.visit_outcomes, kinds
        ), reached AS (
            SELECT session_date, root_category_id, is_new, window_days, is_ordered, count(*) FILTER (cart <= until) AS carts,
                count(*) FILTER (purchase <= until) AS purchases
            FROM ends GROUP BY ALL
        )
        SELECT session_date, root_category_id, is_new, window_days, is_ordered, num_sessions,
            coalesce(carts, 0) AS num_cart_sessions, coalesce(purchases, 0) AS num_purchase_sessions
        FROM entries CROSS JOIN kinds
            LEFT JOIN reached USING (session_date, root_category_id, is_new, window_days, is_ordered)""",
    "gold.funnel": """
        WITH days AS (
            SELECT session_date, root_category_id, visitor_id,
                sum(COLUMNS(* EXCLUDE (session_date, root_category_id, visitor_id, is_new, num_abandoned_carts, num_bounces)))::BIGINT
            FROM gold.visitor_days GROUP BY ALL
        ), entries AS (FROM days UNION ALL
            SELECT session_date, -2, visitor_id, sum(COLUMNS('num_.*'))::BIGINT FROM days GROUP BY ALL
        )
        SELECT session_date, root_category_id, sum(COLUMNS('num_.*'))::BIGINT, count(*) AS num_visitors,
            count(*) FILTER (num_view_sessions > 0) AS num_view_visitors,
            count(*) FILTER (num_cart_sessions > 0) AS num_cart_visitors,
            count(*) FILTER (num_purchase_sessions > 0) AS num_purchase_visitors FROM entries GROUP BY ALL""",
    "gold.daily_kpis": f"""
        WITH days AS (
            SELECT session_date, count(*) AS num_sessions, count(*) FILTER (num_events = 1 AND num_views = 1) AS num_bounces,
                count(*) FILTER (num_adds > 0) AS num_cart_sessions,
                count(*) FILTER (num_adds > 0 AND num_transactions = 0) AS num_abandoned_carts,
                count(*) FILTER (num_transactions > 0) AS num_purchase_sessions, {SUMS}
            FROM silver.sessions GROUP BY session_date
        ), visitors AS (SELECT session_date, num_visitors FROM gold.funnel WHERE root_category_id = -2), orders AS (
            SELECT session_date, count(DISTINCT transaction_id) AS num_orders FROM silver.session_events GROUP BY ALL
        )
        SELECT session_date, num_visitors, days.* EXCLUDE (session_date), num_orders
        FROM days JOIN visitors USING (session_date) JOIN orders USING (session_date)""",
    "gold.category_conversion": f"""
        WITH ways AS (SELECT category_id AS touched_id, unnest(path) AS ancestor_id FROM silver.categories), one AS (
            SELECT session_date, coalesce(entry_category_id, -1) AS touched_id, {STEPS}, {SUMS}
            FROM silver.sessions WHERE is_one_category GROUP BY ALL
        ), several AS (
            SELECT visitor_id, started_at, session_date, coalesce(ancestor_id, category_id, -1) AS category_id, {BY_TYPE}
            FROM silver.session_events LEFT JOIN ways ON category_id = touched_id
                SEMI JOIN (FROM silver.sessions WHERE NOT is_one_category) USING (visitor_id, started_at) GROUP BY ALL
        ), counted AS (
            SELECT session_date, coalesce(ancestor_id, touched_id) AS category_id, COLUMNS('num_.*')
            FROM one LEFT JOIN ways USING (touched_id)
            UNION ALL SELECT session_date, category_id, {STEPS}, {SUMS} FROM several GROUP BY ALL
        )
        SELECT session_date, category_id, sum(COLUMNS('num_.*'))::BIGINT FROM counted GROUP BY ALL""",
    "gold.item_performance": f"""
        SELECT session_date, item_id, count(*) FILTER (is_first_of_item) AS num_sessions, {BY_TYPE},
            count(DISTINCT transaction_id) AS num_orders FROM silver.session_events GROUP BY ALL""",
}


class Lake:
    """The lake being made: a DuckDB in memory and a folder of Delta tables."""

    def __init__(self, landed: Path, folder: Path) -> None:
        self.landed, self.folder = landed, folder
        self.duckdb = duckdb.connect(config={"threads": 2, "memory_limit": "8GB", "preserve_insertion_order": False})
        self.duckdb.execute(PREPARE)

    def make(self) -> None:
        """Make every table, one being computed while two others are written; so their seconds exceed the total."""
        begun = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            landing = {kind: pool.submit(self.land, kind) for kind in BRONZE}
            writes = []
            for name, query in TABLES.items():
                for kind in [kind for kind in landing if f"valid.{kind}" in query]:
                    landing[kind].result()
                    writes.append(pool.submit(self.write, f"{name}_quarantine", f"FROM refused.{kind}"))
                started = time.perf_counter()
                self.duckdb.execute(f"CREATE TABLE {name} AS {query}")
                report(name, "computed", started)
                writes.append(pool.submit(self.write, name, f"FROM {name}"))
            for write in writes:
                write.result()
        report("all tables", "made", begun)

    def land(self, kind: str) -> None:
        """Stream the landed files of a kind into their bronze table; what is valid of it, or refused, becomes a view."""
        receipts = [json.loads(path.read_text()) for path in sorted((self.landed / "receipts").glob("*.json"))]
        parts = [part for each in receipts if each["kind"] == kind for part in self.lines(each)]
        cursor = self.duckdb.cursor()
        batches = (batch for part in parts for batch in cursor.sql(part).to_arrow_reader(BATCH_ROWS))
        schema = pa.schema([*((column, pa.string()) for column in BRONZE[kind]), *PROVENANCE])
        files = self.save(f"bronze.{kind}", pa.RecordBatchReader.from_batches(schema, batches), NO_STATISTICS)
        if files:
            cursor.execute(f"CREATE VIEW bronze.{kind} AS FROM read_parquet({files})")
        else:
            cursor.from_arrow(schema.empty_table()).create(f"bronze.{kind}")
        self.judge(kind)

    def judge(self, kind: str) -> None:
        """Make two views of a kind's bronze rows: those that break no rule, and the others with the names of all."""
        rules = {name: f"coalesce({rule}, false)" for name, rule in RULES[kind].items()}
        good, rows = " AND ".join(rules.values()), f"(FROM bronze.{kind} WHERE {LOOKED_AT.get(kind, 'true')})"
        names = ", ".join(f"CASE WHEN NOT {rule} THEN '{name}' END" for name, rule in rules.items())
        broken = f"list_filter([{names}], lambda name: name IS NOT NULL) AS _broken_rules"
        self.duckdb.cursor().execute(f"""
            CREATE VIEW valid.{kind} AS FROM {rows} WHERE {good};
            CREATE VIEW refused.{kind} AS SELECT *, {broken} FROM {rows} WHERE NOT ({good})""")

    def lines(self, receipt: dict) -> list[str]:
        """Return two queries: the lines with as many fields as their header, then all others."""
        number, header, wanted = receipt["number"], receipt["columns"], BRONZE[receipt["kind"]]
        file, quote = f"{receipt['sha256']}.csv", '"' if receipt["has_quotes"] else ""
        extra = ", ".join(f'"{column}"' for column in header if column not in wanted)
        rest = f"concat_ws(',', {extra})" if extra else "NULL::VARCHAR"
        provenance = f"""'{file}'::ENUM ('{file}') AS _source_file,
            TIMESTAMPTZ '{receipt["received_at"]}' AS _ingested_at, 'duckdb'::ENUM ('duckdb') AS _run_id"""
        whole = f"""
            SELECT {", ".join(wanted)}, {provenance}, {rest} AS _rest
            FROM read_csv('{self.landed / receipt["kind"] / file}', header = true, auto_detect = false, delim = ',',
                quote = '{quote}', escape = '{quote}', nullstr = '\x01', columns = {dict.fromkeys(header, "VARCHAR")},
                store_rejects = true, rejects_table = 'errors_{number}', rejects_scan = 'scans_{number}')
            WHERE {" OR ".join(f"{column} <> '{column}'" for column in wanted)}"""
        others = f"""
            SELECT DISTINCT ON (line) {", ".join(f"NULL::VARCHAR AS {column}" for column in wanted)}, {provenance},
                trim(csv_line, chr(13) || chr(10)) AS _rest
            FROM errors_{number} WHERE trim(_rest, ' ') <> ''"""
        return [whole, others]

    def write(self, name: str, query: str) -> None:
        """Write the rows of a query; its instants are UTC."""
        reader = self.duckdb.cursor().sql(query).to_arrow_reader(BATCH_ROWS)
        utc = [pa.field(f.name, UTC if pa.types.is_timestamp(f.type) else f.type) for f in reader.schema]
        self.save(name, reader.cast(pa.schema(utc)))

    def save(self, name: str, batches: pa.RecordBatchReader, columns: ColumnProperties | None = None) -> list[str]:
        """Write a Delta table and return its files."""
        started, path = time.perf_counter(), self.folder / name.replace(".", "/")
        zstd = WriterProperties(compression="ZSTD", compression_level=1, default_column_properties=columns)
        write_deltalake(path, batches, writer_properties=zstd)
        for file in path.rglob("*.*"):  # what a run makes durable, this does too
            with file.open("rb") as written:
                os.fsync(written.fileno())
        report(name, "written", started)
        return DeltaTable(path).file_uris()


def report(name: str, done: str, started: float) -> None:
    """Print what happened to a table and how long it took."""
    print(f"{name:<34} {done:<8} {time.perf_counter() - started:6.2f} s", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Lake(Path(sys.argv[1]), Path(sys.argv[2])).make()
