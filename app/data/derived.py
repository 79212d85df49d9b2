"""data.derived — tables that the site makes of gold in its memory, once for each version, so that any range is quick.

A rate's interval needs sums over visitors of squares and products, and a visitor of several days is one. Both add up by
pairs of days, of which there are few: what visitors did on one day times what the same visitors did on the other. And
of the days on which a visitor came within a range, one has no earlier day in it: so visitors are counted by the day
before. A question over any range then adds up some thousand rows instead of grouping a million by visitor.

Steps of paths are numbers here: to group by five texts takes twice the time, and to fold texts into fewer four times.
Visits with a cart and no purchase are few of all, and what is listed of them would else be looked for in many files.

They are exact, hold nothing that their source does not, and are no tables of the lake: those of visitors depend on all
days of a visitor, so that a run could not refresh them day by day. The SQL behind a card spells them out.
"""

from dataclasses import dataclass

SOURCE = "gold.visitor_days"
COUNTS = {
    "v": "num_sessions",
    "w": "num_view_sessions",
    "c": "num_cart_sessions",
    "p": "num_purchase_sessions",
    "a": "num_cart_sessions - num_purchase_sessions + num_purchases_without_cart",
    "b": "num_bounces",
}
KINDS = ["view", "addtocart", "transaction"]
STEPS = [f"step_{place}" for place in range(1, 6)]
PATHS = "site.paths"  # gold.paths by `day`, with steps as numbers
ROOTS = "site.path_roots"  # `day`, `root` and `num_sessions`: visits whose first steps touch a root category
CARTS = "site.abandoned_carts"  # CART_COLUMNS, and `day`: visits of silver.sessions with a cart and no purchase
CART_COLUMNS = "visitor_id, started_at, ended_at, entry_category_id, num_views, num_adds, distinct_products"
PRODUCTS = ("vv", "vw", "vc", "vp", "vb", "ww", "cc", "pp", "bb", "ca", "aa")


@dataclass(frozen=True)
class Derived:
    """A table made of another in memory; kept as a file of the lake, too, if it holds no person."""

    source: str
    sql: str
    is_kept: bool = True


def pairs(is_returning: bool, by_root: bool) -> str:
    """Return the name of the products by pairs of days: `day`, `other_day`, and PRODUCTS; by root if asked for."""
    return f"site.{'returning_' * is_returning}pairs{'_by_root' * by_root}"


def firsts(is_returning: bool, by_root: bool) -> str:
    """Return the name of the numbers of visitors: `step`, `day`, `previous_day` with that step or NULL, `number`.

    The step is v for a visit, c for a cart. With roots, the previous day is that of the same root.
    """
    return f"site.{'returning_' * is_returning}firsts{'_by_root' * by_root}"


def _rows(is_returning: bool, by_root: bool) -> str:
    """Return common table expressions: `several` are the rows of visitors with more than one, `single` all others.

    Who has several has one that is not the first visit; that tells them without grouping everybody.
    """
    who = "visitor_id, root_category_id" if by_root else "visitor_id"
    counts = ", ".join(f"({sql})::INTEGER AS {letter}" for letter, sql in COUNTS.items())
    where = " WHERE NOT is_new" if is_returning else ""
    return f"""
        WITH chosen AS (SELECT {who}, session_date AS day, {counts} FROM {SOURCE}{where}),
             repeated AS MATERIALIZED (SELECT DISTINCT visitor_id FROM {SOURCE} WHERE NOT is_new),
             several AS MATERIALIZED (FROM chosen WHERE visitor_id IN (FROM repeated)),
             single AS (FROM chosen WHERE visitor_id NOT IN (FROM repeated))"""


def _pairs(is_returning: bool, by_root: bool) -> str:
    root, who = ("root_category_id, ", "visitor_id, root_category_id") if by_root else ("", "visitor_id")
    across = ", ".join(f"sum(one.{x} * other.{y})::INTEGER AS {x}{y}" for x, y in map(tuple, PRODUCTS))
    own = ", ".join(f"sum({x} * {y})::INTEGER AS {x}{y}" for x, y in map(tuple, PRODUCTS))
    return f"""{_rows(is_returning, by_root)}
        SELECT {root}one.day AS day, other.day AS other_day, {across}
        FROM several AS one JOIN several AS other USING ({who})
        GROUP BY ALL
        UNION ALL
        SELECT {root}day, day AS other_day, {own} FROM single GROUP BY ALL"""


def _firsts(is_returning: bool, by_root: bool) -> str:
    root, who = ("root_category_id, ", "visitor_id, root_category_id") if by_root else ("", "visitor_id")
    before = f"lag(day) OVER (PARTITION BY {who} ORDER BY day) AS previous_day"
    return f"""{_rows(is_returning, by_root)},
             steps AS (
                SELECT 'v' AS step, {root}day, {before} FROM several
                UNION ALL SELECT 'v', {root}day, NULL FROM single
                UNION ALL SELECT 'c', {root}day, {before} FROM several WHERE c > 0
                UNION ALL SELECT 'c', {root}day, NULL FROM single WHERE c > 0)
        SELECT step, {root}day, previous_day, count(*)::INTEGER AS number
        FROM steps WHERE previous_day IS DISTINCT FROM day GROUP BY ALL"""


def step_text(number: str) -> str:
    """Return SQL for a step as `gold.paths` writes it, from its number; below 4 it has a kind and any other root."""
    root = f"CASE WHEN {number} < 4 THEN 'other' ELSE (({number} >> 2) - 2)::VARCHAR END"
    return f"{KINDS}[{number} & 3] || ':' || {root}"


def _step_number(text: str) -> str:
    """Return SQL for a step's number: its kind, and four times what its root has over -2."""
    return f"4 * (split_part({text}, ':', 2)::BIGINT + 2) + list_position({KINDS}, split_part({text}, ':', 1))"


def _paths() -> str:
    numbers = "".join(f",\n               {_step_number(step)} AS {step}" for step in STEPS)
    return f"""
        SELECT session_date AS day, is_longer, num_sessions, num_purchase_sessions{numbers}
        FROM gold.paths"""


def _roots() -> str:
    roots = ", ".join(f"split_part({step}, ':', 2)" for step in STEPS)
    return f"""
        SELECT day, root::BIGINT AS root, sum(num_sessions)::BIGINT AS num_sessions
        FROM (
            SELECT session_date AS day, num_sessions,
                   unnest(list_distinct([{roots}])) AS root
            FROM gold.paths)
        WHERE root <> '-1' GROUP BY ALL"""


def _carts() -> str:
    return f"""
        SELECT session_date AS day, {CART_COLUMNS}
        FROM silver.sessions WHERE num_adds > 0 AND num_transactions = 0"""


DERIVED = {
    PATHS: Derived("gold.paths", _paths()),
    ROOTS: Derived("gold.paths", _roots()),
    CARTS: Derived("silver.sessions", _carts(), is_kept=False),
} | {
    name(is_returning, by_root): Derived(SOURCE, sql(is_returning, by_root))
    for name, sql in ((pairs, _pairs), (firsts, _firsts))
    for by_root in (False, True)
    for is_returning in (False, True)
}
