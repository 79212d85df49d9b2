"""engine.loopback — close a port of this process once its own connection stands.

Every user of a machine sees every port that listens on its loopback. So the listening socket is closed behind its
owner's back, by putting an idle one into its place: the accept loop sleeps on, and whoever comes is refused. It needs
no privilege; a socket filter does on newer kernels.
"""

import os
import socket

import psutil

from lakehouse.errors import Exit, LakehouseError


def can_close() -> bool:
    """Say whether this platform offers a way: it has descriptors that can be replaced."""
    return os.name == "posix"


def close(host: str, port: int) -> None:
    """Let nobody connect with a port on which this process listens any more, and see that nobody else has.

    Raises:
        LakehouseError: the listener was not found, or another connection came first (exit code 4).
    """
    if not can_close():
        return
    connections = [each for each in psutil.Process().net_connections("tcp") if each.laddr == (host, port)]
    listeners = [each.fd for each in connections if each.status == psutil.CONN_LISTEN]
    if not listeners:
        raise _refusal(f"The engine's port {port} could not be closed to other users of this machine.")
    with socket.socket() as idle:
        for listener in listeners:
            os.dup2(idle.fileno(), listener, inheritable=False)
    connections = [each for each in psutil.Process().net_connections("tcp") if each.laddr == (host, port)]
    if sum(each.status == psutil.CONN_ESTABLISHED for each in connections) != 1:
        raise _refusal(f"Somebody else connected with the engine's port {port} before it was closed.")


def _refusal(message: str) -> LakehouseError:
    return LakehouseError(message, 'repeat the command, or use LAKEHOUSE_ENGINE__NAME="spark"', Exit.ENVIRONMENT)
