import pytest

from gold import conversion_rates
from silver import session_events


@pytest.fixture
def rates(given):
    """Item 1 of category 10 is viewed twice and bought once on the first evening, over midnight, and seen again later."""
    return conversion_rates.count_past(
        given(
            session_events.table,
            """
            event_date | session_date | event_type  | item_id | category_id
            2015-06-01 | 2015-06-01   | view        | 1       | 10
            2015-06-01 | 2015-06-01   | addtocart   | 1       | 10
            2015-06-02 | 2015-06-01   | transaction | 1       | 10
            2015-06-02 | 2015-06-02   | view        | 2       | 10
            2015-06-05 | 2015-06-05   | view        | 1       | NULL
        """,
        )
    )


def test_a_day_knows_the_events_of_the_days_before_it_and_none_of_its_own(rates, expect_rows):
    expect_rows(
        conversion_rates.table,
        rates,
        """
        event_date | level    | id | num_views | num_adds | num_purchases
        2015-06-01 | item     | 1  | 0         | 0        | 0
        2015-06-02 | item     | 1  | 1         | 1        | 0
        2015-06-02 | item     | 2  | 0         | 0        | 0
        2015-06-05 | item     | 1  | 1         | 1        | 1
        2015-06-01 | category | 10 | 0         | 0        | 0
        2015-06-02 | category | 10 | 1         | 1        | 0
        2015-06-05 | category | -1 | 0         | 0        | 0
    """,
    )


def test_a_rate_of_few_views_is_drawn_towards_that_of_the_shop(rates):
    found = {(str(row.event_date), row.level, row.id): row.purchase_rate for row in rates.collect()}
    shop = (1 + 100 * 0.01) / (2 + 100)
    assert found["2015-06-05", "item", 1] == pytest.approx((1 + 100 * shop) / (1 + 100))
    assert found["2015-06-05", "category", -1] == pytest.approx(shop)
    assert found["2015-06-01", "item", 1] == pytest.approx(0.01)
