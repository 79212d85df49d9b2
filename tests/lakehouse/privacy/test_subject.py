import re

import pytest

from lakehouse.privacy.subject import DataSubject


@pytest.mark.parametrize(
    ("id", "value", "is_theirs"),
    [
        (5, "5", True),
        (5, " 005\t", True),
        (8693, "8693.0", True),
        (0, "8693.0", False),
        (5, "603.5", False),
        (603, "603.5", False),
        (5, "-5", False),
        (-5, "-5", True),
        (5, "55", False),
        (5, "5e3", False),
        (5, "", False),
        (5, "visitor 5", True),
        (5, "5;6", True),
    ],
)
def test_a_column_of_ids_names_whose_integer_it_holds_and_else_whom_its_text_names(id, value, is_theirs):
    assert DataSubject(id).is_named_in(value) is is_theirs


@pytest.mark.parametrize(
    "text",
    ["5", "visitor 5.", "id:5", "id=05", "(5)", "v5", "5th", '"5"', "a,5,b", "user-5", "paid 5.00", "no.5", "/5/", "… 5!"],
)  # fmt: skip
def test_free_text_names_a_visitor_by_a_number_of_its_own(text):
    assert DataSubject(5).is_named_in(text)
    assert re.search(DataSubject(5).pattern, text)
    assert not DataSubject(5).is_named_in(DataSubject(5).hide(text))


@pytest.mark.parametrize(
    "text",
    [
        *("603.5", "5.3", "-5", ".5", "12", "55", "5e3", "1e5", "5E-3", "-.5", "0.000005", "5.5.5.5"),
        *("2015-06-05", "5-7", "10:05:00", "2015-06-05T05:05:05.005Z", "+05:05", "9f5c3", "a1-5"),
        "abcdef5a-bcde-4abc-9abc-5abcdefabcde",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_free_text_names_nobody_within_a_number_a_date_a_time_or_a_digest(text):
    assert not DataSubject(5).is_named_in(text)
    assert DataSubject(5).hide(text) == text


def test_an_id_below_zero_is_named_with_its_sign():
    assert DataSubject(-5).hide("5, -5 and -55 but (-5.0)") == "5, … and -55 but (…)"


@pytest.mark.parametrize("id", [0, 2**63 - 1, -(2**63)])
def test_every_id_of_64_bits_is_named_by_its_digits(id):
    assert DataSubject(id).is_named_in(str(id))
    assert DataSubject(id).hide(f"of {id}.") == "of …."
