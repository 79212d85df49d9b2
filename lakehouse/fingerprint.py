"""lakehouse.fingerprint — a hash of what a table's rows depend on, by which a changed definition is noticed.

It covers the contract but for its texts, the code of the table's module, and that of the modules of its layer which
that one imports. It is blind to comments, docstrings, layout, and to the version of Python and the engine that run it.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PLATFORM = 1  # raised by hand when the platform makes other rows of the same contract and code
SAYS_NOTHING_OF_ROWS = {"comment", "person", "is_required", "judged_by"}  # arguments of a contract
COMMENT = re.compile(r"\s*COMMENT '[^']*'")
LAYOUT = {"ctx", "kind", "type_comment"}  # fields of a syntax tree that say nothing of what is computed


def of(name: str) -> str:
    """Return the fingerprint of the table whose module has this name, 16 hex digits."""
    trees = _closure(name)
    parts = [str(PLATFORM), *(_text(_without_texts(trees[each])) for each in sorted(trees))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _closure(name: str) -> dict[str, ast.Module]:
    """Return the syntax trees of a module and of all modules of its layer that it imports, or that these import."""
    layer, found, waiting = name.split(".")[0], dict[str, ast.Module](), {name}
    while waiting:
        trees = {each: _tree(each) for each in waiting}
        found |= trees
        waiting = {each for tree in trees.values() for each in _imports(tree, layer)} - found.keys()
    return found


def _tree(name: str) -> ast.Module:
    """Parse a module without importing it: what it needs may take seconds."""
    path = sys.modules[name].__file__ if name in sys.modules else getattr(find_spec(name), "origin", None)
    return ast.parse(Path(str(path)).read_text())


def _imports(tree: ast.Module, layer: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == layer:
            yield from ([node.module] if node.module != layer else (f"{layer}.{each.name}" for each in node.names))
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith(f"{layer}."))


def _without_texts(tree: ast.Module) -> ast.Module:
    """Take away what is there for readers: docstrings, and the comments of contracts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Table":
            node.keywords = [each for each in node.keywords if each.arg not in SAYS_NOTHING_OF_ROWS]
            for schema in (each for each in node.keywords if each.arg == "schema"):
                for part in (each for each in ast.walk(schema) if isinstance(each, ast.Constant)):
                    part.value = " ".join(COMMENT.sub("", str(part.value)).split())
    return tree


def _text(node: Any) -> str:
    """Write a syntax tree as text, alike in every version of Python: what is empty is left out."""
    if isinstance(node, list):
        return f"[{', '.join(map(_text, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    values = [(name, getattr(node, name, None)) for name in node._fields if name not in LAYOUT]
    parts = [f"{name}={_text(value)}" for name, value in values if value is not None and value != []]
    return f"{type(node).__name__}({', '.join(parts)})"
