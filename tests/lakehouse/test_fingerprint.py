"""What changes a table's definition, and what is only said of it."""

from pathlib import Path

import pytest

from gold import funnel
from lakehouse import fingerprint
from silver import parsing, sessions


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Returns the fingerprint of a table where a text of one module is another."""

    def of(module, before: str, after: str, table: str) -> str:
        source = Path(module.__file__).read_text()
        assert before in source
        path = tmp_path / Path(module.__file__).name
        path.write_text(source.replace(before, after))
        with monkeypatch.context() as patched:
            patched.setattr(module, "__file__", str(path))
            return fingerprint.of(table)

    return of


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""silver.sessions', '"""silver.sessions, in other words'),
        ("COMMENT '", "COMMENT 'in other words: "),
        ('comment="One row', 'comment="One single row'),
        ("\n\n\n@table", "\n\n# a remark\n\n\n@table"),
        ('person="visitor_id",\n', "person='visitor_id' ,  # a remark\n"),
        ("BIGINT ", "BIGINT     "),
    ],
)
def test_what_is_only_said_of_a_table_changes_nothing(changed, before, after):
    assert changed(sessions, before, after, "silver.sessions") == sessions.table.fingerprint


@pytest.mark.parametrize(
    ("before", "after"),
    [("num_events < 1000", "num_events < 999"), ("BIGINT ", "INT "), ('"visitor_id"', '"visitor"'), (" NOT NULL", "")],
)
def test_a_rule_a_type_or_the_code_changes_the_definition(changed, before, after):
    assert changed(sessions, before, after, "silver.sessions") != sessions.table.fingerprint


def test_what_a_module_imports_from_its_layer_counts(changed):
    from silver import events

    assert changed(parsing, "{1,19}", "{1,18}", "silver.events") != events.table.fingerprint
    assert changed(parsing, "{1,19}", "{1,18}", "silver.sessions") == sessions.table.fingerprint


def test_what_a_module_imports_from_a_package_of_its_layer_counts(changed):
    from ml.serving import formula

    assert changed(formula, "1.0 /", "2.0 /", "ml.serving.expression") != fingerprint.of("ml.serving.expression")


def test_a_number_raised_by_hand_changes_every_definition(monkeypatch):
    before = funnel.table.fingerprint
    monkeypatch.setattr(fingerprint, "PLATFORM", fingerprint.PLATFORM + 1)
    assert fingerprint.of("gold.funnel") != before
