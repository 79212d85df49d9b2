"""What holds of every table and of the tree as a whole."""

import ast
from pathlib import Path

import pytest

from lakehouse import settings
from lakehouse.lake import open_lake
from lakehouse.reports import catalog
from lakehouse.storage.schema import delta_schema
from lakehouse.table import Table, discover

from .conftest import settings_of

TABLES = discover(settings.load({}).layers)
ROOT = settings.PROJECT
MAY_IMPORT = {
    "lakehouse": {"lakehouse"},
    "bronze": {"lakehouse", "bronze"},
    "silver": {"lakehouse", "silver"},
    "gold": {"lakehouse", "gold"},
    "ml": {"lakehouse", "ml"},
    "app": {"lakehouse", "app", "ml.serving"},
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_contract_is_complete(table: Table):
    names = {column.name for column in table.columns}
    assert table.comment.startswith("One row per ")
    assert set(table.key) <= names
    assert set(table.cluster_by) <= names
    assert set(table.upstreams) <= set(TABLES)
    assert table.person is None or table.person in names
    assert table.key or table.refresh.kind == "append"
    assert table.function is not None or table.refresh.kind == "append" or table.name.startswith("ml.")
    assert delta_schema(table).fields


@pytest.mark.parametrize("table", [t for t in TABLES.values() if "visitor_id" in t.schema], ids=lambda t: t.name)
def test_a_table_with_visitors_names_the_column_and_keeps_no_statistics_on_it(table: Table):
    assert table.person == "visitor_id"
    assert "visitor_id" not in table.cluster_by


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_imports_flow_one_way(layer: str):
    ours = set(MAY_IMPORT)
    for path in sorted((ROOT / layer).rglob("*.py")):
        for module in _imports(path):
            if module.split(".")[0] in ours:
                allowed = any(module == each or module.startswith(f"{each}.") for each in MAY_IMPORT[layer])
                assert allowed, f"{path.relative_to(ROOT)} imports {module}"


ROOMS = [
    "",
    "engine",
    "storage",
    "landing",
    "lake",
    "runs",
    "quarantine",
    "maintenance",
    "privacy",
    "reports",
    "environment",
    "cli",
]


def room_of(module: str) -> str:
    """The room of a platform's module; of the vocabulary, which all import, none."""
    _, *parts = module.split(".")
    return parts[0] if parts and parts[0] in ROOMS else ""


def test_rooms_of_the_platform_import_only_rooms_before_them():
    for path in sorted((ROOT / "lakehouse").rglob("*.py")):
        ours = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for module in _imports(path):
            if module.split(".")[0] == "lakehouse" and module != "lakehouse":
                theirs = room_of(module)
                assert ROOMS.index(theirs) <= ROOMS.index(ours), f"{path.relative_to(ROOT)} imports {module}"


def test_no_module_imports_itself_by_way_of_others():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "lakehouse").rglob("*.py")
    }
    at_import = {
        name: {each for each in _imports(path, top_level=True) if each in modules} for name, path in modules.items()
    }
    done: set[str] = set()
    while ready := {name for name, imports in at_import.items() if name not in done and imports - {name} <= done}:
        done |= ready
    assert done == set(modules), f"these import each other: {sorted(set(modules) - done)}"


def test_a_room_says_what_lives_there():
    rooms = [path for path in (ROOT / "lakehouse").iterdir() if (path / "__init__.py").is_file()]
    assert {path.name for path in rooms} == {room for room in ROOMS if room and room != "lake"}
    for path in rooms:
        assert ast.get_docstring(ast.parse((path / "__init__.py").read_text())), path


def test_only_the_engines_know_which_one_is_in_use():
    free = ("lakehouse/engine/", "lakehouse/environment/", "ml/")
    for layer in MAY_IMPORT:
        for path in sorted((ROOT / layer).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith(free):
                tree = ast.parse(path.read_text())
                used = {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
                roots = {module.split(".")[0] for module in _imports(path)}
                assert not roots & {"pysail", "py4j"}, name
                assert not used & {"sparkContext", "_jvm", "rdd", "observe", "localCheckpoint"}, name
                assert "engine.name" not in path.read_text() or name == "lakehouse/sections.py", name


def test_no_module_is_longer_than_three_hundred_lines():
    paths = [path for layer in MAY_IMPORT for path in (ROOT / layer).rglob("*.py")]
    assert [path.name for path in paths if len(path.read_text().splitlines()) > 300] == []


def test_only_settings_reads_the_environment():
    readers = [
        path.name
        for layer in MAY_IMPORT
        for path in (ROOT / layer).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and isinstance(node.ctx, ast.Load)
        if not _is_written(path, node.lineno)
    ]
    assert set(readers) <= {"settings.py"}


def test_the_readme_and_the_dictionary_show_the_tables_as_they_are():
    assert catalog.update(TABLES, write=False) == [], "run `lakehouse catalog`"


def test_a_changed_rule_changes_a_tables_fingerprint_and_a_comment_does_not(tmp_path: Path, monkeypatch):
    from silver import sessions

    source = Path(sessions.__file__).read_text()
    original = sessions.table.fingerprint

    def fingerprint_of(text: str) -> str:
        (tmp_path / "sessions.py").write_text(text)
        monkeypatch.setattr(sessions, "__file__", str(tmp_path / "sessions.py"))
        sessions.table.__dict__.pop("fingerprint")
        return sessions.table.fingerprint

    try:
        assert fingerprint_of(source + "\n# a remark\n") == original
        assert fingerprint_of(source.replace("num_events < 1000", "num_events < 999")) != original
    finally:
        sessions.table.__dict__.pop("fingerprint")


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.key])
def test_a_key_identifies_a_row(sample_lake: Path, name: str):
    lake = open_lake(settings_of(sample_lake))
    rows = lake.store.arrow(name, columns=TABLES[name].key)
    assert rows.num_rows > 0
    assert rows.group_by(rows.column_names).aggregate([]).num_rows == rows.num_rows


@pytest.mark.parametrize("name", [name for name in TABLES if name.startswith(("gold.", "ml."))])
def test_what_the_site_reads_can_be_read_by_any_delta_reader(sample_lake: Path, name: str):
    assert open_lake(settings_of(sample_lake)).store.delta(name).protocol().min_reader_version == 1


def _imports(path: Path, top_level: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes: list[ast.AST] = list(tree.body) if top_level else list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = [(n.module, alias.name) for n in nodes if isinstance(n, ast.ImportFrom) and n.module for alias in n.names]
    return plain | {m if (ROOT / f"{m.replace('.', '/')}.py").exists() else f"{m}.{name}" for m, name in parts}


def _is_written(path: Path, line: int) -> bool:
    """Whether the line only sets variables, for a child process or a library."""
    text = path.read_text().splitlines()[line - 1]
    return any(each in text for each in ("] = ", "environ.update(", "environ.pop("))
