"""batch.session_file — a CSV of visits or decision points, scored line by line without an engine.

It needs the brief's four columns; further inputs of the model are read, and all other columns are carried along.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from lakehouse.landing.first_line import FirstLine, require_distinct
from lakehouse.landing.preflight import Preflight, refusal, whole_lines
from ml.serving.batch.rejected import Rejected
from ml.serving.batch.session_rows import LABEL, Floats, broken_rules, complete, domain_of
from ml.serving.form import KNOWN
from ml.serving.scorer import Scorer

ANSWERS = ("probability", "is_flagged", "model_version")
TRUTHS = {"true": "1", "false": "0"}
TARGET = "purchase_intent"  # how the brief calls the label

Tell = Callable[[int], None]  # bytes read so far
Refused = tuple[int, str, str]  # number of a line, why, and its text


def require_columns(name: str, columns: Sequence[str]) -> None:
    """Refuse a header without the brief's four columns.

    Raises:
        LakehouseError: one of them is missing, or a column is named twice (exit code 3).
    """
    require_distinct(name, list(columns))
    missing = [each for each in KNOWN if each not in columns]
    if missing:
        what = f"has no column {' and no column '.join(missing)}, which the score of a visit needs"
        raise refusal(name, what, "score raw events (timestamp,visitorid,event,itemid,transactionid) or add them")


def score(
    name: str, source: BinaryIO, first: FirstLine, scorer: Scorer, rejected: Rejected, tell: Tell
) -> Iterator[pa.RecordBatch]:
    """Score the lines behind the header.

    Args:
        name: the file's own, for sentences.
        source: the file, behind its header.
        first: the header.
        scorer: the model.
        rejected: takes the lines that cannot be scored.
        tell: told how many bytes are done.

    Yields:
        The file's columns, and `probability`, `is_flagged` and `model_version`.

    Raises:
        LakehouseError: the file is none that can be read (exit code 3).
    """
    known = {each.name for each in scorer.inputs} | set(KNOWN) | {LABEL, TARGET}
    typed = [column for column in first.columns if column in known]
    preflight = Preflight(name, first.text, first.columns, typed)
    line = 2
    for piece in whole_lines(source):
        preflight.look(piece)
        odd: list[Refused] = []
        rows, numbers = _split(piece, first.columns, line, odd)
        scored = _score_rows(rows, numbers, typed, scorer, odd) if len(rows) else None
        for refused in sorted(odd):
            rejected.add(*refused)
        if scored is not None:
            yield scored
        line += piece.count(b"\n")
        tell(source.tell())


def _split(
    piece: bytes, columns: Sequence[str], line: int, odd: list[Refused]
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Split whole lines into texts; return the rows and the numbers of their lines. Blank lines are no rows."""
    passed: list[int] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        passed.append(row.number - 1)
        if row.text.strip():
            sentence = f"the line has {row.actual_columns} fields, its header {row.expected_columns}"
            odd.append((line + row.number - 1, sentence, row.text))
        return "skip"

    names = [str(place) for place in range(len(columns))]
    table = arrow_csv.read_csv(
        pa.BufferReader(piece),
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(piece) + 1),
        arrow_csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=set_aside),
        arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    places = np.delete(np.arange(len(table) + len(passed), dtype=np.int64), passed)
    if b"\n\n" in piece or b"\n\r\n" in piece or piece.startswith((b"\n", b"\r\n")):
        texts = piece.split(b"\n")
        kept = np.flatnonzero([bool(texts[place].strip()) for place in places])
        table, places = table.take(kept), places[kept]
    return table.rename_columns(list(columns)), places + line


def _score_rows(
    rows: pa.Table, lines: npt.NDArray[np.int64], typed: Sequence[str], scorer: Scorer, odd: list[Refused]
) -> pa.RecordBatch | None:
    is_bad = np.zeros(len(rows), dtype=bool)
    given: dict[str, Floats] = {}
    reasons: dict[str, npt.NDArray[np.bool_]] = {}
    for name in typed:
        given[name], is_text = _numbers(rows[name])
        if is_text.any():
            reasons[f"{name} is not a number"] = is_text
            is_bad |= is_text
    if TARGET in given:
        given.setdefault(LABEL, given[TARGET])
    is_readable = ~is_bad
    for sentence, is_broken in broken_rules(given, scorer).items():
        reasons[sentence] = is_broken & is_readable
        is_bad |= is_broken
    if is_bad.any():
        places = np.flatnonzero(is_bad)
        texts = [",".join(cells.values()) for cells in rows.take(places).to_pylist()]
        for place, text in zip(places, texts, strict=True):
            broken = [sentence for sentence, is_broken in reasons.items() if is_broken[place]]
            odd.append((int(lines[place]), "; ".join(broken), text))
        kept = np.flatnonzero(~is_bad)
        rows, given = rows.take(kept), {name: values[kept] for name, values in given.items()}
    return answered(rows, given, scorer) if len(rows) else None


def answered(rows: pa.Table, given: dict[str, Floats], scorer: Scorer) -> pa.RecordBatch:
    """Return rows with the model's answers behind them; what they held under those names gives way."""
    probability = scorer.score(pd.DataFrame(complete(given, scorer), copy=False))
    columns = {name: rows[name].combine_chunks() for name in rows.column_names if name not in ANSWERS}
    columns |= {name: _typed(name, values) for name, values in given.items() if name in columns or name == LABEL}
    is_flagged = (
        pa.nulls(len(rows), pa.bool_()) if scorer.threshold is None else pa.array(probability >= scorer.threshold)
    )
    columns |= {"probability": pa.array(probability), "is_flagged": is_flagged}
    columns["model_version"] = pa.repeat(pa.scalar(scorer.version, pa.int32()), len(rows))
    return pa.RecordBatch.from_pydict(
        {name or f"column_{place}": c for place, (name, c) in enumerate(columns.items(), 1)}
    )


def _numbers(texts: pa.ChunkedArray) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return texts as numbers, NaN where there is nothing; and which of them are neither."""
    texts = texts.combine_chunks()
    trimmed = pc.utf8_trim(texts, " \t")
    is_empty = pc.equal(trimmed, "")
    blanked = pc.if_else(is_empty, pa.scalar(None, pa.string()), trimmed)
    try:
        numbers = pc.cast(blanked, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numbers = pd.to_numeric(blanked.to_pandas().str.lower().replace(TRUTHS), errors="coerce").to_numpy(dtype=float)
    is_number = np.isfinite(numbers)
    return np.where(is_number, numbers, np.nan), ~is_number & ~is_empty.to_numpy(zero_copy_only=False)


def _typed(name: str, values: Floats) -> pa.Array:
    """Return a column's numbers in their own type, NULL where there is none."""
    is_missing = np.isnan(values)
    if not domain_of(name).is_whole:
        return pa.array(values, pa.float64(), mask=is_missing)
    return pa.array(np.where(is_missing, 0, values).astype(np.int64), pa.int64(), mask=is_missing)
