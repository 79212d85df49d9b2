"""sql.walk — a walk over every part of the tree that Spark's parser made of a query.

It knows what may be there and refuses the rest, so that a node of a later Spark, or a part that nobody thought of, is
refused too. It looks at the fields of every node, not at what Spark calls its children: a named window, for one, is no
child.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from py4j.java_gateway import JavaObject

from app.sql import allowed, limits
from app.sql.text import Refused

SEPARATOR = "\x00"  # of the parts of a name; the text holds none
SEQUENCE = re.compile(
    r"scala\.collection\.(immutable\.(\$colon\$colon|Nil\$|Vector\d?\$?|List.*|ArraySeq.*)|mutable\..*)"
)
MAP = re.compile(r"scala\.collection\.immutable\.(Map|HashMap).*")
NAMED = re.compile(r"\s*(?:`[^`]+`|\w+)(?:\s*\.\s*(?:`[^`]+`|\w+))*")
Env = Mapping[str, int]


@dataclass
class Walk:
    """A walk over one tree.

    Attributes:
        jvm: Spark's.
        sql: the query.
        tables: names that may be read -> their views.
        views: the views of those that are.
        renamed: where the text names a table otherwise than by its view: start, stop, view.
    """

    jvm: Any
    sql: str
    tables: Mapping[str, str]
    views: set[str] = field(default_factory=set)
    renamed: list[tuple[int, int, str]] = field(default_factory=list)
    nodes: int = 0
    sets: int = 1
    arities: dict[str, int] = field(default_factory=dict)

    def look(self, plan: JavaObject) -> None:
        """Look at a whole statement.

        Raises:
            Refused: a rule refuses it.
        """
        kind = self._class(plan)
        if kind not in allowed.PLANS:
            raise Refused(
                "statement", f"Only a query that reads is possible; {_plain(kind)} is not.", "begin with SELECT"
            )
        self._require_few(self._relations(plan, {}, 0))

    def _relations(self, part: Any, env: Env, depth: int) -> int:
        """Judge a part and those in it; return how many relations are read, those of a WITH as often as it is used."""
        if not isinstance(part, JavaObject):
            if isinstance(part, str) and part.lower() == allowed.HIDDEN_COLUMN:
                raise Refused("column", f"{allowed.HIDDEN_COLUMN} tells of files; no query may read it.")
            return 0
        self.nodes += 1
        if depth > limits.DEEPEST_TREE or self.nodes > limits.MOST_NODES:
            raise Refused("nesting", "The query is nested too deep, or has too many parts.")
        kind = self._class(part)
        if kind in allowed.OPAQUE:
            return 0
        if SEQUENCE.fullmatch(kind):
            return sum(self._relations(part.apply(i), env, depth + 1) for i in range(part.size()))
        if MAP.fullmatch(kind):
            return self._relations(part.toSeq(), env, depth + 1)
        judge = _SPECIAL.get(kind)
        if judge is not None:
            return judge(self, part, env, depth)
        if kind in allowed.PLANS or kind in allowed.EXPRESSION_CLASSES or kind in allowed.PARTS:
            own = 1 if kind.endswith((".OneRowRelation", ".UnresolvedInlineTable")) else 0
            return own + self._fields(part, kind, env, depth)
        raise Refused("node", f"{_plain(kind)} is not among the parts that a query may have.")

    def _fields(self, part: JavaObject, kind: str, env: Env, depth: int) -> int:
        if kind not in self.arities:
            self.arities[kind] = int(part.productArity())
        return sum(self._relations(part.productElement(i), env, depth + 1) for i in range(self.arities[kind]))

    def _class(self, part: JavaObject) -> str:
        return str(self.jvm.org.apache.commons.lang3.ClassUtils.getName(part, ""))

    def _names(self, parts: JavaObject) -> list[str]:
        return str(parts.mkString(SEPARATOR)).split(SEPARATOR)

    def _require_few(self, relations: int) -> int:
        if relations > limits.MOST_RELATIONS:
            raise Refused(
                "relations",
                f"The query reads {relations:,} tables, each WITH as often as it is used; "
                f"{limits.MOST_RELATIONS} are the most.",
            )
        return relations

    # What needs more than being known by its class.

    def _with(self, part: JavaObject, env: Env, depth: int) -> int:
        if part.allowRecursion():
            raise Refused("recursion", "WITH RECURSIVE is not possible.")
        known = dict(env)
        relations = part.cteRelations()
        for i in range(relations.size()):
            each = relations.apply(i)
            known[str(each._1()).lower()] = self._require_few(self._relations(each._2(), known, depth + 1))
            self._relations(each._3(), known, depth + 1)
        return self._relations(part.child(), known, depth + 1)

    def _relation(self, part: JavaObject, env: Env, depth: int) -> int:
        names = self._names(part.multipartIdentifier())
        name = ".".join(names).lower()
        if part.isStreaming() or not part.options().isEmpty():
            raise Refused("relation", "A table is read as it was published, without options.")
        if len(names) == 1 and name in env:
            return max(1, env[name])
        view = self.tables.get(name)
        if view is None or len(names) > 2:
            near = get_close_matches(name, self.tables, n=1, cutoff=0.6)
            remedy = f"did you mean {near[0]}?" if near else "the Query page, or `lakehouse status`, lists the tables"
            raise Refused("relation", f"There is no published table {'.'.join(names)} to read.", remedy)
        self.views.add(view)
        if name != view:
            self._rename(part, names, view)
        return 1

    def _rename(self, part: JavaObject, names: list[str], view: str) -> None:
        """Note where the text names a table with its layer; the position is the parser's, the text must agree."""
        start = part.origin().startIndex()
        begin = int(start.get()) if start.isDefined() else -1
        found = NAMED.match(self.sql, begin) if begin >= 0 else None
        written = [each.strip().strip("`") for each in found.group(0).split(".")] if found else []
        if found is None or written != names:
            raise Refused("relation", f"Write {view} instead of {'.'.join(names)} here.")
        self.renamed.append((begin, found.end(), view))

    def _attribute(self, part: JavaObject, env: Env, depth: int) -> int:
        names = [each.lower() for each in self._names(part.nameParts())]
        if allowed.HIDDEN_COLUMN in names:
            raise Refused("column", f"{allowed.HIDDEN_COLUMN} tells of files; no query may read it.")
        if len(names) == 1 and names[0] in allowed.TELLING_NAMES:
            raise Refused("function", f"{names[0]} tells who asks, or where; no query may read it.")
        return self._fields(part, self._class(part), env, depth)

    def _function(self, part: JavaObject, env: Env, depth: int) -> int:
        self._require_function(self._names(part.nameParts()), allowed.FUNCTIONS | allowed.GENERATORS)
        name, arguments = str(part.nameParts().mkString(".")).lower(), int(part.arguments().size())
        if arguments > allowed.MOST_ARGUMENTS.get(name, arguments):
            raise Refused("function", f"{name} takes {allowed.MOST_ARGUMENTS[name]} argument(s) here.")
        return self._fields(part, self._class(part), env, depth)

    def _generator(self, part: JavaObject, env: Env, depth: int) -> int:
        name = part.name()
        names = [*(str(each.get()) for each in (name.catalog(), name.database()) if each.isDefined()), name.funcName()]
        self._require_function(names, allowed.GENERATORS)
        children = part.children()
        return sum(self._relations(children.apply(i), env, depth + 1) for i in range(children.size()))

    def _table_function(self, part: JavaObject, env: Env, depth: int) -> int:
        names = self._names(part.name())
        if [each.lower() for each in names] != ["range"]:
            self._require_function(names, allowed.GENERATORS)
            return 1 + self._fields(part, self._class(part), env, depth)
        arguments = part.functionArgs()
        given = [arguments.apply(i) for i in range(arguments.size())]
        bounds = [self._integer(each) for each in given[:3]]
        start, stop, step = [0, *bounds, 1] if len(bounds) == 1 else [*bounds, *([1] if len(bounds) == 2 else [])]
        if len(given) > 3 or not step or abs(stop - start) // abs(step) > limits.LONGEST_RANGE:
            raise Refused("table function", f"range() gives at most {limits.LONGEST_RANGE:,} rows here.")
        return 1

    def _integer(self, part: JavaObject) -> int:
        """Return the value of a whole number that the query writes, a sign before it or not."""
        kind = self._class(part)
        if kind.endswith(".UnaryMinus"):
            return -self._integer(part.child())
        if not kind.endswith(".Literal") or not isinstance(part.value(), int) or isinstance(part.value(), bool):
            raise Refused("table function", "The bounds of range() must be whole numbers, written out.")
        return int(part.value())

    def _hint(self, part: JavaObject, env: Env, depth: int) -> int:
        name = str(part.name())
        if name.lower() not in allowed.HINTS:
            raise Refused("hint", f"{name} is not among the hints, which are those that choose a join.")
        parameters = part.parameters()
        found = sum(self._relations(parameters.apply(i), env, depth + 1) for i in range(parameters.size()))
        return found + self._relations(part.child(), env, depth + 1)

    def _grouping(self, part: JavaObject, env: Env, depth: int) -> int:
        kind, sets = self._class(part), int(part.groupingSetIndexes().size())
        self.sets *= max(1, 2 ** min(sets, 20) if kind.endswith(".Cube") else sets + kind.endswith(".Rollup"))
        if self.sets > limits.MOST_GROUPING_SETS:
            raise Refused("grouping sets", f"The query groups in more than {limits.MOST_GROUPING_SETS} ways.")
        return self._fields(part, kind, env, depth)

    def _values(self, part: JavaObject, env: Env, depth: int) -> int:
        """Pass over VALUES that the parser could work out: it knows no function, and they are values by now."""
        return 1

    def _literal(self, part: JavaObject, env: Env, depth: int) -> int:
        kind = self._class(part.dataType())
        if kind not in allowed.OPAQUE:
            raise Refused("node", f"A value of type {_plain(kind)} is not possible.")
        return 0

    def _require_function(self, names: list[str], known: Collection[str]) -> None:
        if len(names) != 1 or names[0].lower() not in known:
            near = get_close_matches(names[-1].lower(), known, n=1, cutoff=0.75)
            written = ".".join(names)
            raise Refused(
                "function",
                f"{written} is not among the functions that a query may call.",
                f"did you mean {near[0]}?" if near and near[0] != written.lower() else "",
            )


_SPECIAL: Mapping[str, Callable[[Walk, JavaObject, Env, int], int]] = {
    f"{allowed.LOGICAL}UnresolvedWith": Walk._with,
    f"{allowed.LOGICAL}UnresolvedHint": Walk._hint,
    f"{allowed.ANALYSIS}UnresolvedRelation": Walk._relation,
    f"{allowed.ANALYSIS}UnresolvedAttribute": Walk._attribute,
    f"{allowed.ANALYSIS}UnresolvedFunction": Walk._function,
    f"{allowed.ANALYSIS}UnresolvedGenerator": Walk._generator,
    f"{allowed.ANALYSIS}UnresolvedTableValuedFunction": Walk._table_function,
    f"{allowed.EXPRESSIONS}Cube": Walk._grouping,
    f"{allowed.EXPRESSIONS}Rollup": Walk._grouping,
    f"{allowed.EXPRESSIONS}GroupingSets": Walk._grouping,
    f"{allowed.EXPRESSIONS}Literal": Walk._literal,
    f"{allowed.LOGICAL}LocalRelation": Walk._values,
}


def _plain(kind: str) -> str:
    """Return the name of a class in words: `ExplainCommand` is "explain command"."""
    name = kind.rpartition(".")[2].strip("$").replace("$", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().removeprefix("unresolved ").removesuffix(" command")
