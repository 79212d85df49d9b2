"""lakehouse.error_messages — what libraries and the machine throw, as sentences: what, why, and what mends it."""

import errno
import json
import re
import shlex
import tempfile
import traceback
from pathlib import Path

from lakehouse import machine_errors, private, secrets
from lakehouse.errors import Exit, LakehouseError
from lakehouse.machine_errors import Sentences
from lakehouse.settings import Settings

LEDGER = "ledger"
TOO_NEW = (
    "DELTA_INVALID_PROTOCOL_VERSION|DELTA_UNSUPPORTED_FEATURES|Unsupported minimum (reader|writer) version"
    "|Unsupported: Feature|EXPRESSION_DECODING_FAILED"
)
CUT_LOG = r"DELTA_TRUNCATED_TRANSACTION_LOG|Json error|/_delta_log/[0-9.a-z-]*\.(json|parquet)"
NO_FILE = r"FILE_NOT_EXIST|Object at location .* not found|FileNotFoundException|PATH_NOT_FOUND|DELTA_FILE_NOT_FOUND"
BAD_FILE = "Checksum error|FAILED_READ_FILE|deserialize thrift|Corrupt|CRC checksum"
NO_VALUE = r"ValueError: (\w+\.\w+: a row has no \w+, which is NOT NULL\.)"
FILE = re.compile(r"(?:file:(?://)?)?(/[^\n|]*?\.(?:parquet|json|csv))(?!\.?\w)")


def explain(error: BaseException, settings: Settings | None) -> LakehouseError:
    """Return the sentence for an error; the trace of one that nobody expected is kept in a file that it names."""
    if isinstance(error, LakehouseError):
        return error
    return (recognize(error, settings) if settings else None) or _unexpected(error, settings)


def recognize(error: BaseException, settings: Settings) -> LakehouseError | None:
    """Return the sentence for an error that is expected to happen on some machine some day, None for any other."""
    text = _text(error)
    for pattern, sentence in _SENTENCES:
        if re.search(pattern, text):
            return sentence(settings, text)
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return machine_errors.read_only(settings, text)
    return None


def of_log(name: str, folder: str, error: BaseException, settings: Settings) -> LakehouseError:
    """Return the sentence for a table whose log cannot be read: it may be sound, and only this process be at fault."""
    text = _text(error)
    for pattern, sentence in machine_errors.OF_FOLDERS:
        if re.search(pattern, text):
            return sentence(settings, text)
    if re.search(TOO_NEW, text):
        return _too_new(settings, f"{folder}/_delta_log/x.json")
    return log_is_cut(name, folder, text.splitlines()[0], settings)


def log_is_cut(name: str, folder: str, what: str, settings: Settings) -> LakehouseError:
    """Return the sentence for a table whose log lacks an entry, or a part of one."""
    entries = sorted(Path(folder, "_delta_log").glob("*.json"))
    message = f"The log of {name} is damaged ({what}), last entry {entries[-1] if entries else folder}."
    remedy = _rebuilding(name, folder, settings)
    if name == LEDGER and entries and _is_cut(entries[-1]):  # all that was written before it is kept so
        remedy = f"{shlex.join(['mv', str(entries[-1]), f'{entries[-1]}.damaged'])} && lakehouse run"
    return LakehouseError(message, remedy, Exit.REFUSED)


def _is_cut(entry: Path) -> bool:
    """Say whether an entry of a log is empty, or cut within a line."""
    lines = entry.read_bytes().splitlines()
    try:
        return not [json.loads(line) for line in lines]
    except ValueError:
        return True


def file_is_missing(name: str, folder: str, path: str, settings: Settings) -> LakehouseError:
    """Return the error for a table of which a file is not there, and what mends it."""
    return LakehouseError(f"A file of {name} is missing: {path}.", _rewriting(name, folder, settings), Exit.REFUSED)


def file_is_damaged(name: str, folder: str, path: str, settings: Settings, what: str = "") -> LakehouseError:
    """Return the error for a file that is not what was written, and what mends it."""
    message = f"A file of {name} is damaged: {path}{f' {what}' if what else ''}."
    return LakehouseError(message, _rewriting(name, folder, settings), Exit.REFUSED)


def _no_value(_: Settings, text: str) -> LakehouseError:
    found = re.search(NO_VALUE, text)
    message = f"{found.group(1) if found else text} Nothing was published."
    return LakehouseError(message, "mend what computes the table, or its contract", Exit.REFUSED)


def _too_new(settings: Settings, text: str) -> LakehouseError:
    name, folder = _table(settings, text)
    message = (
        f"{name or 'A table'} was written by a newer version of Delta than this one reads ({folder or 'its log'})."
    )
    return LakehouseError(message, "use the version of this program that wrote it", Exit.ENVIRONMENT)


def _cut_log(settings: Settings, text: str) -> LakehouseError:
    name, folder = _table(settings, text)
    if not name:
        found = FILE.search(text)
        message = f"The log of a table is damaged: {found.group(1) if found else text.splitlines()[0]}."
        return LakehouseError(message, "put it back from a copy", Exit.REFUSED)
    return log_is_cut(name, folder, "an entry is missing or cut short", settings)


def _no_file(settings: Settings, text: str) -> LakehouseError:
    return _file(settings, text, "is missing")


def _bad_file(settings: Settings, text: str) -> LakehouseError:
    return _file(settings, text, "is damaged")


def _file(settings: Settings, text: str, what: str) -> LakehouseError:
    found = FILE.search(text)
    path = found.group(1) if found else "a file"
    name, folder = _table(settings, path if found else text)  # the text may also name the table being written
    if not name:
        return LakehouseError(f"A landed file {what}: {path}.", "put it back from a copy", Exit.REFUSED)
    return LakehouseError(f"A file of {name} {what}: {path}.", _rewriting(name, folder, settings), Exit.REFUSED)


def _table(settings: Settings, text: str) -> tuple[str, str]:
    """Return name and folder of the table of which a text names a file, both empty if there is none."""
    root = settings.root
    layers = "|".join(map(re.escape, settings.layers))
    found = re.search(rf"{re.escape(root)}/((?:{layers})/\w+|ledger)(?=\W)", text)
    return (found.group(1).replace("/", "."), found.group(0)) if found else ("", "")


def _rewriting(name: str, folder: str, settings: Settings) -> str:
    """Return the command that writes a table's rows anew where its log is sound."""
    from lakehouse.table import discover

    base = name.removesuffix("_quarantine")
    table = discover(settings.layers).get(base)
    if table is None or not table.is_built_by_run or not table.upstreams:
        return _rebuilding(name, folder, settings)
    return f"lakehouse run --full-refresh {base}"


def _rebuilding(name: str, folder: str, settings: Settings) -> str:
    """Return the command that makes a table anew where its rows can be derived again: from landed files and model.

    The ledger cannot: it holds decisions, and which versions were published.
    """
    if name == LEDGER:
        return f"put {shlex.quote(folder)} back from a copy of the lake"
    follow = "lakehouse ml score" if name.startswith("ml.") else "lakehouse run"
    return f"remove {folder}, then: {follow}" if "://" in folder else f"rm -r {shlex.quote(folder)} && {follow}"


_SENTENCES: Sentences = [
    *machine_errors.OF_FOLDERS,
    (NO_VALUE, _no_value),
    (TOO_NEW, _too_new),
    (CUT_LOG, _cut_log),
    (NO_FILE, _no_file),
    (BAD_FILE, _bad_file),
    *machine_errors.OF_ENGINES,
]


def _text(error: BaseException) -> str:
    """Return what an error and its causes say, Java's own among them."""
    parts: list[str] = []
    each: BaseException | None = error
    while each is not None:
        parts += [str(each), str(getattr(each, "_stackTrace", "") or "")]
        each = each.__cause__ or each.__context__
    return "\n".join(parts)


def _unexpected(error: BaseException, settings: Settings | None) -> LakehouseError:
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    secrets_of = settings.hidden if settings else {}
    trace = secrets.hide("".join(traceback.format_exception(error)), secrets_of)
    message = f"{type(error).__name__}: {secrets.hide(reason, secrets_of)[:300]}"
    return LakehouseError(message, _keep_trace(trace, settings))


def _keep_trace(trace: str, settings: Settings | None) -> str:
    """Return where a trace was put: the lake's logs, else a temporary file; the trace itself where neither takes it."""
    try:
        if settings:
            return f"the trace is in {private.write_trace(settings, trace)}"
    except (OSError, LakehouseError):
        pass
    try:
        with tempfile.NamedTemporaryFile("wb", prefix="lakehouse-", suffix=".log", delete=False) as file:
            file.write(trace.encode(errors="backslashreplace"))
            return f"the trace is in {file.name}"
    except OSError:
        return trace
