"""lineage.queries — the rows of a table that were set aside, as they came."""

from app.context import PageContext
from app.data.query import Statement, query


def aside(context: PageContext) -> str:
    """Return the table that holds the rows which the chosen one set aside; empty where it sets none aside."""
    name = f"{context.params['table'].removesuffix('_quarantine')}_quarantine"
    return name if name in context.published.versions else ""


@query({}, params=("table",))
def refused(context: PageContext) -> Statement:
    """List the rows that a table set aside: the rules they break, the landed file, and their columns as they came."""
    name = aside(context)
    if not name:
        return Statement("SELECT NULL AS broken_rules, NULL AS landed_file WHERE false")
    sql = f"""
            SELECT array_to_string(_broken_rules, '; ') AS broken_rules, _source_file AS landed_file,
                   * EXCLUDE (_broken_rules, _source_file, _ingested_at, _run_id)
            FROM {name}
            ORDER BY ALL"""
    return Statement(sql)
