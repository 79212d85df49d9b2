import time

import duckdb
import pytest
from pyspark.sql import functions as F

from lakehouse import integers
from silver.parsing import bigint, is_negative, is_price, price

from ..bench.duckdb_lake import PREPARE

INTEGERS = {
    "0": 0,
    "1433152800000": 1433152800000,
    "-7": -7,
    "-0": 0,
    "007": 7,
    " 7 ": 7,
    "  -7": -7,
    "\t7\t": 7,
    " \t-7 ": -7,
    "8693.0": 8693,
    "-7.000000": -7,
    " 7.0 ": 7,
    "999999999999999.0": 999999999999999,
    "0000000000000000007": 7,
    "999999999999999999": 999999999999999999,
    "9223372036854775807": 2**63 - 1,
    "-9223372036854775808": -(2**63),
}
OTHERS = {
    "empty": "",
    "only spaces": "  ",
    "only a minus": "-",
    "scientific": "1e12",
    "scientific, in capitals": "1E12",
    "as a spreadsheet writes it": "1.43315E+12",
    "decimal point": "1.5",
    "a zero and more behind the point": "1.01",
    "7 zeros behind the point": "1.0000000",
    "16 digits before the point": "1000000000000000.0",
    "space before the point": "1 .0",
    "point behind": "1.",
    "point before": ".5",
    "leading plus": "+1",
    "two signs": "--1",
    "minus apart": "- 1",
    "hexadecimal": "12ab",
    "hexadecimal, marked": "0x1F",
    "typed": "1L",
    "underscore": "1_000",
    "thousands": "1 000",
    "apostrophe": "1'000",
    "word": "NaN",
    "null": "NULL",
    "vertical tab": "\x0b7",
    "line feed behind": "7\n",
    "carriage return behind": "7\r",
    "unit separator": "\x1f7",
    "NUL behind": "7\x00",
    "next line behind": "7\x85",
    "line separator behind": "7\u2028",
    "no-break space": "\xa07",
    "byte order mark": "\ufeff7",
    "Arabic digits": "\u0661\u0662\u0663",
    "fullwidth digits": "\uff11\uff12\uff13",
    "superscript": "7\xb2",
    "20 digits": "00000000000000000007",
    "above int64": "9223372036854775808",
    "below int64": "-9223372036854775809",
    "above unsigned int64": "99999999999999999999",
}


@pytest.fixture(scope="module")
def parsed(spark) -> dict[str, int | None]:
    """What silver makes of each text."""
    texts = spark.createDataFrame([(text,) for text in [*INTEGERS, *OTHERS.values()]], "text STRING")
    return dict(texts.select("text", F.expr(bigint("text"))).collect())


@pytest.mark.parametrize("text", INTEGERS)
def test_up_to_19_digits_are_an_integer_with_a_minus_or_spaces_or_zeros_behind_a_point(parsed, text):
    assert parsed[text] == INTEGERS[text]


@pytest.mark.parametrize("case", OTHERS)
def test_nothing_else_is_an_integer(parsed, case):
    assert parsed[OTHERS[case]] is None


WORST = [character * length for character in "9-. 0ne" for length in (18, 19, 1000, 65_000)]
SECONDS = 20.0  # for thousands of the worst texts, engine and all; a parser that works a number out takes minutes


@pytest.mark.parametrize("parser", [bigint, price], ids=["integer", "price"])
def test_the_worst_texts_are_refused_in_no_time(spark, parser):
    texts = [*WORST, "n1e999999999", "n1E-999999999", f"n{'9' * 49}", f"1{'0' * 60_000}e{'9' * 9}", "nNaN"]
    frame = spark.createDataFrame([(text,) for text in texts * 20], "text STRING")
    begun = time.monotonic()
    read = frame.where(f"length(text) > 19 AND {parser('text')} IS NOT NULL").count()
    assert read == 0
    assert time.monotonic() - begun < SECONDS


PRICES = {
    "n480.000": "480.000",
    "480": "480.000",
    " n480.0 \t": "480.000",
    "n0": "0.000",
    "n1.0005": "1.001",
    "n999999999999999.999": "999999999999999.999",
    "n999999999999999.9999": None,  # rounded up it has a digit too many
    "n999999999999999.9": "999999999999999.900",
    "n99999999999999.9999": "100000000000000.000",
    "n1000000000000000": None,
    "n1.1234567": None,
    "n1e5": None,
    "n-5.000": None,
    "n+5": None,
    "nn5": None,
    "n.5": None,
    "n5.": None,
    "n": None,
    "": None,
    "nNaN": None,
    "nInfinity": None,
    "n1_0": None,
    "n\u0661": None,
}


@pytest.mark.parametrize("text", PRICES)
def test_a_price_is_digits_without_sign_or_exponent_behind_an_n_or_none(prices, text):
    assert prices[text] == PRICES[text]


@pytest.fixture(scope="module")
def prices(spark) -> dict[str, str | None]:
    """What silver makes of each price."""
    texts = spark.createDataFrame([(text,) for text in PRICES], "text STRING")
    return dict(texts.select("text", F.expr(price("text")).cast("string")).collect())


def test_what_has_a_price_holds_one(spark, prices):
    texts = spark.createDataFrame([(text,) for text in PRICES], "text STRING")
    assert dict(texts.select("text", F.expr(is_price("text"))).collect()) == {
        text: value is not None for text, value in prices.items()
    }


def test_the_oracle_reads_prices_alike(prices):
    connection = duckdb.connect()
    connection.execute(PREPARE)
    assert {text: connection.execute("SELECT to_price(?)::VARCHAR", [text]).fetchone()[0] for text in prices} == prices


def test_only_an_integer_below_zero_is_negative(spark):
    ids = spark.createDataFrame([(text,) for text in ("-1", " -1.0", "-0", "7", "-x", "")], "text STRING")
    negative = ids.where(is_negative("text")).collect()
    assert [row[0] for row in negative] == ["-1", " -1.0"]


def test_null_is_no_integer(spark):
    assert spark.sql(f"SELECT {bigint('text')} FROM (SELECT CAST(NULL AS STRING) AS text)").first()[0] is None


def test_what_is_erased_and_exported_reads_integers_alike(parsed):
    assert {text: integers.parse(text) for text in parsed} == parsed


def test_the_oracle_reads_integers_alike(parsed):
    connection = duckdb.connect()
    connection.execute(PREPARE)
    assert {text: connection.execute("SELECT to_bigint(?)", [text]).fetchone()[0] for text in parsed} == parsed
