"""lakehouse.processes — which processes of this machine live; on Linux and macOS alike."""

import psutil

CLOCK_SECONDS = 2.0  # two looks at one process's start differ by less


def is_running(pid: int) -> bool:
    """Say whether a process lives; one that ended and that nobody has asked for yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False


def is_java(pid: int) -> bool:
    """Say whether a process is a JVM that lives."""
    try:
        return is_running(pid) and psutil.Process(pid).name().startswith("java")
    except psutil.Error:
        return False


def started_at(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970, or None if it is gone: with its id it names it for good."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def is_same(pid: int, start: float | None) -> bool:
    """Say whether the process of an id is still the one that began at an instant; unknown instants match."""
    now = started_at(pid)
    return now is not None and (start is None or abs(now - start) < CLOCK_SECONDS)
