"""What a list holds, in which order, and why."""

import pytest

from ml.recommend.rank import LENGTH, Filters


def ids(answer) -> list[int]:
    return [each.item_id for each in answer.items]


def reasons(answer) -> list[tuple[int, str]]:
    return [(each.item_id, each.reason) for each in answer.items]


def test_neighbours_come_first_then_the_category_then_what_lies_above_then_the_shop(recommend):
    assert reasons(recommend().for_item(1)) == [
        (2, "because you viewed 1"),
        (3, "because you viewed 1"),
        (4, "popular in category 11"),
        (6, "popular in category 11"),
        (5, "popular in category 10"),
        (7, "popular in the shop"),
    ]


def test_the_newest_item_counts_most(recommend):
    first, *_ = recommend().for_visit([1, 2]).items
    assert (first.item_id, first.reason) == (3, "because you viewed 2")
    assert first.score == pytest.approx(8 + 4 / 2.718281828)


def test_the_reason_is_the_item_that_gives_most_though_it_be_older(recommend):
    neighbours = """
        item_id | rank | neighbour_id | score
        1       | 1    | 3            | 8
        2       | 1    | 3            | 2
    """
    first, *_ = recommend(item_neighbours=neighbours).for_visit([1, 2]).items
    assert (first.item_id, first.reason) == (3, "because you viewed 1")


def test_a_visits_own_items_are_reminders_newest_first_and_the_one_on_the_screen_is_in_no_list(recommend):
    answer = recommend().for_visit([1, 4, 1, 2])
    assert [each.item_id for each in answer.reminders] == [1, 4]
    assert not {1, 2, 4} & set(ids(answer))
    assert answer.reminders[0].reason == "you viewed it"


def test_a_visit_that_is_over_is_reminded_of_its_last_item_too(recommend):
    answer = recommend().for_visit([1, 4, 2], is_over=True)
    assert [each.item_id for each in answer.reminders] == [2, 4, 1]
    assert answer.shown[:4] == [2, 4, 1, 3]


def test_a_new_item_without_visits_gets_popular_ones_of_its_category_and_says_so(recommend):
    answer = recommend().for_item(9)
    assert ids(answer) == [4, 6, 5, 7]
    assert answer.note == "No visit tells what goes with these items: the list is popular items of their category."


def test_an_unknown_item_gets_the_popular_ones_of_the_shop_and_says_so(recommend):
    answer = recommend().for_item(999)
    assert reasons(answer) == [(7, "popular in the shop"), (5, "popular in the shop")]
    assert answer.note == "Nothing is known of these items: the list is popular items of the shop."


def test_an_item_that_was_not_known_yet_is_a_reminder_all_the_same(recommend):
    assert [each.item_id for each in recommend().for_visit([999, 1]).reminders] == [999]


def test_unknown_availability_passes_marked_unless_only_known_is_asked_for(recommend):
    by_id = {each.item_id: each.is_available for each in recommend().for_item(1).items}
    assert (by_id[6], by_id[7], by_id[4]) == (None, None, True)
    assert ids(recommend().for_item(1, Filters(known_available_only=True))) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(exclude=frozenset({2, 4, 999})), [3, 6, 5, 7]),
        (Filters(categories=frozenset({11})), [2, 4, 6]),
        (Filters(categories=frozenset({10})), [2, 3, 4, 6, 5]),
        (Filters(min_price=30, max_price=40), [3, 4]),
        (Filters(max_price=20), [2]),
    ],
    ids=["exclude", "category", "category with what lies below", "range of prices", "price"],
)
def test_a_filter_leaves_out_what_it_should(recommend, filters, expected):
    assert ids(recommend().for_item(1, filters)) == expected


def test_filters_hold_for_reminders(recommend):
    asked = Filters(exclude=frozenset({4}), max_price=15)
    assert [each.item_id for each in recommend().for_visit([9, 4, 1, 2], asked).reminders] == [1]


def test_an_item_that_was_not_known_yet_is_excluded_all_the_same(recommend):
    assert recommend().for_visit([999, 1], Filters(exclude=frozenset({999}))).reminders == []


def test_filters_are_applied_before_the_list_is_cut(recommend):
    lines = "\n".join(f"1 | {place} | {100 + place} | {100 - place}" for place in range(1, 46))
    neighbours = f"item_id | rank | neighbour_id | score\n{lines}"
    history = "item_id | valid_from | is_available\n" + "\n".join(
        f"{item} | 2015-05-10 | false" for item in range(101, 121)
    )
    assert ids(recommend(item_neighbours=neighbours, item_history=history).for_item(1)) == list(
        range(121, 121 + LENGTH)
    )


def test_a_category_without_popular_items_of_its_own_takes_those_asked_for(recommend):
    assert ids(recommend().for_item(999, Filters(categories=frozenset({11})))) == [4, 6]
