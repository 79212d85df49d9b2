"""The sample's files: official in form, the same for a seed, with faults where they are asked for."""

import hashlib

import duckdb
import pytest

from bronze.sample import FILES, write
from bronze.sample.faults import EVENT_FAULTS, UNKNOWN_CATEGORY, UNKNOWN_ITEM


def test_the_files_have_the_official_names_and_headers(folder):
    headers = {path.name: path.read_text().split("\n", 1)[0] for path in folder.iterdir()}
    assert headers == {
        "events.csv": "timestamp,visitorid,event,itemid,transactionid",
        "item_properties_part1.csv": "timestamp,itemid,property,value",
        "item_properties_part2.csv": "timestamp,itemid,property,value",
        "category_tree.csv": "categoryid,parentid",
    }


def test_the_paths_of_the_four_files_are_returned(tmp_path):
    assert write(tmp_path / "new" / "folder", 0.001, 1, 0) == [tmp_path / "new" / "folder" / name for name in FILES]


def test_every_line_is_in_the_official_text_format(folder):
    patterns = {
        "events.csv": r"\d{13},\d+,((view|addtocart),\d+,|transaction,\d+,\d+)",
        "item_properties_part1.csv": r"\d{13},\d+,(categoryid|available|\d+),n?\d[n\d. ]*",
        "category_tree.csv": r"\d+,\d*",
    }
    for name, pattern in patterns.items():
        lines = f"read_csv('{folder / name}', columns = {{'line': 'VARCHAR'}}, delim = '\t', quote = '', header = true)"
        count, odd = duckdb.execute(
            f"SELECT count(*), count(*) FILTER (NOT regexp_full_match(line, '{pattern}')) FROM {lines}"
        ).fetchone()
        assert count > 1_000
        assert odd == 0, name


def test_no_file_of_rows_is_sorted(shop):
    for table, column in (("raw", "timestamp"), ("properties", "occurred_at"), ("properties", "item"), ("tree", "id")):
        (share,) = shop.row(
            f"SELECT avg(({column} < later)::INT) FROM (SELECT {column}, lead({column}) OVER () AS later FROM {table})"
        )
        assert 0.3 < share < 0.7, (table, column)


def digests(folder):
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, 0.05, 3, 0.01)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_other_bytes_in_every_file(tmp_path):
    for seed in (1, 2):
        write(tmp_path / str(seed), 0.001, seed, 0)
    assert not set(digests(tmp_path / "1")) & set(digests(tmp_path / "2"))


@pytest.mark.parametrize(
    "scale, seed, faults", [(0, 1, 0), (-1, 1, 0), (float("nan"), 1, 0), (1, 1, -0.1), (1, 1, 1.1), (1, -1, 0)]
)
def test_an_argument_out_of_range_is_refused_in_a_sentence(tmp_path, scale, seed, faults):
    with pytest.raises(ValueError, match=r"must be .*; it is "):
        write(tmp_path, scale, seed, faults)
    assert not any(tmp_path.iterdir())


def test_a_run_that_fails_leaves_no_file_and_spares_the_old_ones(tmp_path):
    (tmp_path / "events.csv").write_text("old")

    def stop(_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write(tmp_path, 0.001, 1, 0, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["events.csv"]
    assert (tmp_path / "events.csv").read_text() == "old"


@pytest.mark.parametrize("scale", [0.000_001, 0.001])
def test_a_tiny_shop_is_complete(tmp_path, scale):
    paths = write(tmp_path, scale, 1, 0)
    assert all(path.read_text().count("\n") >= 2 for path in paths)
    assert (tmp_path / "category_tree.csv").read_text().count("\n") == 1 + 1_669


def test_a_few_exact_duplicates_are_natural(shop):
    extra, carts = shop.row("""
        SELECT sum(size - 1), sum(size - 1) FILTER (event = 'addtocart')
        FROM (SELECT event, count(*) AS size FROM raw GROUP BY timestamp, visitorid, event, itemid, transactionid)
    """)
    assert 8 <= extra <= 45  # 460 at scale 1
    assert carts > extra / 2


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """Lines of the same shop: without faults, and with one fault for ten sound rows."""
    folder = tmp_path_factory.mktemp("faults")
    for faults in (0, 0.1):
        write(folder / str(faults), 0.005, 5, faults)
    return {
        name: tuple((folder / faults / name).read_text().splitlines() for faults in ("0", "0.1"))
        for name in ("events.csv", "item_properties_part1.csv")
    }


def test_faults_add_their_share_of_event_lines_and_take_none_away(lines):
    sound, faulty = lines["events.csv"]
    assert len(faulty) / len(sound) == pytest.approx(1.1, abs=0.01)
    assert set(sound) <= set(faulty)


@pytest.mark.parametrize(
    "fault",
    [
        r"not-a-time,.*", r"1e12,.*", r"915148800000,.*", r"253402214400000,.*", r",\d+,.*", r"\d+,\+1,.*", r"\d+,,.*",
        r"\d+,\d+,\w+-\d+,.*", r"\d+,\d+,,.*", r"\d+,\d+,\w+,9223372036854775808,.*", r"\d+,\d+,\w+,,.*",
        r"\d+,\d+,transaction,\d+,", r"\d+,\d+,view,\d+,1", r"\d+,\d+,\w+", r"(.*,){6}.*", rf".*,view,{UNKNOWN_ITEM},",
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_planted_in_the_events_and_only_when_asked(lines, fault):
    sound, faulty = lines["events.csv"]
    matches = duckdb.execute(
        "SELECT count(*) FROM unnest($1) AS t(line) WHERE regexp_full_match(line, $2)", [faulty, fault]
    )
    expected = 0.1 * len(sound) / len(EVENT_FAULTS)
    assert matches.fetchone()[0] == pytest.approx(expected, rel=0.5)
    matches = duckdb.execute(
        "SELECT count(*) FROM unnest($1) AS t(line) WHERE regexp_full_match(line, $2)", [sound, fault]
    )
    assert matches.fetchone()[0] == 0


def test_a_few_faults_are_planted_in_the_properties(lines):
    sound, faulty = lines["item_properties_part1.csv"]
    assert len(faulty) / len(sound) == pytest.approx(1.01, abs=0.003)
    for fault in ("not-a-time,", ",,", f",categoryid,{UNKNOWN_CATEGORY}", ",extra"):
        assert any(fault in line for line in faulty), fault
        assert not any(fault in line for line in sound), fault
