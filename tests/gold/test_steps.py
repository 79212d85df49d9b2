import pytest

from gold import category_conversion, funnel, visit_segments, visitor_days
from lakehouse.expectations import broken_rules

STEPS = ("view", "cart", "purchase")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("table", [each.table for each in (visitor_days, visit_segments, funnel, category_conversion)])
def test_a_step_that_more_visits_took_than_there_were_breaks_a_rule(given, table, step):
    counts = {"num_sessions": 2, **{f"num_{each}_sessions": 2 for each in STEPS}, f"num_{step}_sessions": 3}
    rows = given(table, " | ".join(counts) + "\n" + " | ".join(map(str, counts.values())))
    (rules,) = rows.select(broken_rules([each for each in table.output_rules if "step" in each.name])).first()
    assert rules == ["no step exceeds the visits"]
