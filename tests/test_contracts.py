"""What holds of every table and of the tree as a whole."""

import ast
from functools import cache
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
    # A reader's files are known, landed and learned from as the command line does it: in the site's workers.
    "app": {
        *("lakehouse", "app", "bronze.header", "bronze.landing"),
        *("ml.serving", "ml.recommend.serving", "ml.recommend.rank", "ml.intent.training", "ml.promotion.promotion"),
        *("ml.intent.evaluation", "ml.promotion.drift", "ml.promotion.monitoring"),
    },
}
OURS = [path for layer in MAY_IMPORT for path in sorted((ROOT / layer).rglob("*.py"))]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


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


MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sorted(OURS)}


def test_no_module_imports_itself_by_way_of_others():
    imports = {
        name: {_module(each) for each in _imports(path)} & set(MODULES) - {name} for name, path in MODULES.items()
    }
    left = set(MODULES)
    while ends := {each for each in left if not imports[each] & left or not any(each in imports[o] for o in left)}:
        left -= ends
    assert left == set(), "these import each other"


def _module(name: str) -> str:
    """The module that an import brings, be it named itself, by its package or by something in it."""
    parent = name.rpartition(".")[0]
    return next((each for each in (name, f"{name}.__init__", f"{parent}.__init__") if each in MODULES), name)


def test_a_room_says_what_lives_there():
    rooms = [path for path in (ROOT / "lakehouse").iterdir() if (path / "__init__.py").is_file()]
    assert {path.name for path in rooms} == {room for room in ROOMS if room and room != "lake"}
    for path in [*rooms, *(ROOT / layer for layer in MAY_IMPORT)]:
        text = ast.get_docstring(_tree(path / "__init__.py")) or ""
        assert len(text.split(". ")) == 2, f"{path.name}: what lives there, and what may not"


WITH_ENGINES = ("lakehouse/engine/", "lakehouse/environment/", "ml/")
WITH_ENGINES += (
    "app/sql/plan.py",
    "app/sql/walk.py",
    "app/sql/views.py",
    "app/sql/worker.py",
    "app/sql/spool.py",
)  # a process of its own
OF_ENGINES = ("pysail", "py4j", "delta", "pyspark.ml", "pyspark.mllib", "pyspark.rdd", "pyspark.java_gateway")
OF_ENGINES += ("pyspark.SparkContext", "pyspark.SparkConf", "pyspark.context", "pyspark.sql.classic")
OF_ENGINES += tuple(f"lakehouse.engine.{name}" for name in ("sail", "spark", "java", "jars", "loopback"))


def test_only_the_engines_know_which_one_is_in_use():
    for path in [each for each in OURS if not _name(each).startswith(WITH_ENGINES)]:
        name, nodes = _name(path), list(ast.walk(_tree(path)))
        imported = [each for each in _imports(path) if f"{each}.".startswith(tuple(f"{root}." for root in OF_ENGINES))]
        used = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
        branches = [each for each in nodes if isinstance(each, ast.Compare | ast.match_case)]
        texts = {each.value for node in branches for each in ast.walk(node) if isinstance(each, ast.Constant)}
        assert imported == [], name
        assert not used & {"sparkContext", "_jvm", "rdd", "observe", "localCheckpoint"}, name
        assert not texts & {"sail", "spark"}, name
        assert "engine.name" not in path.read_text() or name == "lakehouse/sections.py", name


def test_no_module_is_longer_than_three_hundred_lines():
    assert [_name(path) for path in OURS if len(path.read_text().splitlines()) > 300] == []


def test_only_settings_reads_the_environment():
    readers = [
        path.name
        for path in OURS
        for node in ast.walk(_tree(path))
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


def _imports(path: Path) -> set[str]:
    """What a module imports, within functions too."""
    nodes = list(ast.walk(_tree(path)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = [(n.module, alias.name) for n in nodes if isinstance(n, ast.ImportFrom) and n.module for alias in n.names]
    return plain | {m if (ROOT / f"{m.replace('.', '/')}.py").exists() else f"{m}.{name}" for m, name in parts}


def _is_written(path: Path, line: int) -> bool:
    """Whether the line only sets variables, for a child process or a library."""
    text = path.read_text().splitlines()[line - 1]
    return any(each in text for each in ("] = ", "environ.update(", "environ.pop("))
