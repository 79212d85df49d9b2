"""Which files hold a number, such as an id that was erased."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def holding(folder: Path, number: int) -> set[str]:
    """The files that hold a number: as text or eight bytes, as they lie, unpacked, or in a column of Parquet."""
    found = set()
    for path in (each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        pieces = [content, *([gzip.decompress(content)] if content[:2] == b"\x1f\x8b" else [])]
        if content[:4] == b"PAR1":
            pieces += parquet_pieces(path)
        if any(is_number_in(piece, number) for piece in pieces):
            found.add(path.relative_to(folder).as_posix())
    return found


def parquet_pieces(path: Path) -> Iterator[bytes]:
    file = pq.ParquetFile(path)
    yield repr((file.metadata.to_dict(), file.metadata.metadata)).encode()
    for name in file.schema_arrow.names:
        yield "\n".join(map(str, file.read(columns=[name]).column(0).to_pylist())).encode()


def is_number_in(content: bytes, number: int) -> bool:
    """Whether bytes hold a number; the same digits as a part of a longer or below zero are another one."""
    text = str(number).encode()
    for other in (f"{number}1", f"-{number}"):
        content = content.replace(other.encode(), b"")
    return text in content or any(number.to_bytes(8, order, signed=True) in content for order in ("little", "big"))
