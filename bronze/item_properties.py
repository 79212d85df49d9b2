"""bronze.item_properties — the weekly snapshots of item properties as they arrived."""

from lakehouse.table import Table, append

table = Table(
    name="bronze.item_properties",
    comment="One row per line of a landed item properties file, as text.",
    key=[],
    refresh=append(),
    sort_by="property",
    schema="""
        timestamp     STRING             COMMENT 'snapshot, epoch milliseconds, UTC, as delivered; NULL if malformed',
        itemid        STRING             COMMENT 'item, as delivered',
        property      STRING             COMMENT 'categoryid, available, 790 (price) or a hashed name',
        value         STRING             COMMENT 'hashed tokens or decimals behind an n, as delivered',
        _source_file  STRING    NOT NULL COMMENT 'landed file, named by its content',
        _ingested_at  TIMESTAMP NOT NULL COMMENT 'when the file was received, UTC',
        _run_id       STRING    NOT NULL COMMENT 'run that appended the row',
        _rest         STRING             COMMENT 'text of a malformed line, or of columns beyond the contract'
    """,
)
