"""Where a command is called: odd names, terminals without UTF-8, users without a name, a home or rights."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT

EVENTS = "timestamp,visitorid,event,itemid,transactionid\n1433160000000,1,view,7,\n1433160000000,2,view,7,\n"
STRANGER = 12345  # a user id that nobody has given a name
POWERS = "-dac_override,-dac_read_search"  # by which root reads whatever it likes
WITHOUT_POWERS = ("setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}") if os.getuid() == 0 else ()
AS_STRANGER = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups")


def lakehouse(
    lake: Path | str, *arguments: str, user: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Call the command in an environment that holds nothing else."""
    environ = {"LAKEHOUSE_LAKE": str(lake), "LAKEHOUSE_ENV": "test", "PYTHONPATH": str(PROJECT), **variables}
    command = [*user, sys.executable, "-m", "lakehouse.cli", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, timeout=300, cwd="/")


@pytest.fixture
def events(tmp_path: Path) -> str:
    (tmp_path / "events.csv").write_text(EVENTS)
    return str(tmp_path / "events.csv")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user may enter and fill, with a file of events; skip where nobody else can be."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    (folder / "events.csv").write_text(EVENTS)
    try:
        done = subprocess.run([*AS_STRANGER, sys.executable, "-c", ""], capture_output=True, text=True, cwd="/")
        if done.returncode:
            pytest.skip(f"another user cannot run Python here: {done.stderr.strip()}")
        yield folder
    except FileNotFoundError:
        pytest.skip("there is no setpriv")
    finally:
        shutil.rmtree(folder)


TERMINALS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ASCII": {"PYTHONIOENCODING": "ascii:strict"},
    "the C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("terminal", TERMINALS)
def test_no_command_dies_of_a_character_that_the_terminal_lacks(tmp_path, events, terminal):
    named = TERMINALS[terminal] | {"LAKEHOUSE_MODEL__NAME": "purchase→intent"}
    done = lakehouse(tmp_path / "lake", "land", events, "then", "run", "then", "status", "then", "config", **named)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"Tables" in done.stdout
    refused = lakehouse(tmp_path / "lake", "land", "nö.csv", **TERMINALS[terminal])
    assert (refused.returncode, b"Traceback" in refused.stderr) == (2, False)


def test_a_lake_in_a_folder_of_an_odd_name_is_built(tmp_path, events):
    lake = tmp_path / "Läke 日本 a'b$d&e;f`g~h!(i)=j+k@l,m<n>:o "
    done = lakehouse(lake, "land", events, "then", "run", "then", "show", "silver.sessions", "--json")
    assert done.returncode == 0, done.stderr.decode()
    assert b'"visitor_id": 2' in done.stdout


UNUSABLE = ["|", "^", "\\", "#", "%", "?", "*", "[", "]", "{", "}", '"', "\t", "\n", "\x7f", "\udcff"]


@pytest.mark.parametrize("odd", UNUSABLE, ids=ascii)
def test_a_lake_that_no_table_could_be_written_to_is_refused_before_a_file_lands(
    tmp_path, events, odd, call, monkeypatch
):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(tmp_path / f"a{odd}b"))
    for command in (("land", events), ("run",), ("sample",)):
        said = call(*command)
        shown = odd if odd.isprintable() else ascii(odd)[1:-1]
        assert f" holds {shown}, which Delta cannot read.\n  → LAKEHOUSE_LAKE=" in said.err
        assert said.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["events.csv"]


def test_a_lake_whose_name_is_no_text_is_refused_by_the_process_too(tmp_path, events):
    done = lakehouse(tmp_path / "a\udcffb", "land", events)
    assert b" holds \\udcff, which Delta cannot read.\n  \xe2\x86\x92 LAKEHOUSE_LAKE=" in done.stderr
    assert done.returncode == 2


def test_a_current_folder_of_an_unusable_name_is_refused_too(tmp_path, events):
    (tmp_path / "a#b").mkdir()
    environ = {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "lakehouse.cli", "land", events]
    done = subprocess.run(command, env=environ, cwd=tmp_path / "a#b", capture_output=True, text=True)
    assert (done.returncode, "holds #" in done.stderr) == (2, True)


def test_a_user_without_name_and_home_builds_a_lake(public):
    done = lakehouse(public / "lake", "land", f"{public}/events.csv", "then", "run", "then", "status", user=AS_STRANGER)
    assert done.returncode == 0, done.stderr.decode()
    assert (public / "lake").stat().st_uid == STRANGER


def test_a_home_that_cannot_be_used_lets_the_cache_lie_in_the_lake(public):
    (public / "closed").mkdir(mode=0o500)
    (public / "open").mkdir()
    (public / "open").chmod(0o777)
    places = {"closed": public / "lake" / ".cache", "gone": public / "lake" / ".cache", "open": public / "open/.cache"}
    for name, place in places.items():
        done = lakehouse(public / "lake", "doctor", "--json", user=AS_STRANGER, HOME=str(public / name))
        (jars,) = [each for each in json.loads(done.stdout) if each["name"] == "JARs"]
        assert jars["found"].startswith(f"{place}/")


def test_a_home_that_a_setting_names_and_that_nobody_has_is_told(tmp_path):
    done = lakehouse("~nobody-of-this-name/lake", "status")
    assert "✗ lake.path = ~nobody-of-this-name/lake starts at a home folder, and" in done.stderr.decode()
    assert done.returncode == 2


@pytest.mark.parametrize("is_summed_up", [False, True])  # then the entry is read only by who asks for the past
def test_a_log_that_this_user_may_not_read_is_no_damaged_one(run_once, is_summed_up):
    delta = run_once.store.delta("gold.funnel")
    if is_summed_up:
        delta.create_checkpoint()
    entry = Path(run_once.store.uri("gold.funnel"), "_delta_log", f"{delta.version():020d}.json")
    entry.chmod(0)
    done = lakehouse(run_once.settings.lake_path, "history", "gold.funnel", user=WITHOUT_POWERS)
    told = done.stderr.decode()
    assert f"{entry} cannot be read or written: it is read-only, or belongs to another user." in told
    assert (done.returncode, "rm -r" in told, "damaged" in told) == (4, False, False)


def test_a_folder_for_temporary_files_that_is_full_holds_nothing_up(tmp_path, events):
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,noexec", "tmpfs", full], capture_output=True)
    if mounted.returncode:
        pytest.skip("this process may not mount")
    try:
        with suppress(OSError):
            (full / "ballast").write_bytes(b"0" * 8192)
        done = lakehouse(tmp_path / "lake", "land", events, "then", "run", TMPDIR=str(full))
    finally:
        subprocess.run(["umount", "--lazy", full], check=True)
    assert done.returncode == 0, done.stderr.decode()


def test_a_lake_is_closed_to_other_users_from_its_first_file_on(tmp_path, events):
    assert lakehouse(tmp_path / "lake", "land", events).returncode == 0
    assert stat.S_IMODE((tmp_path / "lake").stat().st_mode) == 0o700


PROPERTIES = '{"spark.hadoop.fs.s3a.secret.key" = "hunter2", "spark.hadoop.fs.s3a.endpoint" = "http://store"}'


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_config_masks_secrets_and_shows_the_rest(call, monkeypatch, form):
    monkeypatch.setenv("LAKEHOUSE_SPARK__CONF", PROPERTIES)
    shown = call("config", *form).out
    assert ("hunter2" in shown, "http://store" in shown, "***" in shown) == (False, True, True)


def test_secrets_are_on_no_command_line_and_in_no_log(tmp_path):
    program = """
import psutil
from lakehouse import settings
from lakehouse.engine import session
engine = session.start(settings.load())
print(engine.spark.sparkContext.getConf().get("spark.hadoop.fs.s3a.secret.key"))
print(engine.spark.sparkContext._jvm.java.lang.System.getProperty("store.password"))
print(psutil.Process(engine.jvm_process_id).cmdline())
session.stop()
"""
    environ = {
        "HOME": str(Path.home()),
        "PATH": os.environ["PATH"],
        "LAKEHOUSE_ENV": "test",
        "LAKEHOUSE_LAKE": str(tmp_path / "lake"),
        "LAKEHOUSE_ENGINE__NAME": "spark",
        "LAKEHOUSE_SPARK__CONF": PROPERTIES.replace("}", ', "spark.executor.extraJavaOptions" = "-Dpassword=hunter3"}'),
        "LAKEHOUSE_SPARK__JAVA_OPTIONS": """-Dshown=1 "-Dstore.password=hunter4 'and \\\\ more'" """,
    }
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environ, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    secret, option, command_line = done.stdout.splitlines()
    assert (secret, option) == ("hunter2", "hunter4 'and \\ more'"), done.stderr
    assert ("http://store" in command_line, "-Dshown=1" in command_line, "hunter" in command_line) == (
        True,
        True,
        False,
    )
    log = tmp_path / "lake" / "logs" / "spark.log"
    assert (stat.S_IMODE(log.stat().st_mode), b"hunter" in log.read_bytes()) == (0o600, False)
