"""What a delivered line may hold, and the verdict on it. Lines are landed and read as a run does it."""

import time

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from bronze import category_tree, events, item_properties, landing
from lakehouse.expectations import broken_rules
from lakehouse.lake import open_lake
from lakehouse.table import Table
from silver import categories, item_history
from silver import events as silver_events

from ..conftest import ingest, settings_of

COLUMNS = "line has the columns of its header"
TIME, VISITOR, ITEM = "timestamp is an integer", "visitor is an integer", "item is an integer"
IN_TIME, KNOWN = "timestamp is after 2000 and not a day ahead", "event is known"
TRANSACTION = "transaction id exactly on transactions"
NEGATIVE = "no id is negative"
NO_TIME = [TIME, IN_TIME]
NOW, HOUR = int(time.time() * 1000), 3_600_000

EVENTS = {  # line -> the rules it breaks
    "1433152800000,1,view,7,": [],
    "1433152800000,1,addtocart,7,": [],
    "1433152800000,1,transaction,7,9": [],
    " 1433152800000 , 1 , transaction , 7 , 9 ": [],
    "1433152800000,-1,view,7,": [NEGATIVE],
    "1433152800000,1,view,-7.0,": [NEGATIVE],
    "1433152800000,1,transaction,7,-9": [NEGATIVE],
    "1433152800000,-0,view,7,": [],
    "1433152800000.0,1.0,view,7.0,": [],
    "1433152800000,1,transaction,7,9.0": [],
    "\t1433152800000\t,1,view\t,7 \t,\t": [],
    "1433152800000,9223372036854775807,view,7,": [],
    "946684800000,1,view,7,": [],
    f"{NOW + 23 * HOUR},1,view,7,": [],
    "1e12,1,view,7,": NO_TIME,
    "1.4331528E+12,1,view,7,": NO_TIME,
    "+1433152800000,1,view,7,": NO_TIME,
    "1_433_152_800_000,1,view,7,": NO_TIME,
    "0x14DAE1D8D00,1,view,7,": NO_TIME,
    "2015-06-01T10:00:00Z,1,view,7,": NO_TIME,
    "not-a-time,1,view,7,": NO_TIME,
    ",1,view,7,": NO_TIME,
    "  ,1,view,7,": NO_TIME,
    "NULL,1,view,7,": NO_TIME,
    "\x1f1433152800000,1,view,7,": NO_TIME,
    "1433152800000\xa0,1,view,7,": NO_TIME,
    "1433152800000\x85,1,view,7,": NO_TIME,
    "\u0661\u0664\u0663\u0663\u0661\u0665\u0662\u0668\u0660\u0660\u0660\u0660\u0660,1,view,7,": NO_TIME,
    "9223372036854775808,1,view,7,": NO_TIME,
    "00000001433152800000,1,view,7,": NO_TIME,
    "946684799999,1,view,7,": [IN_TIME],
    "915148800000,1,view,7,": [IN_TIME],
    "0,1,view,7,": [IN_TIME],
    "-1433152800000,1,view,7,": [IN_TIME],
    "1433152800,1,view,7,": [IN_TIME],
    f"{NOW + 25 * HOUR},1,view,7,": [IN_TIME],
    "253402214400000,1,view,7,": [IN_TIME],
    "9223372036854775807,1,view,7,": [IN_TIME],
    "1433152800000,+1,view,7,": [VISITOR],
    "1433152800000,\uff11,view,7,": [VISITOR],
    "1433152800000,12ab,view,7,": [VISITOR],
    "1433152800000,1.5,view,7,": [VISITOR],
    "1433152800000,7.,view,7,": [VISITOR],
    f"1433152800000,{'9' * 1000},view,7,": [VISITOR],
    "1433152800000,-9223372036854775809,view,7,": [VISITOR],
    "1433152800000,,view,7,": [VISITOR],
    "1433152800000,1,view,1e3,": [ITEM],
    "1433152800000,1,view,603.5,": [ITEM],
    "1433152800000,1,view,9223372036854775808,": [ITEM],
    "1433152800000,1,view,,": [ITEM],
    "1433152800000,1,click,7,": [KNOWN],
    "1433152800000,1,View,7,": [KNOWN],
    "1433152800000,1,,7,": [KNOWN],
    "1433152800000,1,click,7,9": [KNOWN, TRANSACTION],
    "1433152800000,1,transaction,7,": [TRANSACTION],
    "1433152800000,1,transaction,7, ": [TRANSACTION],
    "1433152800000,1,view,7,9": [TRANSACTION],
    "1433152800000,1,addtocart,7,x": [TRANSACTION],
    "1433152800000,1,view": [COLUMNS, TIME, IN_TIME, VISITOR, ITEM, KNOWN, TRANSACTION],
    "1433152800000,1,view,7,,": [COLUMNS, TIME, IN_TIME, VISITOR, ITEM, KNOWN, TRANSACTION],
    "x,y,click,z,9": [TIME, IN_TIME, VISITOR, ITEM, KNOWN, TRANSACTION],
}
INSTANT, NUMBER = "timestamp is an instant", "price is a number"
CATEGORY, AVAILABILITY = "category is an integer", "availability is 0 or 1"
PROPERTIES = {
    "1431226800000,5,categoryid,100": [],
    "1431226800000,5,available,1": [],
    "1431226800000,5,790,n9500.000": [],
    "1431226800000,5,888,1e12 +1": [],
    "1431226800000,5,categoryid    ,100 ": [],
    "1431226800000.0, 5.0,\tavailable,1         ": [],
    "1431226800000,5, 790 , n480.000 \t": [],
    "1431226800000,-5,available,1": [NEGATIVE],
    "1431226800000,5,categoryid,-1": [NEGATIVE],
    "1431226800000,-5,888,x": [],
    "1431226800000,5, categoryid,x": [CATEGORY],
    "1431226800000,5,790,n1e999999999": [NUMBER],
    "1431226800000,5,790,n1E-999999999": [NUMBER],
    f"1431226800000,5,790,n{'9' * 40}.000": [NUMBER],
    f"1431226800000,5,790,{'9' * 65_000}": [NUMBER],
    f"1431226800000,5,categoryid,{'9' * 65_000}": [CATEGORY],
    "1431226800000,5,790,n1e5": [NUMBER],
    "1431226800000,5,790,n-5.000": [NUMBER],
    "1431226800000,5,790,nNaN": [NUMBER],
    "x,y,888,z": [],
    "1431226800000,5,categoryid,1e2": [CATEGORY],
    "1431226800000,5,categoryid,\u0661": [CATEGORY],
    "1431226800000,5,categoryid,": [CATEGORY],
    "1431226800000,5,available,2": [AVAILABILITY],
    "1431226800000,5,available,true": [AVAILABILITY],
    "1431226800000,5,790,n": [NUMBER],
    "1431226800000,5,790,nine": [NUMBER],
    "1431226800000,+5,790,n1.000": [ITEM],
    "1431226800,5,790,n1.000": [INSTANT],
    "1e12,5,790,n1.000": [INSTANT],
    f"{NOW + 25 * HOUR},5,790,n1.000": [INSTANT],
    "1431226800000,5,790": [COLUMNS, INSTANT, ITEM, CATEGORY, AVAILABILITY, NUMBER],
}
PARENT = "parent is an integer or empty"
TREE = {
    "1,": [],
    "2,1": [],
    " 3 , 1 ": [],
    "1e3,1": [CATEGORY],
    ",1": [CATEGORY],
    "4,x": [PARENT],
    "4,+1": [PARENT],
    "5,214.0": [],
    "5,\t": [],
    "5,214.5": [PARENT],
    "6,-1": [NEGATIVE],
    "-2,6": [NEGATIVE],
    "4": [COLUMNS, CATEGORY, PARENT],
}


def judge(spark, folder, bronze: Table, silver: Table, lines: list[str]) -> dict[str, list[str]]:
    """Land lines and return, by the text that is kept of each, the rules that it breaks."""
    lake = open_lake(settings_of(folder / "lake"))
    path = folder / "hazards.csv"
    path.write_text("\n".join([",".join(bronze.delivered_columns), *lines]) + "\n")
    landing.accept(lake.landing, path)
    rows = ingest(lake, bronze)
    is_read = silver.source_filter.predicate if silver.source_filter else "true"
    verdict = F.when(F.expr(is_read), broken_rules(silver.quarantine_rules)).otherwise(F.array())
    return dict(rows.select(_line(bronze, rows), verdict).collect())


def _line(bronze: Table, rows: DataFrame):
    return F.coalesce("_rest", F.concat_ws(",", *[rows[column] for column in bronze.delivered_columns]))


@pytest.fixture(scope="module")
def verdicts(spark, tmp_path_factory) -> dict[str, list[str]]:
    return {
        line: rules
        for bronze, silver, lines in (
            (events.table, silver_events.table, EVENTS),
            (item_properties.table, item_history.table, PROPERTIES),
            (category_tree.table, categories.table, TREE),
        )
        for line, rules in judge(spark, tmp_path_factory.mktemp("hazards"), bronze, silver, list(lines)).items()
    }


LINES = [*EVENTS, *PROPERTIES, *TREE]


@pytest.mark.parametrize(
    "line", LINES, ids=[f"line {number}" for number, _ in enumerate(LINES)]
)  # some hold the present instant
def test_a_line_breaks_these_rules_and_its_text_is_kept(verdicts, line):
    assert verdicts[line] == (EVENTS | PROPERTIES | TREE)[line]
