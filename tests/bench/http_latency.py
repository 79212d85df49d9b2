"""How long a score and a recommendation take over HTTP, at requests that come whether or not the last was answered.

    python -m tests.bench.http_latency [--lake DIR] [--rate 200] [--seconds 60] [--doors at-once score recommendations loading]

A site is started over a lake of the scale, which is landed, run and trained unless one is named; it is written to, so name
a copy. A client
with connections of its own, on another core than the site, sends requests at random instants, so many a second in the
mean, and measures each from the instant at which it was due: a client that waited would not see what those behind a
slow answer wait. `loading` asks for both while the site loads a publication anew, which a further row of the ledger
makes it do. `at-once` asks a peer in the site's place that answers each request with the same bytes: what it takes is
the client's and the machine's. It ends with exit code 1 if the 99th percentile of the site exceeds 5 ms, or 50 ms while
a publication is loaded.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from lakehouse.lake import Lake, open_lake
from lakehouse.storage.ledger import now
from ml.recommend import serving

from ..app.conftest import start
from ..conftest import settings_of
from .measuring import arguments, machine, site_lake

LIMIT_MS, LIMIT_LOADING_MS = 5.0, 50.0
CONNECTIONS = 16
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SEED = 7
NOON = 1_442_505_600_000  # 2015-09-17 16:00 UTC


def main() -> int:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--lake", type=Path, help="a lake that a model serves; one of the scale is made unless given")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--doors", nargs="+", default=["at-once", "score", "recommendations", "loading"])
    parser.add_argument("--address", help="of a site that serves the lake already; one is started unless given")
    options = parser.parse_args()
    print(machine())
    folder = (options.lake or site_lake(options.folder.absolute(), options.scale)).absolute()
    lake = open_lake(settings_of(folder))
    requests, worst = asked(lake), 0.0
    process, address = (None, options.address) if options.address else start(folder)
    port = int(address.rpartition(":")[2])
    site = psutil.Process(process.pid if process else serves(port))
    stay(site.pid, 0)
    stay(os.getpid(), 1)
    try:
        if process:
            wait(port)
        if "at-once" in options.doors:
            taken, _ = asyncio.run(peer(requests["score"], options.rate, options.seconds))
            print(f"{'at-once':<16} {told(taken)}", flush=True)
        for door in (each for each in options.doors if each != "at-once"):
            chosen = requests[door] if door in requests else [each for both in requests.values() for each in both]
            if door == "loading":
                publish_again(lake)
            before = sum(site.cpu_times()[:2])
            taken, failed = asyncio.run(send(port, chosen, options.rate, options.seconds))
            busy = 1000 * (sum(site.cpu_times()[:2]) - before) / len(taken)
            worst = max(worst, percentile(taken, 99) / (LIMIT_LOADING_MS if door == "loading" else LIMIT_MS))
            print(
                f"{door:<16} {told(taken)}; {failed} without an answer; the site's processor {busy:.2f} ms each",
                flush=True,
            )
        print(f"memory of the site {site.memory_info().rss / 2**20:.0f} MiB")
    finally:
        if process:
            process.terminate()
            process.wait(timeout=10)
    return int(worst > 1)


def stay(process_id: int, core: int) -> None:
    """Let the thread that a process began with stay on a core, where the system lets choose between two."""
    if len(CORES) > 1:
        os.sched_setaffinity(process_id, CORES[core : core + 1])


def serves(port: int) -> int:
    """Return the process that listens at a port."""
    found = (each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN)
    return next(each.pid for each in found if each.laddr.port == port)


def asked(lake: Lake) -> dict[str, list[bytes]]:
    """Return requests of each door, drawn from the lake's items and visitors."""
    held, rng = serving.load(lake), random.Random(SEED)
    visits = [each for each, _ in zip(held.last_visits, range(5000), strict=False)]
    found: dict[str, list[bytes]] = {"score": [], "recommendations": []}
    for visit in visits:
        events = [
            {"kind": "view", "at": NOON + 60_000 * place, "item_id": item} for place, item in enumerate(visit[:10])
        ]
        visitor = int(held.last_visits.visitors[rng.randrange(len(held.last_visits))])
        body = json.dumps({"visits": [{"visitor_id": visitor, "events": events}]}).encode()
        head = f"POST /api/v1/score HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        found["score"].append(head.encode() + b"\r\n\r\n" + body)
        items = ",".join(str(item) for item in visit[-20:])
        way = rng.choice([f"items={items}", f"item={visit[-1]}", f"visitor={visitor}"])
        found["recommendations"].append(f"GET /api/v1/recommendations?{way} HTTP/1.1\r\nHost: HOST\r\n\r\n".encode())
    return found


async def send(port: int, requests: list[bytes], rate: float, seconds: float) -> tuple[list[float], int]:
    """Send requests at random instants; return the milliseconds of each in order, and how many had no answer."""
    rng, free = random.Random(SEED), asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    taken: list[float] = []
    failed = 0

    async def one(request: bytes, due: float) -> None:
        nonlocal failed
        reader, writer = await free.get()
        writer.write(request.replace(b"HOST", f"127.0.0.1:{port}".encode()))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(length)
        failed += not head.startswith(b"HTTP/1.1 200")
        taken.append(1000 * (time.perf_counter() - due))
        free.put_nowait((reader, writer))

    begun = due = time.perf_counter()
    tasks = []
    for request in shuffled(requests, rng):
        due += rng.expovariate(rate)
        if due > begun + seconds:
            break
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait()[1].close()
    return sorted(taken), failed


async def peer(requests: list[bytes], rate: float, seconds: float) -> tuple[list[float], int]:
    """Send requests to a process that answers at once."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=answer_at_once, args=(theirs,), daemon=True)
    process.start()
    stay(process.pid, 0)
    try:
        return await send(ours.recv(), requests, rate, seconds)
    finally:
        process.terminate()


def answer_at_once(told: Connection) -> None:
    """Serve the same bytes to all who ask, from a port that is told."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")  # type: ignore[attr-defined]

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def percentile(taken: list[float], share: int) -> float:
    """Return what so many of a hundred took no longer than."""
    return taken[len(taken) * share // 100]


def told(taken: list[float]) -> str:
    """Return how long answers took, in words."""
    return (
        f"{len(taken):,} answers: p50 {percentile(taken, 50):.2f} ms, p99 {percentile(taken, 99):.2f} ms, longest "
        f"{taken[-1]:.1f} ms"
    )


def shuffled(requests: list[bytes], rng: random.Random) -> Iterator[bytes]:
    """Yield requests at random, without an end."""
    while True:
        yield rng.choice(requests)


def publish_again(lake: Lake) -> None:
    """Let one more run name the same rows, as versions that the site has not read."""
    run = lake.ledger.published()
    assert run is not None
    ids = {**run.ids, serving.NEIGHBOURS: f"{time.time()}"}
    lake.ledger.record(
        replace(run, run_id=f"{run.run_id}-{time.time():.0f}", started_at=now(), ended_at=now(), ids=ids)
    )


def wait(port: int) -> None:
    """Wait until the site has warmed up and serves recommendations."""

    async def status() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /api/v1/recommendations?item=1 HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return answer

    while b" 200 " not in asyncio.run(status()):
        time.sleep(0.5)
    time.sleep(12)  # what pages need comes into memory, once


if __name__ == "__main__":
    sys.exit(main())
