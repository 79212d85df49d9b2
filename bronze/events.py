"""bronze.events — the click-stream as it arrived."""

from lakehouse.table import Table, append

table = Table(
    name="bronze.events",
    comment="One row per line of a landed events file, as text.",
    key=[],
    refresh=append(),
    person="visitorid",
    is_required=True,
    schema="""
        timestamp     STRING             COMMENT 'epoch milliseconds, UTC, as delivered; NULL if malformed',
        visitorid     STRING             COMMENT 'visitor, as delivered',
        event         STRING             COMMENT 'view, addtocart or transaction, as delivered',
        itemid        STRING             COMMENT 'item, as delivered',
        transactionid STRING             COMMENT 'order of a transaction, else empty, as delivered',
        _source_file  STRING    NOT NULL COMMENT 'landed file, named by its content',
        _ingested_at  TIMESTAMP NOT NULL COMMENT 'when the file was received, UTC',
        _run_id       STRING    NOT NULL COMMENT 'run that appended the row',
        _rest         STRING             COMMENT 'text of a malformed line, or of columns beyond the contract'
    """,
)
