"""ml.registry.ui — MLflow's own pages over the lake's store, on this machine only."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings, environment
from ml.registry import mlflow_store, versions

HOST = "127.0.0.1"
PATIENCE_SECONDS = 120


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve the pages until interrupted.

    Raises:
        LakehouseError: nothing was trained yet (2), the port is busy or the server does not start (4).
    """
    port = settings.mlflow.port
    if not versions.database(settings).is_file():
        raise LakehouseError("There is no training to look at yet.", "lakehouse ml train", Exit.USAGE)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            remedy = "LAKEHOUSE_MLFLOW__PORT=<another> lakehouse mlflow"
            raise LakehouseError(f"Port {port} of {HOST} is busy.", remedy, Exit.ENVIRONMENT) from error
    mlflow_store.connect(settings)
    # Ctrl-C too: native libraries leave it a handler behind which the waiting below would just go on.
    previous = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    log = settings.lake_path / "logs" / "mlflow.log"
    with private.open_log(settings, log.name) as file:
        server = subprocess.Popen(
            command(settings),
            env=environment() | mlflow_store.QUIET,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its workers end with it, whoever is interrupted
        )
    try:
        _wait_until_ready(server, port, str(log))
        say(f"MLflow is at http://{HOST}:{port} – Ctrl-C ends it.")
        server.wait()
        raise LakehouseError("The MLflow server ended by itself.", f"its log is {log}", Exit.ENVIRONMENT)
    except KeyboardInterrupt:
        say("MLflow has ended.")
    finally:
        _end(server)
        for number, handler in previous.items():
            signal.signal(number, handler)


def command(settings: Settings) -> list[str]:
    """Return the command line of the server: one worker, this machine's names only."""
    names = [f"{name}:{settings.mlflow.port}" for name in (HOST, "localhost")]
    options = {
        "--backend-store-uri": mlflow_store.uri(settings),
        "--default-artifact-root": versions.artifacts(settings).as_uri(),
        "--host": HOST,
        "--port": str(settings.mlflow.port),
        "--workers": "1",
        "--allowed-hosts": ",".join(names),
        "--cors-allowed-origins": ",".join(f"http://{name}" for name in names),
        "--x-frame-options": "DENY",
    }
    return [sys.executable, "-m", "mlflow", "server", *[text for pair in options.items() for text in pair]]


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"http://{HOST}:{port}/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise LakehouseError("The MLflow server did not start.", f"its log is {log}", Exit.ENVIRONMENT)


def _end(server: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, sign)
            server.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
