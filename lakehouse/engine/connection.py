"""engine.connection — a session over Spark's Connect protocol, which the embedded engine and a server both speak."""

import os
from collections.abc import Mapping, Sequence
from time import tzset
from typing import TYPE_CHECKING, Any, cast

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from pyspark.sql.connect.client.retries import RetryPolicy


def prepare() -> None:
    """Let pyspark's functions in this process speak the protocol, and instants be UTC, whatever the host says."""
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    os.environ["TZ"] = "UTC"
    tzset()


def connect(
    url: str,
    properties: Mapping[str, str],
    options: Sequence[tuple[str, Any]] = (),
    retries: Sequence["RetryPolicy"] = (),
) -> SparkSession:
    """Open a session. Call `prepare` first.

    Args:
        url: `sc://` with host and port, and what the protocol's clients take behind them.
        properties: of the session.
        options: of the channel.
        retries: what to do where no answer comes; nothing by default.

    Raises:
        PySparkException: nobody answers, or whoever does refuses.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    channel = DefaultChannelBuilder(url, list(options))
    spark = cast(SparkSession, ConnectSession.builder.channelBuilder(channel).create())
    spark.client.set_retry_policies(list(retries))
    for name, value in properties.items():
        spark.conf.set(name, value)
    return spark


def answers(spark: SparkSession) -> bool:
    """Say whether the other side is there and knows the session."""
    try:
        return bool(spark.conf.get("spark.sql.session.timeZone"))
    except PySparkException:
        return False
