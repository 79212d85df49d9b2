"""about.queries — numbers of every page by two routes: added up in gold, and counted anew in silver."""

from dataclasses import dataclass

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import ALL_CATEGORIES, days


@dataclass(frozen=True)
class Check:
    """A number of a page, by two routes; each yields one value."""

    page: str
    number: str
    gold: str
    silver: str


IN_RANGE = "session_date BETWEEN $start AND $end"
KPIS = f"FROM gold.daily_kpis WHERE {IN_RANGE}"
STEPS = f"FROM gold.funnel WHERE root_category_id = {ALL_CATEGORIES} AND {IN_RANGE}"
ACTS = "FROM gold.activity WHERE event_date BETWEEN $start AND $end AND event_type ="
ROOTS = "category_id IN (SELECT category_id FROM silver.categories WHERE parent_id IS NULL) OR category_id = -1"
OVERVIEW, FUNNEL, CATEGORIES, ACTIVITY, JOURNEYS = "Overview", "Funnel", "Categories", "Activity", "Journeys"
CHECKS = (
    Check(OVERVIEW, "Visits", f"sum(num_sessions) {KPIS}", "count(*) FROM visits"),
    Check(
        OVERVIEW,
        "Visitors",
        f"count(DISTINCT visitor_id) FROM gold.visitor_days WHERE {IN_RANGE}",
        "count(DISTINCT visitor_id) FROM visits",
    ),
    Check(
        OVERVIEW,
        "Orders",
        f"sum(num_orders) {KPIS}",
        "count(DISTINCT (session_date, transaction_id)) FROM events WHERE event_type = 'transaction'",
    ),
    Check(
        OVERVIEW,
        "Abandoned carts",
        f"sum(num_abandoned_carts) {KPIS}",
        "count(*) FROM visits WHERE num_adds > 0 AND num_transactions = 0",
    ),
    Check(
        OVERVIEW,
        "Bounces",
        f"sum(num_bounces) {KPIS}",
        "count(*) FROM visits WHERE num_views = 1 AND num_adds = 0 AND num_transactions = 0",
    ),
    Check(FUNNEL, "Visits with a view", f"sum(num_view_sessions) {STEPS}", "count(*) FROM visits WHERE num_views > 0"),
    Check(FUNNEL, "Visits with a cart", f"sum(num_cart_sessions) {STEPS}", "count(*) FROM visits WHERE num_adds > 0"),
    Check(
        FUNNEL,
        "Visits with a purchase",
        f"sum(num_purchase_sessions) {STEPS}",
        "count(*) FROM visits WHERE num_transactions > 0",
    ),
    Check(
        FUNNEL,
        "First purchases",
        "count(*) FROM gold.conversion_times WHERE purchase_date BETWEEN $start AND $end",
        "count(*) FROM (SELECT min(occurred_at)::DATE AS day FROM silver.session_events "
        "WHERE event_type = 'transaction' GROUP BY visitor_id) WHERE day BETWEEN $start AND $end",
    ),
    Check(
        CATEGORIES,
        "Visits at root categories",
        f"sum(num_sessions) FROM gold.category_conversion WHERE {IN_RANGE} AND ({ROOTS})",
        "count(DISTINCT (visitor_id, started_at, coalesce(root_id, -1))) FROM events "
        "LEFT JOIN (SELECT category_id, root_id FROM silver.categories) USING (category_id) "
        "WHERE root_id IS NOT NULL OR category_id IS NULL",  # the tree may lack a category that items name
    ),
    *[
        Check(
            ACTIVITY,
            name,
            f"sum(num_events) {ACTS} '{kind}'",
            f"count(*) FROM silver.session_events WHERE event_date BETWEEN $start AND $end AND event_type = '{kind}'",
        )
        for name, kind in (("Views", "view"), ("Cart additions", "addtocart"), ("Purchased items", "transaction"))
    ],
    Check(
        ACTIVITY,
        "Visits by length",
        f"sum(num_sessions) FROM gold.session_lengths WHERE {IN_RANGE}",
        "count(*) FROM visits",
    ),
    Check(
        JOURNEYS,
        "Visitors of all cohorts",
        "sum(num_visitors) FROM gold.cohorts WHERE week_number = 0",
        "count(DISTINCT visitor_id) FROM silver.sessions",
    ),
    Check(JOURNEYS, "Visits by path", f"sum(num_sessions) FROM gold.paths WHERE {IN_RANGE}", "count(*) FROM visits"),
)
GOLD = {
    "gold.daily_kpis": "session_date num_sessions num_orders num_abandoned_carts num_bounces",
    "gold.visitor_days": "session_date visitor_id",
    "gold.funnel": "session_date root_category_id num_view_sessions num_cart_sessions num_purchase_sessions",
    "gold.conversion_times": "purchase_date",
    "gold.category_conversion": "session_date category_id num_sessions",
    "gold.activity": "event_date event_type num_events",
    "gold.session_lengths": "session_date num_sessions",
    "gold.cohorts": "week_number num_visitors",
    "gold.paths": "session_date num_sessions",
    "silver.categories": "category_id parent_id",
}
SILVER = {
    "silver.sessions": "visitor_id session_date num_views num_adds num_transactions",
    "silver.session_events": "visitor_id started_at session_date event_date occurred_at event_type transaction_id "
    "category_id",
    "silver.categories": "category_id root_id",
}


@query(GOLD, params=("range",))
def by_gold(context: PageContext) -> Statement:
    """Add up numbers of every page over a range in gold."""
    return Statement(_one_below_the_other([(each, each.gold) for each in CHECKS]), days(context))


@query(SILVER, params=("range",))
def by_silver(context: PageContext) -> Statement:
    """Count the same numbers anew from visits and events in silver."""
    sql = f"""
            WITH visits AS MATERIALIZED (
                SELECT visitor_id, num_views, num_adds, num_transactions FROM silver.sessions WHERE {IN_RANGE}),
            events AS MATERIALIZED (
                SELECT visitor_id, started_at, session_date, event_type, transaction_id, category_id
                FROM silver.session_events WHERE {IN_RANGE})
            {_one_below_the_other([(each, each.silver) for each in CHECKS])}"""
    return Statement(sql, days(context))


def _one_below_the_other(routes: list[tuple[Check, str]]) -> str:
    selects = [
        f"SELECT '{each.page}' AS page, '{each.number}' AS number, coalesce((SELECT {sql}), 0)::BIGINT AS total"
        for each, sql in routes
    ]
    return "\n            UNION ALL ".join(selects)
