"""ml.spark_process — work for Apache Spark in a process of its own, whatever engine this process uses.

In one process pyspark's functions speak either to Apache Spark or to the embedded engine, never to both.

The child reads its request from stdin, pickled, and works while stdin is open: it ends when its parent wants it to or
dies. It answers by JSON, one object a line: `say` and `jvm_pid` any number of times, at last `answer` or `error`. What
else it prints, its libraries' warnings too, goes to a log.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from lakehouse import error_messages
from lakehouse.engine import properties
from lakehouse.errors import Exit, LakehouseError
from lakehouse.runs import lock
from lakehouse.settings import PROJECT, Settings, environment

Say: TypeAlias = Callable[[str], None]
Tell: TypeAlias = Callable[..., None]

GRACE_SECONDS = 3  # for a child to take back what it has begun


def call(module: str, settings: Settings, request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Let a module that calls `serve` work in a child, which holds no lock: the lake's stays with this process.

    Args:
        module: the name of the module, run as a program.
        settings: the lake; its folder `logs` gets the child's log, its lock the note of the JVM.
        request: the further arguments of what the module serves.
        say: receives the child's lines.

    Returns:
        The child's answer.

    Raises:
        LakehouseError: that of the child; or the child died without a word.
    """
    log = settings.lake_path / "logs" / f"{module}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", module]  # -P: no module of the current folder takes the place of ours
    with log.open("wb") as errors:
        child = subprocess.Popen(
            command, env=child_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
    assert child.stdin and child.stdout
    try:
        with suppress(BrokenPipeError):  # it died at once; how, it is asked below
            child.stdin.write(pickle.dumps((settings, request)))
            child.stdin.flush()
        for line in child.stdout:
            match json.loads(line):
                case {"say": text}:
                    say(text)
                case {"jvm_pid": pid}:
                    lock.note_jvm(settings, pid)
                case {"answer": answer}:
                    return dict(answer)
                case {"error": [message, remedy, code]}:
                    raise LakehouseError(message, remedy, Exit(code))
    finally:
        _end(child)
    raise _died(module, child.returncode, log)


def child_environment() -> dict[str, str]:
    """Return this process's environment without what leads pyspark to the embedded engine."""
    kept = properties.without_embedded(environment())
    paths = [str(PROJECT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


def serve(work: Callable[..., dict[str, Any]]) -> None:
    """Be the child: do what the parent asks for, and tell how it ended.

    Args:
        work: is called with the settings, a function that sends a message, and the request's arguments by name; returns
            the answer, which JSON can hold.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a terminal interrupts both; the parent ends its child
    signal.signal(signal.SIGTERM, _unwind)
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    settings, request = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(**message: Any) -> None:
        print(json.dumps(message), file=messages, flush=True)

    try:
        answer = work(settings, tell, **request)
    except Exception as error:
        known = error_messages.explain(error, settings)
        ending: dict[str, Any] = {"error": [known.message, known.remedy, known.code]}
    else:
        ending = {"answer": answer}
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing is left to take back
    tell(**ending)


def _unwind(*_: object) -> None:
    raise SystemExit(1)


def _end_with_parent() -> None:
    """Wait until the parent closes stdin or dies; then let the main thread clean up, but not for long."""
    os.read(0, 1)  # not by sys.stdin, whose lock the end of the interpreter wants
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin and child.stdout
    with suppress(BrokenPipeError):
        child.stdin.close()
    try:
        child.wait(GRACE_SECONDS + 1)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def _died(module: str, code: int, log: Path) -> LakehouseError:
    how = f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    message = f"A process of its own ({module}) {how} in the middle of its work."
    remedy = f"repeat the command; its last words are in {log}"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT if code < 0 else Exit.FAILED)
