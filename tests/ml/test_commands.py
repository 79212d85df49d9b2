import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from lakehouse import private
from lakehouse.runs import lock
from lakehouse.settings import PROJECT
from ml import commands
from ml.registry import mlflow_store
from ml.serving.scorer import champion

PATIENCE = 120  # seconds until a process that should have gone on is given up


def start(lake, *arguments, start_new_session=False, **variables):
    return subprocess.Popen(
        [sys.executable, "-m", "lakehouse.cli", *arguments],
        env=os.environ | {"LAKEHOUSE_LAKE": str(lake), "PYTHONPATH": str(PROJECT)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("command", ["train", "score"])
def test_what_is_done_already_needs_no_java(trained_lake, command):
    process = start(trained_lake.settings.lake_path, "ml", command, "--json", JAVA_HOME="/nowhere", PATH="/nowhere")
    out, errors = process.communicate()
    assert (process.returncode, errors.count("Nothing to do")) == (0, 1)
    assert json.loads(out).get("run_id") is None


@pytest.fixture
def training(trained_lake) -> Iterator[subprocess.Popen[str]]:
    """`lakehouse ml train` as a terminal starts it, in a group of its own, at work in its JVM."""
    process = start(trained_lake.settings.lake_path, "ml", "train", "--force", start_new_session=True)
    end = time.monotonic() + PATIENCE
    while not (noted := lock.holder(trained_lake.settings)) or noted.jvm_pid is None:
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.1)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_an_interrupted_training_ends_within_five_seconds_and_leaves_no_process(training):
    os.killpg(training.pid, signal.SIGINT)  # as a terminal does: both processes get it
    began = time.monotonic()
    _, errors = training.communicate(timeout=PATIENCE)
    assert time.monotonic() < began + 5
    assert (training.returncode, errors.splitlines()[-1]) == (130, "Interrupted.")
    assert is_group_gone(training.pid)


def test_nothing_outlives_a_training_whose_process_alone_is_killed(training):
    training.kill()
    training.communicate(timeout=PATIENCE)
    assert is_group_gone(training.pid)


def is_group_gone(group: int, seconds: float = 10) -> bool:
    """Wait for the end of every process of a group, its JVM too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_the_summary_tells_the_champion_and_counts_its_predictions(trained_lake):
    section = commands.summary(trained_lake)
    version = trained_lake.ledger.published().versions["ml.predictions"]
    assert section.facts["predictions"] == trained_lake.store.rows("ml.predictions", version)
    assert section.facts["metrics"] == champion(trained_lake.settings).metrics


def test_the_summary_of_a_lake_without_a_model_names_the_next_command(lake):
    assert "lakehouse ml train" in "\n".join(commands.summary(lake).lines)


def test_mlflow_without_a_training_ends_with_a_sentence(tmp_path):
    process = start(tmp_path / "none", "mlflow")
    assert "lakehouse ml train" in process.communicate()[1]
    assert process.returncode == 2


def test_mlflow_on_a_busy_port_ends_with_a_sentence(trained_lake):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        process = start(trained_lake.settings.lake_path, "mlflow", LAKEHOUSE_MLFLOW__PORT=port)
        assert f"Port {port}" in process.communicate()[1]
    assert process.returncode == 4


def test_mlflow_shows_the_curves_to_this_machine_alone_and_ends_when_interrupted(trained_lake):
    settings, port = trained_lake.settings, free_port()
    client = mlflow_store.connect(settings).MlflowClient()
    run_id = client.get_model_version_by_alias(settings.model.name, "champion").run_id
    picture = f"http://127.0.0.1:{port}/get-artifact?path=roc.png&run_uuid={run_id}"
    log = settings.lake_path / "logs" / "mlflow.log"
    log.write_bytes(b"\n" * (private.MOST_BYTES + 1))
    process = start(settings.lake_path, "mlflow", LAKEHOUSE_MLFLOW__PORT=port)
    try:
        assert f"http://127.0.0.1:{port}" in process.stderr.readline()
        with urlopen(picture) as answer:
            assert answer.read(4) == b"\x89PNG"
        with pytest.raises(HTTPError, match="403"):
            urlopen(Request(picture, headers={"Host": "elsewhere.example"}))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    assert log.stat().st_size < private.MOST_BYTES < log.with_name("mlflow.log.1").stat().st_size
    with pytest.raises(OSError):
        urlopen(picture)
