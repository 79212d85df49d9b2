import csv

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze import events, landing
from lakehouse.lake import open_lake
from lakehouse.landing import csv_reader
from lakehouse.landing.lines import Layout, Row, columns_of, fields_of, read_lines, text_of
from lakehouse.storage.schema import delta_schema

from ...conftest import settings_of

HEADER = "note,timestamp,visitorid,event,itemid,transactionid,"  # a further column at each end, one without a name
odd_text = st.text('",ab 5.', max_size=14)


@settings(max_examples=500, deadline=None)
@given(odd_text)
def test_a_line_is_split_as_the_csv_module_splits_it_spaces_before_a_quote_aside(line):
    expected = next(csv.reader([line], skipinitialspace=True), [""]) if '"' in line else line.split(",")
    assert fields_of(line) == expected


def test_names_in_a_header_are_trimmed_and_of_small_letters():
    assert columns_of('ID, "Note, old" ,,Mail') == ["id", "note, old", "", "mail"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lines")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(odd_text, min_size=6, max_size=8).map(",".join).filter(lambda line: line.count('"') % 2 == 0)))
def test_a_line_says_in_bronze_what_it_says_to_whoever_erases_and_shows_it(folder, lines):
    lake = open_lake(settings_of(folder / str(len(list(folder.iterdir())))))
    (folder / "a.csv").write_text("\n".join([HEADER, *lines, HEADER, " "]))
    receipt, _ = landing.accept(lake.landing, folder / "a.csv")
    batches = csv_reader.split_into_parts(lake.landing, [receipt])
    tables = [csv_reader.read_rows(batch, pa.schema(delta_schema(events.table)), "run") for batch in batches]
    delivered = events.table.delivered_columns
    read = [row for table in tables for row in table.select([*delivered, "_rest"]).to_pylist()]
    layout = Layout(receipt.header, delivered)
    said = [row for line in read_lines(lake.landing.file(receipt)) if (row := layout.read(text_of(line)))]
    flat = [(*(row.values or [None] * len(delivered)), row.rest) for row in said]
    assert sorted(map(repr, (tuple(row.values()) for row in read))) == sorted(map(repr, flat))


@settings(max_examples=500, deadline=None)
@given(st.lists(odd_text, min_size=7, max_size=7).map(",".join))
def test_a_changed_further_column_leaves_the_bytes_and_values_of_all_others(line):
    layout = Layout(HEADER, events.table.delivered_columns)
    row = layout.read(line)
    if row is None or row.values is None:
        return
    changed = layout.change_rest(line, lambda text: text.replace("5", "…"))
    assert layout.read(changed) == Row(row.values, row.rest.replace("5", "…"))
    if "5" not in row.rest:
        assert changed == line


@pytest.mark.parametrize(
    "line", ["a, 1,2,view,3,,b", ",1,2,view,3,,", " ,1.0,2,vi ew,3,4,b b", "1,2,3", "x", ",,,,,,", "a,1,2,view,3,4,5,6"]
)
def test_a_line_without_a_quote_can_be_composed_again_from_what_it_says(line):
    layout = Layout(HEADER, events.table.delivered_columns)
    assert layout.compose(layout.read(line)) == line


def test_a_composed_line_quotes_what_needs_it_and_says_the_same():
    layout = Layout("timestamp,visitorid,event,itemid,transactionid,note", events.table.delivered_columns)
    row = Row(("1", "2", 'vi"ew', "3", " 4"), "Bergen, NO")
    assert layout.compose(row) == '1,2,"vi""ew",3," 4","Bergen, NO"'
    assert layout.read(layout.compose(row)) == row
