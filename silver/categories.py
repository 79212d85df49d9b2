"""silver.categories — the category tree, each node with its root and the way there."""

from collections.abc import Iterable, Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail, expect_or_quarantine
from lakehouse.table import Table, rebuild
from silver.parsing import bigint, is_integer

table = Table(
    name="silver.categories",
    comment="One row per category of the newest landed tree.",
    upstreams=["bronze.category_tree"],
    key=["category_id"],
    refresh=rebuild(),  # a landed tree is a whole tree and takes the place of the one before
    schema="""
        category_id BIGINT        NOT NULL COMMENT 'category',
        parent_id   BIGINT                 COMMENT 'category above it, NULL at a root',
        root_id     BIGINT                 COMMENT 'topmost category above it, itself at a root',
        depth       INT           NOT NULL COMMENT 'steps from the root, 0 at a root',
        path        ARRAY<BIGINT> NOT NULL COMMENT 'from the root to the category, both included'
    """,
    expectations=[
        expect_or_quarantine("line has the columns of its header", "categoryid IS NOT NULL"),
        expect_or_quarantine("category is an integer", is_integer("categoryid")),
        expect_or_quarantine("parent is an integer or empty", f"trim(parentid) = '' OR {is_integer('parentid')}"),
        expect_or_fail("no category is above itself", "root_id IS NOT NULL"),
    ],
)


@table.transform
def resolve_paths(category_tree: DataFrame) -> DataFrame:
    """Climb from each category to its root, as an RDD of (category, parent) pairs.

    A parent that is no node of the tree is taken for a root. Of two parents of one category the smaller counts.

    Args:
        category_tree: rows of bronze.category_tree that break no rule.

    Returns:
        The columns of silver.categories; `root_id` is NULL for a category that is above itself.
    """
    newest = category_tree.agg(F.max(F.struct("_ingested_at", "_source_file")).alias("newest"))
    edges = (
        category_tree.join(
            F.broadcast(newest), F.struct("_ingested_at", "_source_file") == F.col("newest"), how="inner"
        )
        .groupBy(F.expr(bigint("categoryid")).alias("category_id"))
        .agg(F.min(F.expr(bigint("parentid"))).alias("parent_id"))
    )
    nodes = edges.rdd.map(tuple).coalesce(1).mapPartitions(_paths)
    schema = "category_id BIGINT, parent_id BIGINT, root_id BIGINT, depth INT, path ARRAY<BIGINT>"
    return category_tree.sparkSession.createDataFrame(nodes, schema)


def _paths(pairs: Iterable[tuple[int, int | None]]) -> Iterator[tuple[int, int | None, int | None, int, list[int]]]:
    parents = dict(pairs)
    for category, parent in sorted(parents.items()):
        path, above = [category], parent
        while above is not None and above not in path:
            path.append(above)
            above = parents.get(above)
        yield category, parent, path[-1] if above is None else None, len(path) - 1, path[::-1]
