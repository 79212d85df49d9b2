"""engine.loopback — close a port of this process once its own connection stands.

Every user of a machine sees every port that listens on its loopback. A socket filter on the listener drops each further
attempt to connect; it needs no privilege, and the accept loop behind it sleeps on.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil

from lakehouse.errors import Exit, LakehouseError

SO_ATTACH_FILTER = 26
RETURN_NOTHING = 0x06  # BPF: `ret 0`, which keeps no byte of a packet


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def can_close() -> bool:
    """Say whether this platform offers a way."""
    return sys.platform == "linux"


def close(host: str, port: int) -> None:
    """Let nobody connect with a port on which this process listens any more, and see that nobody else has.

    Raises:
        LakehouseError: the listener was not found, or another connection came first (exit code 4).
    """
    if not can_close():
        return
    listeners = list(_listeners(host, port))
    if not listeners:
        raise _refusal(f"The engine's port {port} could not be closed to other users of this machine.")
    instruction = _Instruction(RETURN_NOTHING, 0, 0, 0)
    program = _Program(1, ctypes.pointer(instruction))
    for listener in listeners:
        with listener:
            listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(program))
    connections = [each for each in psutil.Process().net_connections("tcp") if each.laddr == (host, port)]
    if sum(each.status == psutil.CONN_ESTABLISHED for each in connections) != 1:
        raise _refusal(f"Somebody else connected with the engine's port {port} before it was closed.")


def _listeners(host: str, port: int) -> Iterator[socket.socket]:
    """Yield the sockets of this process that listen there; closing one of them leaves its original open."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found = socket.socket(fileno=os.dup(int(name)))
                is_listening = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if is_listening and found.getsockname()[:2] == (host, port):
                    yield found
                else:
                    found.close()


def _refusal(message: str) -> LakehouseError:
    return LakehouseError(message, 'repeat the command, or use LAKEHOUSE_ENGINE__NAME="spark"', Exit.ENVIRONMENT)
