"""Another user of the machine, who finds ports and tries each; prints as JSON which of them answered a request of what kind.

Arguments: ports. It needs root, to stop being root once the libraries are loaded: other users may not read them.
"""

import json
import os
import socket
import struct
import sys
from collections.abc import Callable

import grpc
from py4j.java_gateway import GatewayParameters, JavaGateway
from py4j.protocol import Py4JError
from pyspark.sql.connect.proto import AnalyzePlanRequest, SparkConnectServiceStub

NOBODY = 65534
SECONDS = 10  # for a machine that has much to do
RPC_REQUEST, RPC_RESPONSE = 3, 4  # of Spark's wire format


def connects(port: int) -> bool:
    """Say whether a connection stands."""
    with socket.create_connection(("127.0.0.1", port), SECONDS):
        return True


def runs_frames(port: int) -> bool:
    """Ask a Spark Connect server, which Sail is one of, for its version."""
    request = AnalyzePlanRequest(session_id="00000000-0000-0000-0000-000000000001")
    request.spark_version.SetInParent()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return bool(SparkConnectServiceStub(channel).AnalyzePlan(request, timeout=SECONDS).spark_version.version)


def runs_java(port: int) -> bool:
    """Call a method by the gateway through which Python drives its JVM, without its secret."""
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, read_timeout=SECONDS))
    return bool(gateway.jvm.java.lang.System.nanoTime())


def serves_blocks(port: int) -> bool:
    """Ask Spark's block manager, in its own wire format and without a secret, for no blocks; it would say: here they are."""
    texts = [b"app", b"driver"]
    body = b"\0" + b"".join(struct.pack(">i", len(text)) + text for text in texts) + struct.pack(">i", 0)
    message = struct.pack(">bqi", RPC_REQUEST, 1, len(body)) + body
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(struct.pack(">q", len(message) + 8) + message)
        return connection.recv(9)[8:9] == bytes([RPC_RESPONSE])


def answers(ask: Callable[[int], bool], port: int) -> bool:
    """Say whether a port answers one kind of request."""
    try:
        return ask(port)
    except (OSError, grpc.RpcError, Py4JError):
        return False


if __name__ == "__main__":
    "127.0.0.1".encode("idna")  # loads what a first connection loads
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    kinds = [connects, runs_frames, runs_java, serves_blocks]
    print(json.dumps({kind.__name__: [p for p in map(int, sys.argv[1:]) if answers(kind, p)] for kind in kinds}))
