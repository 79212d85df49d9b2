"""categories.queries — what Categories asks."""

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import SEGMENTS, STEPS, VISITOR_DAYS, both_periods, cluster_sums

TREE = {"silver.categories": "category_id parent_id root_id depth path"}
CONVERSION = {
    "gold.category_conversion": f"session_date category_id {STEPS}",
}
CONVERTED = ("visits", "purchases")
UNDER = {"silver.categories": "category_id parent_id"}


@query(CONVERSION | UNDER, params=("range", "compare", "node"))
def level(context: PageContext) -> Statement:
    """Count visits and purchases of the categories below one, in both periods, most visited first; -1 is unknown."""
    node = context.params["node"]
    chosen = "parent_id = $node" if node else "parent_id IS NULL"
    unknown = "" if node else " OR category_id = -1"
    sql = f"""
            WITH chosen AS (SELECT category_id FROM silver.categories WHERE {chosen}),
                 parents AS (SELECT parent_id, count(*) AS num_children FROM silver.categories GROUP BY parent_id)
            SELECT category_id, coalesce(any_value(num_children), 0) AS num_children,
                   coalesce(sum(num_sessions) FILTER (session_date BETWEEN $start AND $end), 0)::BIGINT AS visits,
                   coalesce(sum(num_cart_sessions) FILTER (session_date BETWEEN $start AND $end), 0)::BIGINT AS carts,
                   coalesce(sum(num_purchase_sessions) FILTER (session_date BETWEEN $start AND $end), 0)::BIGINT
                       AS purchases,
                   coalesce(sum(num_sessions) FILTER (session_date BETWEEN $start0 AND $end0), 0)::BIGINT AS visits0,
                   coalesce(sum(num_purchase_sessions) FILTER (session_date BETWEEN $start0 AND $end0), 0)::BIGINT
                       AS purchases0
            FROM gold.category_conversion
            LEFT JOIN parents ON parents.parent_id = category_id
            WHERE (category_id IN (FROM chosen){unknown})
              AND (session_date BETWEEN $start AND $end OR session_date BETWEEN $start0 AND $end0)
            GROUP BY category_id
            HAVING visits > 0
            ORDER BY visits DESC, category_id"""
    return Statement(sql, both_periods(context) | ({"node": int(node)} if node else {}))


@query(TREE, params=("node",))
def ancestors(context: PageContext) -> Statement:
    """Return the way from the root to a category."""
    sql = "SELECT path FROM silver.categories WHERE category_id = $node"
    return Statement(sql, {"node": int(context.params["node"] or -1)})


@query(VISITOR_DAYS | SEGMENTS, params=("range",))
def clustering(context: PageContext) -> Statement:
    """Add up the shop's conversion over visitors: by how much their repeats widen the interval of a rate."""
    return Statement(*cluster_sums(context.whole, [CONVERTED]))
