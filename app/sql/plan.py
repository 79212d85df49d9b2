"""sql.plan — the second layer: Spark's own parser, which executes nothing, and the walk over its tree."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from app.sql import text
from app.sql.text import Refused
from app.sql.walk import Walk


@dataclass(frozen=True)
class Judged:
    """A query that every rule admits.

    Attributes:
        sql: its text, each table named as the worker's view of it is.
        tables: the names of the published tables that it reads.
    """

    sql: str
    tables: frozenset[str]


def judge(spark: SparkSession, sql: str, tables: Mapping[str, str]) -> Judged:
    """Judge a query that nobody has run.

    Args:
        spark: the session whose parser reads it; the tables need not be known to it.
        sql: the query.
        tables: what a query may read: name in lower case, with and without layer -> name of its view.

    Raises:
        Refused: a rule refuses it.
    """
    text.check(sql)
    named = _walk(spark, sql, tables)
    short = sql
    for start, stop, view in sorted(named.renamed, reverse=True):
        short = short[:start] + view + short[stop:]
    if short != sql:  # what runs is what was judged
        _walk(spark, short, {view: view for view in tables.values()})
    return Judged(short, frozenset(named.views))


def _walk(spark: SparkSession, sql: str, tables: Mapping[str, str]) -> Walk:
    walk = Walk(spark._jvm, sql, tables)
    walk.look(_parse(spark, sql))
    return walk


def _parse(spark: SparkSession, sql: str) -> JavaObject:
    try:
        return spark._jsparkSession.sessionState().sqlParser().parsePlan(sql)
    except Py4JJavaError as error:
        what = str(error.java_exception.toString())
        if "StackOverflowError" in what or "OutOfMemoryError" in what:
            raise Refused("nesting", "The query is nested too deep to be read.") from None
        raise Refused("syntax", _syntax(what)) from None
    except PySparkException as error:
        raise Refused("syntax", _syntax(str(error))) from None


def _syntax(words: str) -> str:
    """Return what Spark's parser says, without class, code and the query itself."""
    line = next((each for each in words.splitlines() if each.strip()), "")
    line = re.sub(r"^[\w.]*(?:Exception|Error): ", "", line)
    line = re.sub(r"^\[[\w.]+\] ", "", line.strip())
    return f"Spark cannot read the query: {re.sub(r' SQLSTATE: [0-9A-Z]+', '', line)}"


def leaves(plan: JavaObject, jvm: Any) -> list[tuple[str, JavaObject]]:
    """Return class and node of every leaf of an analysed plan, those of subqueries too."""
    found = []
    subqueries = plan.subqueriesAll()
    for each in [plan, *(subqueries.apply(i) for i in range(subqueries.size()))]:
        own = each.collectLeaves()
        for i in range(own.size()):
            leaf = own.apply(i)
            found.append((str(jvm.org.apache.commons.lang3.ClassUtils.getName(leaf, "")), leaf))
    return found
