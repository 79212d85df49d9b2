"""ml.predictions — the model's answer for every visit; written by `lakehouse ml score` alone."""

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

table = Table(
    name="ml.predictions",
    comment="One row per visit with an event before its first purchase, and model version.",
    upstreams=["gold.session_features"],
    key=["visitor_id", "started_at", "model_version"],
    refresh=rebuild(),  # every visit is scored anew when the model or the features changed
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        session_id      STRING    NOT NULL COMMENT 'visitor and start (epoch milliseconds), readable',
        visitor_id      BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at      TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        session_date    DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        probability     DOUBLE    NOT NULL COMMENT 'predicted probability of a purchase, 0-1',
        is_predicted    BOOLEAN   NOT NULL COMMENT 'whether the probability reaches the threshold of the model',
        purchase_intent INT       NOT NULL COMMENT '1 when the visit did hold a purchase, else 0',
        model_version   INT       NOT NULL COMMENT 'version of the registered model'
    """,
    expectations=[expect_or_fail("probability is one", "probability BETWEEN 0 AND 1")],
)
