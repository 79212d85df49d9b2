import pytest

from lakehouse import integers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" 7\t", 7),
        ("-7", -7),
        ("007", 7),
        ("8693.0", 8693),
        ("-3.000000", -3),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("999999999999999.0", 999999999999999),
    ],
)
def test_an_integer_may_have_spaces_and_tabs_around_it_and_zeros_behind_a_point(text, number):
    assert integers.parse(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "7.", ".0", "+7", "1e3", "603.5", "7.0000000", "1,000", "7 7", "7\n", "\x0b7", "٧", "0x7"),
        *("9223372036854775808", "1234567890123456.0", "00000000000000000007"),
    ],
)
def test_nothing_else_is_an_integer(text):
    assert integers.parse(text) is None
