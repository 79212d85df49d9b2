"""silver.categories — the category tree, each node with its root and the way there."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail, expect_or_quarantine, expect_or_refuse_file
from lakehouse.table import Table, rebuild
from silver.parsing import bigint, is_integer, is_negative, trimmed

PARENT = trimmed("parentid")

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
        expect_or_quarantine("parent is an integer or empty", f"{PARENT} = '' OR {is_integer('parentid')}"),
        expect_or_refuse_file("no id is negative", f"NOT ({is_negative('categoryid')} OR {is_negative('parentid')})"),
        expect_or_fail("no category is above itself", "root_id IS NOT NULL"),
    ],
)

NODE = pa.schema(
    [
        ("category_id", pa.int64()),
        ("parent_id", pa.int64()),
        ("root_id", pa.int64()),
        ("depth", pa.int32()),
        ("path", pa.list_(pa.int64())),
    ]
)


@table.transform
def resolve_paths(category_tree: DataFrame) -> DataFrame:
    """Climb from each category to its root, in one task: a tree is small.

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
    schema = "category_id BIGINT, parent_id BIGINT, root_id BIGINT, depth INT, path ARRAY<BIGINT>"
    return edges.coalesce(1).mapInArrow(_paths, schema)


def _paths(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    parents = {row["category_id"]: row["parent_id"] for batch in batches for row in batch.to_pylist()}
    nodes = []
    for category, parent in sorted(parents.items()):
        path, above = [category], parent
        while above is not None and above not in path:
            path.append(above)
            above = parents.get(above)
        nodes.append((category, parent, path[-1] if above is None else None, len(path) - 1, path[::-1]))
    yield pa.RecordBatch.from_pylist([dict(zip(NODE.names, node, strict=True)) for node in nodes], NODE)
