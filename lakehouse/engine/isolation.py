"""engine.isolation — what the operating system takes from a process that runs somebody else's queries.

On Linux: every file system becomes read-only but one folder, there is no network but a loopback of its own, and no
privilege is left to undo it. Namespaces do it, as root or where an ordinary user may have one of its own. What cannot
be had is told and left out: it is the last of several layers.
"""

import ctypes
import fcntl
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from lakehouse.settings import environment

NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000  # linux/sched.h
PRIVATE, BIND = 0x4000 | 0x44000, 0x1000  # linux/mount.h: a tree of its own; a folder mounted on itself
MOUNT_SETATTR, HERE, RECURSIVE, READ_ONLY = 442, -100, 0x8000, 0x1
GET_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 0x1  # of a network interface
DROP_BOUND, NO_NEW_PRIVILEGES = 24, 38
CAPABILITIES, READ_ANY_FILE, CAPABILITY_VERSION = 64, 2, 0x20080522
LARGEST_FILE = 2 << 30  # bytes; what a query spills

WRITING, NETWORK = "writing files", "the network"
MODULE = "lakehouse.engine.isolation"


def isolate(writable: Path, keep_network: bool) -> list[str]:
    """Take from this process, and those that it starts, what a query needs not; call it before any thread starts.

    Args:
        writable: the one folder in which files can be written afterwards.
        keep_network: whether tables lie on another machine.

    Returns:
        What could not be taken away: `WRITING`, `NETWORK`.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    if not sys.platform.startswith("linux"):
        return [WRITING, *([] if keep_network else [NETWORK])]
    left = []
    if not _enter(NEW_MOUNTS | (0 if keep_network else NEW_NETWORK)):
        left = [WRITING, *([] if keep_network else [NETWORK])]
    else:
        if not keep_network:
            _raise_loopback()
        if not _close_file_systems(writable):
            left = [WRITING]
    _drop_privileges()
    return left


def missing() -> list[str]:
    """Return what this platform does not let be taken away, found out by a process that tries it."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-P", "-m", MODULE, scratch]
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            done = subprocess.run(command, env=environment() | paths, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):  # this user may not even start Python once more
            return [WRITING, NETWORK]
    return list(json.loads(done.stdout))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _enter(namespaces: int) -> bool:
    if os.geteuid() == 0 and _libc().unshare(namespaces) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(namespaces | NEW_USER) != 0:
        return False
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(text)
    except OSError:
        return False
    return True


def _raise_loopback() -> None:
    """Bring up the loopback, by which this process speaks with its JVM."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        _, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, GET_FLAGS, asked))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14x", b"lo", flags | IS_UP))


def _close_file_systems(writable: Path) -> bool:
    libc, folder = _libc(), os.fsencode(writable)
    steps: list[Callable[[], int]] = [
        lambda: int(libc.mount(b"none", b"/", None, PRIVATE, None)),
        lambda: int(libc.mount(folder, folder, None, BIND, None)),
        lambda: _set_mount(libc, b"/", RECURSIVE, set_=READ_ONLY),
        lambda: _set_mount(libc, folder, 0, clear=READ_ONLY),
    ]
    return all(step() == 0 for step in steps)


def _set_mount(libc: ctypes.CDLL, path: bytes, flags: int, set_: int = 0, clear: int = 0) -> int:
    attributes = struct.pack("QQQQ", set_, clear, 0, 0)
    return int(libc.syscall(MOUNT_SETATTR, HERE, path, flags, attributes, ctypes.c_size_t(len(attributes))))


def _drop_privileges() -> None:
    """Give up every capability, but for root that of reading any file: a lake may be another user's."""
    libc = _libc()
    is_root = os.geteuid() == 0
    for number in range(CAPABILITIES):
        if not (is_root and number == READ_ANY_FILE):
            libc.prctl(DROP_BOUND, number, 0, 0, 0)
    kept = 1 << READ_ANY_FILE if is_root else 0
    header, values = struct.pack("Ii", CAPABILITY_VERSION, 0), struct.pack("6I", kept, kept, 0, 0, 0, 0)
    libc.capset(header, values)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)


if __name__ == "__main__":
    print(json.dumps(isolate(Path(sys.argv[1]), keep_network=False)))
