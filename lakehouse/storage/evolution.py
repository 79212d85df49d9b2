"""storage.evolution — a table whose contract changed: what of it is metadata, and what asks for other rows."""

from collections.abc import Mapping

from deltalake import DeltaTable, Field
from deltalake import Schema as DeltaSchema

from lakehouse.errors import LakehouseError
from lakehouse.storage.schema import delta_schema
from lakehouse.table import Table


def adopt(there: DeltaTable, table: Table, properties: dict[str, str]) -> bool:
    """Let comments and properties of a table be its contract's; add columns to one of landed files.

    Args:
        there: the table as it is.
        table: its contract.
        properties: Delta's properties that it shall have.

    Returns:
        Whether anything was written. Where other columns differ nothing is: the build replaces them with the rows.

    Raises:
        LakehouseError: a table of landed files has columns that cannot become the contract's.
    """
    is_changed = False
    if there.metadata().configuration | properties != there.metadata().configuration:
        there.alter.set_table_properties(properties)
        is_changed = True
    wanted, found = ({field.name: field for field in schema.fields} for schema in (delta_schema(table), there.schema()))
    if table.refresh.kind == "append" and list(map(_form, found.values())) != list(map(_form, wanted.values())):
        _add_columns(there, table, wanted, found)
        is_changed, found = True, wanted
    if [_form(each) for each in found.values()] != [_form(each) for each in wanted.values()]:
        return is_changed
    for name, field in wanted.items():
        if field.metadata != found[name].metadata:
            there.alter.set_column_metadata(name, field.metadata)
            is_changed = True
    if there.metadata().description != table.comment:
        there.alter.set_table_description(table.comment)
        is_changed = True
    return is_changed


def _add_columns(there: DeltaTable, table: Table, wanted: Mapping[str, Field], found: Mapping[str, Field]) -> None:
    added = [field for name, field in wanted.items() if name not in found]
    kept = [_form(field) for name, field in wanted.items() if name in found]
    if kept != [_form(field) for field in found.values()] or not all(field.nullable for field in added):
        message = f"{table.name} has a schema other than its contract's, and landed rows are never rewritten."
        raise LakehouseError(message, "land the files into a new lake: LAKEHOUSE_LAKE=dir")
    there.alter.add_columns(DeltaSchema(added).fields)


def _form(field: Field) -> tuple[str, str, bool]:
    """Return what makes a column: name, type, and whether it may be NULL."""
    return field.name, str(field.type), field.nullable
