"""bronze.category_tree — the category trees as they arrived, each landed file a whole tree."""

from lakehouse.table import Table, append

table = Table(
    name="bronze.category_tree",
    comment="One row per line of a landed category tree file, as text.",
    key=[],
    refresh=append(),
    snapshot=True,
    schema="""
        categoryid    STRING             COMMENT 'category, as delivered; NULL if malformed',
        parentid      STRING             COMMENT 'its parent, empty at a root, as delivered',
        _source_file  STRING    NOT NULL COMMENT 'landed file, named by its content',
        _ingested_at  TIMESTAMP NOT NULL COMMENT 'when the file was received, UTC',
        _run_id       STRING    NOT NULL COMMENT 'run that appended the row',
        _rest         STRING             COMMENT 'text of a malformed line, or of columns beyond the contract'
    """,
)
