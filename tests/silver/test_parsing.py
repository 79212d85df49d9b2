import duckdb
import pytest
from pyspark.sql import functions as F

from silver.parsing import bigint

from ..bench.duckdb_lake import PREPARE

INTEGERS = {
    "0": 0,
    "1433152800000": 1433152800000,
    "-7": -7,
    "-0": 0,
    "007": 7,
    " 7 ": 7,
    "  -7": -7,
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
    "decimal point": "1.0",
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
    "tab": "\t7",
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
def test_up_to_19_digits_with_a_minus_or_spaces_are_an_integer(parsed, text):
    assert parsed[text] == INTEGERS[text]


@pytest.mark.parametrize("case", OTHERS)
def test_nothing_else_is_an_integer(parsed, case):
    assert parsed[OTHERS[case]] is None


def test_null_is_no_integer(spark):
    assert spark.sql(f"SELECT {bigint('text')} FROM (SELECT CAST(NULL AS STRING) AS text)").first()[0] is None


def test_the_benchmarks_yard_stick_reads_integers_alike(parsed):
    connection = duckdb.connect()
    connection.execute(PREPARE)
    assert {text: connection.execute("SELECT to_bigint(?)", [text]).fetchone()[0] for text in parsed} == parsed
