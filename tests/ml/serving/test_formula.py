import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gold import intent_examples
from ml.intent.design import interaction, log, missing, number, terms
from ml.serving import expression, formula

MADE = [log("num_views"), number("is_available"), missing("price"), interaction(log("num_views"), log("price"))]
COLUMNS = {column.name: column for column in intent_examples.table.columns}


def document(made, **changes):
    weighed = [{**each, "coefficient": 0.1 + place / 7, "mean": 0.3} for place, each in enumerate(made)]
    plain = {"terms": weighed, "intercept": -3.0, "calibration": {"slope": 1.25, "intercept": -0.5}}
    return {**plain, **changes}


def arrays(row):
    return lambda name: np.array([row[name]], dtype=float)


def test_the_log_odds_are_the_calibrated_sum_of_the_terms():
    found = formula.Formula(document(MADE)).log_odds(arrays({"num_views": 3, "is_available": True, "price": 9}))
    raw = -3 + 0.1 * math.log(4) + (0.1 + 1 / 7) + (0.1 + 3 / 7) * math.log(4) * math.log(10)
    assert found[0] == pytest.approx(1.25 * raw - 0.5)


def test_a_value_that_is_missing_says_nothing_but_that_it_is():
    found = formula.Formula(document(MADE)).log_odds(arrays({"num_views": 3, "is_available": None, "price": None}))
    assert found[0] == pytest.approx(1.25 * (-3 + 0.1 * math.log(4) + 0.1 + 2 / 7) - 0.5)


def test_contributions_sum_to_the_log_odds_minus_those_of_the_training_mean():
    model, row = document(MADE), arrays({"num_views": 3, "is_available": False, "price": 9})
    total = formula.base_log_odds(model) + sum(formula.Formula(model).contributions(row).values())
    assert total[0] == pytest.approx(formula.Formula(model).log_odds(row)[0], abs=1e-12)


def test_an_interaction_is_a_contribution_of_its_own():
    found = formula.Formula(document(MADE)).contributions(arrays({"num_views": 3, "is_available": True, "price": 9}))
    assert list(found) == ["num_views", "is_available", "price", "num_views × price"]


def test_a_model_of_no_weight_answers_each_row_alike():
    nothing = document(MADE) | {"terms": [{**each, "coefficient": 0.0} for each in document(MADE)["terms"]]}
    found = formula.Formula(nothing).log_odds(lambda name: np.array([1.0, 2.0]))
    assert found.tolist() == [1.25 * -3 - 0.5] * 2


@pytest.mark.parametrize("price", [-1.0, 0.0, 1e308])
def test_plain_numbers_and_arrays_agree_where_a_function_has_an_end(price):
    for plus in (1.0, 0.0):
        model, row = document([log("price", plus)], intercept=-1000.0), {"price": price}
        with np.errstate(all="ignore"):
            by_arrays = formula.Formula(model).probability(arrays(row))[0]
        assert formula.Formula(model, formula.NUMBERS).probability(row.__getitem__) == pytest.approx(
            by_arrays, nan_ok=True
        )


def test_an_unknown_kind_of_factor_is_an_error():
    with pytest.raises(ValueError, match="cube"):
        formula.term({"factors": [{"input": "price", "kind": "cube"}]}, arrays({"price": 1}))


def test_every_input_of_the_model_is_a_column_of_the_examples():
    assert set(formula.inputs(terms())) <= set(COLUMNS)


def values(name: str) -> st.SearchStrategy:
    if name == "session_hour":
        return st.integers(0, 23)
    plain = {
        "INT": st.integers(0, 9000),
        "BIGINT": st.integers(0, 10**7),
        "BOOLEAN": st.booleans(),
        "DOUBLE": st.floats(1e-9, 1e7),
    }[COLUMNS[name].type]
    return st.none() | plain if COLUMNS[name].nullable else plain


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.fixed_dictionaries({name: values(name) for name in formula.inputs(terms())}), min_size=20))
def test_a_frame_arrays_and_plain_numbers_get_the_same_probability_to_1e_9(spark, rows):
    model = document(terms())
    names = formula.inputs(terms())
    schema = ", ".join(f"{name} {COLUMNS[name].type}" for name in names)
    frame = spark.createDataFrame([tuple(row[name] for name in names) for row in rows], schema)
    found = [row.p for row in frame.select(expression.probability(model).alias("p")).collect()]
    columns = {name: np.array([row[name] for row in rows], dtype=float) for name in names}
    by_arrays = formula.Formula(model).probability(columns.__getitem__)
    assert np.abs(np.array(found) - by_arrays).max() <= 1e-9
    plain = [{name: float(column[place]) for name, column in columns.items()} for place in range(len(rows))]
    by_numbers = [formula.Formula(model, formula.NUMBERS).probability(row.__getitem__) for row in plain]
    assert np.abs(np.array(by_numbers) - by_arrays).max() <= 1e-12
