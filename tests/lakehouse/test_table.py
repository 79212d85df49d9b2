import pytest

from lakehouse.expectations import expect
from lakehouse.source_filter import SourceFilter
from lakehouse.table import Table, append, rebuild, replace


def table_of(schema: str = "a BIGINT NOT NULL COMMENT 'x'", upstreams: list[str] | None = None) -> Table:
    return Table("gold.tests", "One row per test.", ["a"], rebuild(), schema, upstreams or [])


def test_a_schema_line_tells_name_type_nullability_and_meaning():
    (column,) = table_of("price DECIMAL(18,3) COMMENT 'unit unknown'").columns
    assert (column.name, column.type, column.nullable, column.comment) == (
        "price",
        "DECIMAL(18,3)",
        True,
        "unit unknown",
    )


def test_a_column_without_a_comment_is_refused():
    with pytest.raises(ValueError, match="not a column with type and comment: b BIGINT"):
        _ = table_of("a BIGINT COMMENT 'x',\nb BIGINT").columns


def test_a_transform_takes_its_upstreams_by_their_names_in_their_order():
    table = table_of(upstreams=["silver.sessions", "silver.categories"])
    with pytest.raises(TypeError, match="upstreams are"):
        table.transform(lambda categories, sessions: None)
    table.transform(lambda sessions, categories: None)
    assert table.function is not None


def test_a_refresh_reads_as_it_is_declared():
    assert str(replace(by=["visitor_id", "started_at"])) == "replace by visitor_id, started_at"
    assert str(rebuild()) == "rebuild"


def test_a_table_is_clustered_by_columns_whose_limits_the_log_keeps():
    schema = "day DATE COMMENT 'x',\nat TIMESTAMP COMMENT 'x',\nid BIGINT COMMENT 'x',\nname STRING COMMENT 'x'"

    def table(*columns: str) -> Table:
        return Table("gold.tests", "One row per test.", ["id"], rebuild(), schema, cluster_by=list(columns))

    assert table("day", "at", "id").cluster_by == ["day", "at", "id"]
    with pytest.raises(
        ValueError, match="cluster_by name is STRING; files are distinguished by DATE, BIGINT, TIMESTAMP"
    ):
        table("day", "name")
    with pytest.raises(ValueError, match="cluster_by nmae is not a column"):
        table("nmae")


def test_a_table_of_landed_files_takes_no_rules():
    with pytest.raises(ValueError, match="takes every landed line as it is"):
        Table(
            name="bronze.x",
            comment="One row per line.",
            key=[],
            refresh=append(),
            schema="a STRING COMMENT 'text'",
            expectations=[expect("a is there", "a IS NOT NULL")],
        )


ODD = SourceFilter("kind", ["a", "it's"])


def test_a_source_filter_compares_what_is_left_without_spaces_and_tabs(spark):
    kinds = [("a",), (" a\t",), ("it's ",), ("aa",), ("",), ("\xa0a",), (None,)]
    frame = spark.createDataFrame(kinds, "kind STRING")
    assert [row[0] for row in frame.where(ODD.predicate).collect()] == ["a", " a\t", "it's ", None]


def test_a_source_filter_among_known_spellings_is_their_literal_list(spark):
    spellings = ["a", " a\t", "it's ", "aa", "\xa0a"]
    assert ODD.among(["aa"]) == "kind IS NULL"
    assert "btrim" not in ODD.among(spellings)
    frame = spark.createDataFrame([(text,) for text in [*spellings, None]], "kind STRING")
    assert frame.where(ODD.among(spellings)).collect() == frame.where(ODD.predicate).collect()
