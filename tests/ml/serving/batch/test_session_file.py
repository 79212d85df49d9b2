import csv
import random

import numpy as np
import pyarrow.parquet as pq
import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from lakehouse.landing import preflight
from ml.serving.batch import scoring
from ml.serving.form import KNOWN, describe
from ml.serving.scorer import champion

from ....conftest import settings_of

HEADER = "num_views,num_adds,distinct_products,session_hour"


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture(scope="module")
def model(lake):
    return champion(lake.settings)


@pytest.fixture
def score(lake, tmp_path):
    """Score a text; return what is said of it, the scored rows and the rejected lines."""

    def of(text, suffix=".csv"):
        path, output, rejected = (tmp_path / name for name in ("in.csv", f"out{suffix}", "rejected.csv"))
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = scoring.score_file(lake, path, [output], rejected, lambda *_: None)
        rows = rows_of(output) if suffix == ".csv" else pq.read_table(output).to_pylist()
        return found, rows, rows_of(rejected) if rejected.exists() else []

    yield of
    assert list(tmp_path.glob(".*.part")) == []


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_briefs_four_numbers_are_scored_as_the_form_does_it(score, model):
    draw = random.Random(3)
    visits = [(v, a, draw.randint(1, v + a), draw.randint(0, 23)) for v in range(12) for a in range(6) if v + a]
    text = "\n".join([HEADER, *[",".join(map(str, each)) for each in visits]])
    _, rows, _ = score(text, ".parquet")

    expected = model.score([describe(model, *each) for each in visits])
    assert np.abs(np.array([row["probability"] for row in rows]) - expected).max() < 1e-12
    assert [tuple(row[name] for name in KNOWN) for row in rows] == visits


def test_inputs_that_no_column_tells_are_named(score, model):
    found, _, _ = score(f"{HEADER},price\n4,1,3,17,5\n")
    told = {"num_views", "num_adds", "distinct_products", "session_hour", "price"}
    assert found["assumed"] == [name for name in model.input_names if name not in told]


def test_all_inputs_of_the_lakes_decision_points_give_the_published_answers(score, lake, model):
    names = [*model.input_names, "visitor_id", "started_at"]
    examples = lake.store.arrow("gold.intent_examples", columns=names).slice(0, 5_000).to_pandas()
    _, rows, rejected = score(examples.to_csv(index=False), ".parquet")

    assert rejected == []
    expected = model.score(examples[model.input_names])
    assert np.abs(np.array([row["probability"] for row in rows]) - expected).max() < 1e-12


def test_columns_stand_in_any_order_and_case_and_strangers_are_carried_along_safely(score):
    text = "=note,SESSION_HOUR,distinct_products, num_adds,Num_Views,visit\n=1+1,17,3,1,4,-5\n-x,17,3,1,4,0012\n"
    _, rows, _ = score(text)

    assert [(row["'=note"], row["visit"]) for row in rows] == [("'=1+1", "'-5"), ("'-x", "0012")]
    assert rows[0]["probability"] == rows[1]["probability"]


def test_an_empty_cell_is_a_missing_value_where_an_input_may_lack(score, model):
    _, rows, rejected = score(f"{HEADER},price\n4,1,3,17,\n4,1,3,17,500\n", ".parquet")

    four = dict(zip(KNOWN, (4, 1, 3, 17), strict=True))
    expected = model.score([describe(model, **four, price=None), describe(model, **four, price=500.0)])
    assert [row["probability"] for row in rows] == pytest.approx(list(expected), abs=1e-12)
    assert rejected == []


@pytest.mark.parametrize("piece", [24, preflight.PIECE], ids=["line by line", "at once"])
def test_a_line_that_cannot_be_scored_stands_with_number_and_reasons_beside_the_others(score, monkeypatch, piece):
    monkeypatch.setattr(preflight, "PIECE", piece)
    bad = ["x,1,3,17", "4,1,3,", "4,1,9,17", "0,0,1,17", "4,1,3,24", "4.5,1,3,17", "-1,3,1,17", "nan,1,1,2", "4,1,3"]
    found, rows, rejected = score("\n".join([HEADER, "4,1,3,17", "", *bad, '"4",1,3,17', "=2,1,3,1"]) + "\n")

    assert len(rows) == 2
    assert [(int(row["line"]), row["reason"]) for row in rejected] == [
        (4, "num_views is not a number"),
        (5, "session_hour is empty"),
        (6, "distinct_products is more than views and additions together"),
        (7, "a visit has a view or an addition to the cart"),
        (8, "session_hour must be a whole number from 0 to 23"),
        (9, "num_views must be a whole number of 0 or more"),
        (10, "num_views must be a whole number of 0 or more"),
        (11, "num_views is not a number"),
        (12, "the line has 3 fields, its header 4"),
        (14, "num_views is not a number"),
    ]
    assert (rejected[-1]["text"], found["rejected"], found["rows"]) == ("'=2,1,3,1", 10, 2)
    assert found["first_rejected"][0] == {"line": 4, "reason": "num_views is not a number"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "in.csv is empty"),
        (b"PK\x03\x04rest", "is a zip archive"),
        (b"PAR1rest", "is a Parquet file"),
        (f"{HEADER}\n4,1,3,17\n".encode("utf-16"), "is UTF-16 text"),
        (b"num_views;num_adds;distinct_products;session_hour\n", "is separated by semicolons"),
        (b"num_views,num_adds,distinct_products\n4,1,3\n", "has no column session_hour"),
        (f"{HEADER},num_views\n4,1,3,17,4\n".encode(), "names the column num_views twice"),
        (f"{HEADER}\n4,1,\0,17\n".encode(), "holds a NUL byte in line 2"),
        (f"{HEADER}\n4,1,3,17\n4,1,\xff".encode("latin-1"), "is not UTF-8 in line 3"),
        (f'{HEADER}\n4,1,"3,17\n'.encode(), "opens a quote in line 2"),
        (f"{HEADER}\n{'4' * 70_000},1,3,17\n".encode(), "holds more than 64 KB in line 2"),
        (f"{HEADER}\n".encode(), "holds no line behind its header"),
        (f"{HEADER}\n4,1,x,17\n".encode(), "holds no line that can be scored; line 2: distinct_products"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence_and_leaves_nothing(score, tmp_path, content, sentence):
    with pytest.raises(LakehouseError, match=sentence) as error:
        score(content)

    assert error.value.code == Exit.REFUSED
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_labels_are_tallied_and_answers_that_a_file_holds_already_give_way(score):
    text = f"{HEADER},purchase_intent,probability\n4,1,3,17,1,9\n4,1,3,17,0,9\n4,1,3,17,,9\n"
    found, rows, _ = score(text)

    assert found["summary"]["num_labelled"] == 2
    assert [sum(line[place] for line in found["summary"]["judged"]) for place in (1, 3)] == [2, 1]
    assert not found["summary"]["has_parts"]
    assert all(float(row["probability"]) < 1 for row in rows)


def test_a_disk_that_is_full_is_told_and_leaves_nothing_half_made(lake, tmp_path):
    import subprocess
    import sys

    (tmp_path / "in.csv").write_text(HEADER + "\n" + "4,1,3,17\n" * 200_000)
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        "from lakehouse.cli.main import main; main(sys.argv[1:])"
    )
    arguments = ["ml", "score", "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]
    environment = {
        "LAKEHOUSE_LAKE": str(lake.settings.lake_path),
        "LAKEHOUSE_ENV": "test",
        "PYTHONPATH": ":".join(sys.path),
    }
    ended = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True)

    assert (ended.returncode, "was not scored: " in ended.stderr) == (4, True), ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
