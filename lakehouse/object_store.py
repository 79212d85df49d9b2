"""lakehouse.object_store — a store of objects (S3 or what speaks its protocol), as each client wants to be told of it.

Four clients read and write a lake that lies there: delta-rs its tables' logs, Arrow its files, Hadoop's S3A whatever
Spark reads, Sail whatever the embedded engine reads. They are told of it in four vocabularies; this module is the only
place that knows them. It is sent into tasks as it is, secrets included, and shows none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakehouse.errors import Exit, LakehouseError
from lakehouse.sections import Storage

if TYPE_CHECKING:
    from pyarrow import fs

SCHEME = "s3://"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ATTEMPTS = 4  # of one request that gets no answer, or one of 500 and above
CONNECT_SECONDS, ANSWER_SECONDS = 5, 60
HADOOP_KEYS = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
HADOOP_SESSION = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
HADOOP_ROLE = "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider"


@dataclass(frozen=True)
class Keys:
    """Who asks: the keys that AWS_ACCESS_KEY_ID and its like hold; all empty for the role that the machine has."""

    access: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    session: str = field(default="", repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Keys":
        """Return the keys that an environment holds."""
        return cls(*(environ.get(name, "") for name in VARIABLES))

    @property
    def given(self) -> dict[str, str]:
        """The same by the variables' names, without those that are empty."""
        found = zip(VARIABLES, (self.access, self.secret, self.session), strict=True)
        return {name: value for name, value in found if value}


@dataclass(frozen=True)
class ObjectStore:
    """Where objects lie, and who asks for them.

    Attributes:
        uri: the lake's folder in a bucket, without a slash at the end: tables and landed files lie below it.
        endpoint: http or https, host and port; empty for Amazon's own of the region.
        region: as requests are signed for it.
        is_path_style: whether the bucket stands in the path of a request instead of its host; Amazon's never do.
        keys: who asks.
    """

    uri: str
    endpoint: str = ""
    region: str = "us-east-1"
    is_path_style: bool = True
    keys: Keys = Keys()

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return urlsplit(self.uri).netloc

    def hadoop(self) -> dict[str, str]:
        """Return the properties of Spark that tell Hadoop's S3A; two of them, or three, are secrets."""
        found = {
            "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",  # so that one address serves every client
            "fs.s3a.endpoint.region": self.region,
            "fs.s3a.path.style.access": str(self._asks_by_path).lower(),
            "fs.s3a.attempts.maximum": str(ATTEMPTS),
            "fs.s3a.connection.establish.timeout": f"{CONNECT_SECONDS}s",
            "fs.s3a.connection.timeout": f"{ANSWER_SECONDS}s",
        }
        if self.endpoint:
            found["fs.s3a.endpoint"] = self.endpoint
            found["fs.s3a.connection.ssl.enabled"] = str(not self._is_plain).lower()
        if self.keys.access:
            found["fs.s3a.access.key"], found["fs.s3a.secret.key"] = self.keys.access, self.keys.secret
            found["fs.s3a.aws.credentials.provider"] = HADOOP_SESSION if self.keys.session else HADOOP_KEYS
            found |= {"fs.s3a.session.token": self.keys.session} if self.keys.session else {}
        else:
            found["fs.s3a.aws.credentials.provider"] = HADOOP_ROLE
        return {f"spark.hadoop.{name}": value for name, value in found.items()}

    def delta_rs(self) -> dict[str, str]:
        """Return the `storage_options` of delta-rs; an entry of a log is put only where there is none."""
        found = {
            "aws_region": self.region,
            "aws_virtual_hosted_style_request": str(not self._asks_by_path).lower(),
            "aws_conditional_put": "etag",
            "max_retries": str(ATTEMPTS - 1),
            "connect_timeout": f"{CONNECT_SECONDS}s",
            "timeout": f"{ANSWER_SECONDS}s",
            **{name.lower(): value for name, value in self.keys.given.items()},
        }
        if self.endpoint:
            found |= {"aws_endpoint": self.endpoint, "aws_allow_http": str(self._is_plain).lower()}
        return found

    def arrow(self) -> "fs.FileSystem":
        """Return Arrow's file system, one a process; a path in it begins with the bucket."""
        return _arrow(self)

    def sail(self) -> dict[str, str]:
        """Return the variables of the environment that tell the embedded engine."""
        found = {
            "AWS_REGION": self.region,
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": str(not self._asks_by_path).lower(),
            **self.keys.given,
        }
        if self.endpoint:
            found |= {"AWS_ENDPOINT": self.endpoint, "AWS_ALLOW_HTTP": str(self._is_plain).lower()}
        return found

    @property
    def _is_plain(self) -> bool:
        return urlsplit(self.endpoint).scheme == "http"

    @property
    def _asks_by_path(self) -> bool:
        return bool(self.endpoint) and self.is_path_style


def of(chosen: Storage, keys: Keys) -> ObjectStore | None:
    """Return the object store that a section of the settings names, or None.

    Raises:
        LakehouseError: there are no keys, or some that nobody shall take (exit code 4).
    """
    if not chosen.uri:
        return None
    if chosen.keys_from == "environment" and not (keys.access and keys.secret):
        message = f"{chosen.uri} asks for keys, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set."
        remedy = "set them, or let the machine's role answer: LAKEHOUSE_STORAGE__KEYS_FROM=instance"
        raise LakehouseError(message, remedy, Exit.ENVIRONMENT)
    if chosen.keys_from == "instance" and keys.given:
        names = " ".join(keys.given)
        message = f"storage.keys_from is the machine's role, and some clients would take {names} instead."
        raise LakehouseError(message, f"unset {names}", Exit.ENVIRONMENT)
    return ObjectStore(chosen.uri, chosen.endpoint, chosen.region, chosen.path_style, keys)


@cache
def _arrow(store: ObjectStore) -> "fs.FileSystem":
    from pyarrow import fs  # commands that read no file do without

    where = urlsplit(store.endpoint)
    return fs.S3FileSystem(
        access_key=store.keys.access or None,
        secret_key=store.keys.secret or None,
        session_token=store.keys.session or None,
        region=store.region,
        scheme=where.scheme or "https",
        endpoint_override=where.netloc or None,
        force_virtual_addressing=bool(store.endpoint) and not store.is_path_style,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        allow_delayed_open=True,  # a small object is put in one request
    )
