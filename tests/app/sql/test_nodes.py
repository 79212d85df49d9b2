"""Every class of node that this Spark has is listed; one that a later Spark adds must be looked at before it counts."""

import struct
import zipfile
from functools import cache
from pathlib import Path

import pyspark

from app.sql import allowed

ROOT = "org/apache/spark/sql/catalyst/trees/TreeNode"
ABSTRACT = 0x0400
PREFIX = "org.apache.spark.sql."
WIDTHS = {7: 3, 8: 3, 16: 3, 19: 3, 20: 3, 15: 4, 5: 9, 6: 9}  # bytes of an entry of a class file's constants, else 5


def ancestors(content: bytes) -> tuple[bool, str, list[str]]:
    """Whether a class is abstract, its name, and those of its superclass and interfaces (JVM specification, 4.1)."""
    count, at, number = struct.unpack(">H", content[8:10])[0], 10, 1
    texts, classes = {}, {}
    while number < count:
        kind = content[at]
        if kind == 1:
            length = struct.unpack(">H", content[at + 1 : at + 3])[0]
            texts[number] = content[at + 3 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
        else:
            if kind == 7:
                classes[number] = struct.unpack(">H", content[at + 1 : at + 3])[0]
            at += WIDTHS.get(kind, 5)
            number += kind in (5, 6)
        number += 1
    flags, this, above, interfaces = struct.unpack(">HHHH", content[at : at + 8])
    others = struct.unpack(f">{interfaces}H", content[at + 8 : at + 8 + 2 * interfaces])
    return bool(flags & ABSTRACT), texts[classes[this]], [texts[classes[each]] for each in (above, *others) if each]


def nodes_of_this_spark() -> set[str]:
    """The classes of all plans and expressions in Spark's JARs."""
    above, concrete = {}, set()
    for jar in sorted(Path(pyspark.__file__).parent.glob("jars/spark-*.jar")):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith(".class") and "spark/sql" in name:
                    is_abstract, own, parents = ancestors(archive.read(name))
                    above[own] = parents
                    concrete |= set() if is_abstract or "$anon" in own else {own}

    @cache
    def is_node(name: str) -> bool:
        return name == ROOT or any(is_node(each) for each in above.get(name, ()))

    return {each.replace("/", ".") for each in concrete if is_node(each)}


def test_every_node_of_this_spark_is_listed_and_none_is_new():
    listed = {PREFIX + line for line in (Path(__file__).parent / "nodes.txt").read_text().split()}
    found = nodes_of_this_spark()
    assert len(found) > 1_000
    assert sorted(found - listed) == [], "look at each: may a query have it (app/sql/allowed.py)? Then list it"
    assert sorted(listed - found) == [], "these are gone"
    assert sorted((allowed.PLANS | allowed.EXPRESSION_CLASSES) - found) == [], "these are allowed, and are not there"
