"""The command line as its user meets it: results, sentences and exit codes.

`call` calls it in this process; `lakehouse` starts it, where an engine must not run yet or the process itself is meant.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def lakehouse(lake: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakehouse.cli", *arguments]
    variables = {**os.environ, "LAKEHOUSE_LAKE": str(lake), **environ}
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)


MISTAKES = {
    "a pause that is no number": (
        ("watch", ".", "--every", "nan"),
        {},
        2,
        "Error: Invalid value for '--every': 'nan' is not possible: it must be from 0.1 to 3600.\n",
    ),
    "more hours than can be told": (
        ("maintain", "vacuum", "--older-than", "99999999999"),
        {},
        2,
        "Error: Invalid value for '--older-than': '99999999999' is not possible: it must be from 0 to 100000.\n",
    ),
    "no reason to promote": (
        ("ml", "promote", "--accept-undecidable", ""),
        {},
        2,
        "Error: Invalid value for '--accept-undecidable': '' is not possible: it must be a text that is not empty.\n",
    ),
    "a price that is no number": (
        ("recommend", "--items", "7", "--max-price", "nan"),
        {},
        2,
        "Error: Invalid value for '--max-price': 'nan' is not possible: it must be 0 or more.\n",
    ),
    "no reason": (
        ("retract", "1", "--reason", " "),
        {},
        2,
        "Error: Invalid value for '--reason': ' ' is not possible: it must be a text that is not empty.\n",
    ),
    "unknown command": (("rnu",), {}, 2, "✗ There is no command rnu.\n  → did you mean run?\n"),
    "unknown table": (
        ("show", "gold.funel"),
        {},
        2,
        "✗ There is no table gold.funel.\n  → did you mean gold.funnel?\n",
    ),
    "table not built": (("show", "gold.funnel"), {}, 2, "✗ gold.funnel is not published yet.\n  → lakehouse run\n"),
    "unknown setting": (
        ("status",),
        {"LAKEHOUSE_LAKES": "x"},
        2,
        "✗ Unknown setting LAKEHOUSE_LAKES.\n  → did you mean layers?\n",
    ),
    "missing JAR": (
        ("run",),
        {"LAKEHOUSE_JARS": "/nowhere", "LAKEHOUSE_ENGINE__NAME": "spark"},
        4,
        "✗ /nowhere/delta-spark_4.2_2.13-4.4.0.jar is missing.\n"
        "  → put the files of jars.lock into a folder and name it by LAKEHOUSE_JARS\n",
    ),
    "no Java": (
        ("run",),
        {"JAVA_HOME": "/nowhere", "LAKEHOUSE_ENGINE__NAME": "spark"},
        4,
        "✗ JAVA_HOME=/nowhere holds no working Java (asked /nowhere/bin/java).\n"
        "  → unset JAVA_HOME, or set it to Java 17 or 21\n",
    ),
}


@pytest.mark.parametrize("case", [case for case in MISTAKES if MISTAKES[case][0] != ("run",)])
def test_a_mistake_is_one_sentence_with_its_remedy_and_the_documented_exit_code(call, monkeypatch, case):
    arguments, environ, code, message = MISTAKES[case]
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    said = call(*arguments)
    assert said.err.endswith(message)
    assert "Traceback" not in said.err
    assert (said.code, said.out) == (code, "")


@pytest.mark.parametrize("case", [case for case in MISTAKES if MISTAKES[case][0] == ("run",)])
def test_what_a_run_misses_is_one_sentence_with_its_remedy_and_the_documented_exit_code(lake, land, case):
    arguments, environ, code, message = MISTAKES[case]
    land("events.csv", "1,1,view,1,")
    done = lakehouse(lake.settings.lake_path, *arguments, **environ)
    assert done.stderr.endswith(message)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (code, "")


def test_of_several_files_the_good_ones_land_and_a_refused_one_makes_the_exit_code_3(tmp_path):
    (tmp_path / "good.csv").write_text("categoryid,parentid\n1,\n")
    (tmp_path / "bad.csv").write_text("a;b\n")
    done = lakehouse(tmp_path / "lake", "land", str(tmp_path / "bad.csv"), str(tmp_path / "good.csv"), "--json")
    assert done.returncode == 3
    assert [each["kind"] for each in json.loads(done.stdout)] == ["category_tree"]
    assert "bad.csv is separated by semicolons, not commas." in done.stderr


def test_a_file_whose_last_line_has_no_end_lands_and_is_told(call, tmp_path):
    (tmp_path / "half.csv").write_text("categoryid,parentid\n1,\n21,1")
    (tmp_path / "whole.csv").write_text("categoryid,parentid\n1,\n21,1\n")
    half, whole = (call("land", str(tmp_path / f"{name}.csv")) for name in ("half", "whole"))
    assert (half.code, whole.code) == (0, 0)
    assert "Its last line has no line end." in half.err
    assert "Its last line" not in whole.err


def test_show_reads_no_more_than_it_shows(run_once, call, tmp_path):
    path = run_once.settings.lake_path
    (tmp_path / "second.csv").write_text("timestamp,visitorid,event,itemid,transactionid\n1433160000001,1,view,1,\n")
    call("land", str(tmp_path / "second.csv"), "then", "run", "bronze.events")
    fragments = list(run_once.store.delta("bronze.events").to_pyarrow_dataset().get_fragments())
    assert len(fragments) == 2
    (path / "bronze" / "events" / fragments[-1].path.rpartition("/")[2]).unlink()
    shown = lakehouse(path, "show", "bronze.events", "--rows", "1", "--json")
    assert len(json.loads(shown.stdout)["rows"]) == 1, shown.stderr


def test_land_without_a_good_file_makes_the_exit_code_of_the_matter(call, tmp_path):
    assert call("land", str(tmp_path / "nope.csv")).code == 2


def test_nothing_landed_yet_is_told_with_the_command_that_lands(call):
    said = call("run")
    assert said.code == 2
    assert "No file of events has landed" in said.err
    assert "lakehouse land FILE…" in said.err


def test_config_tells_where_each_value_came_from(call, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_APP__PORT", "9000")
    assert call("config", "--json").json["app.port"] == {"value": 9000, "origin": "LAKEHOUSE_APP__PORT"}


def test_status_and_show_tell_the_published_rows(sample_lake, call, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(sample_lake))
    summary = call("status", "--json").json
    assert set(summary) == {"tables", "model"}
    rows = {each["table"]: each["rows"] for each in summary["tables"]}
    shown = call("show", "gold.activity", "--rows", "100000", "--json").json
    assert len(shown["rows"]) == rows["gold.activity"] > 0


def test_every_command_explains_itself(call):
    names = [line.split()[0] for line in call("--help").out.split("Commands:")[1].split("\n") if line.strip()]
    assert {"land", "sample", "run", "status", "show", "ml", "app", "mlflow", "doctor", "config"} <= set(names)


def test_chained_commands_end_like_single_ones(sample_lake, call, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(sample_lake))
    said = call("ml", "train", "promote", "score")
    assert said.err.count("Nothing to do") == 3
    assert said.code == 0


def test_a_refusal_is_told_once(call, tmp_path):
    (tmp_path / "bad.csv").write_text("a;b\n")
    said = call("land", str(tmp_path / "bad.csv"))
    assert (said.code, said.err.count("separated by semicolons")) == (3, 1)
