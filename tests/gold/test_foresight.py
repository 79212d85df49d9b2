"""No feature of a decision point sees what comes after it: neither of its own visit nor of any other visitor."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from gold import conversion_rates, intent_examples
from silver import events, item_history, session_events, sessions

START = datetime(2015, 6, 1, 23, 20, tzinfo=UTC)
PAUSES = [0, 1, 900, 1800, 1801, 40_000, 86_400]  # seconds; many a visit goes over midnight
RANK = {"view": 0, "addtocart": 1, "transaction": 2}
NO_FEATURES = {"ended_at", "label"}
SCHEMA = ", ".join(f"{column.name} {column.type}" for column in events.table.columns)
HISTORY = """
    item_id | valid_from       | valid_to         | category_id | is_available | price
    1       | 2015-06-01 00:00 | 2015-06-02 00:00 | 10          | true         | 5
    1       | 2015-06-02 00:00 | NULL             | 11          | false        | 7
    2       | 2015-06-01 00:00 | NULL             | 10          | true         | 3
"""


@st.composite
def streams(draw: st.DrawFn) -> list[tuple]:
    """The events of up to four visitors, in their order."""
    found = set()
    for visitor in range(1, draw(st.integers(2, 5))):
        at = START + timedelta(minutes=draw(st.integers(0, 90)))
        for pause in draw(st.lists(st.sampled_from(PAUSES), min_size=2, max_size=9)):
            at += timedelta(seconds=pause)
            kind = draw(st.sampled_from(["view", "view", "view", "addtocart", "transaction"]))
            order = draw(st.integers(1, 2)) if kind == "transaction" else None
            found.add((at, visitor, kind, draw(st.integers(1, 3)), order, at.date()))
    return sorted(found, key=in_order)


def in_order(event: tuple) -> tuple:
    at, visitor, kind, item, order, _ = event
    return at, RANK[kind], item, order or 0, visitor


def changed(event: tuple) -> tuple:
    """Another visitor buys another item, later."""
    at = event[0] + timedelta(seconds=7)
    return at, event[1] % 4 + 1, "transaction", event[3] % 3 + 1, 9, at.date()


@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(stream=streams(), data=st.data())
def test_what_happens_after_a_decision_changes_none_of_its_features(spark, history, stream, data):
    cut = data.draw(st.sampled_from([at for at, *_ in stream]))
    before, after = [e for e in stream if e[0] <= cut], [e for e in stream if e[0] > cut]
    fates = [data.draw(st.sampled_from(["keep", "delete", "change"])) for _ in after]
    later = [changed(e) if fate == "change" else e for e, fate in zip(after, fates, strict=True) if fate != "delete"]
    whole, other = (features(spark, history, each) for each in (stream, [*before, *dict.fromkeys(later)]))
    known = {point: row for point, row in whole.items() if row["decided_at"] <= int(cut.timestamp() * 1_000_000)}
    assert {point: other.get(point) for point in known} == known


def features(spark, history, stream: list[tuple]) -> dict[tuple, dict]:
    """All features by decision point, instants in microseconds."""
    placed = session_events.sessionize(spark.createDataFrame(stream, SCHEMA), history)
    rates = conversion_rates.count_past(placed)
    rows = intent_examples.look_back(placed, sessions.summarise(placed), rates).drop(*NO_FEATURES)
    instants = {name: F.unix_micros(name) for name in ("started_at", "decided_at")}
    found = rows.withColumns(instants).collect()
    return {(row.visitor_id, row.started_at, row.decision_point): row.asDict() for row in found}


@pytest.fixture
def history(request):
    return request.getfixturevalue("given")(item_history.table, HISTORY)
