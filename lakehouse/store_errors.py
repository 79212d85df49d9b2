"""lakehouse.store_errors — what an object store refuses or leaves unanswered, as sentences."""

import re

from lakehouse.errors import Exit, LakehouseError
from lakehouse.machine_errors import Sentences
from lakehouse.settings import Settings

NO_BUCKET = "NoSuchBucket|NO_SUCH_BUCKET|specified bucket does not exist"
NOT_LET_IN = (
    "AccessDenied|ACCESS_DENIED|InvalidAccessKeyId|INVALID_ACCESS_KEY_ID|INVALID_CLIENT_TOKEN_ID"
    "|SignatureDoesNotMatch|SIGNATURE_DOES_NOT_MATCH|ExpiredToken|EXPIRED_TOKEN|InvalidToken"
    r"|\b40[13] (?:Forbidden|Unauthorized)|HTTP response code: 40[13]|Status Code: 40[13]|no providers in chain"
)
NO_CONDITION = r"_delta_log/\d{20}\.json[\s\S]*501 Not Implemented"
NO_S3A = r"ClassNotFoundException: Class org\.apache\.hadoop\.fs\.s3a\."
SILENT = (
    "NETWORK_CONNECTION|REQUEST_TIMEOUT|SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|HTTP response code: 5"
    r"|Generic S3 error|error sending request|Status Code: 5\d\d|UnknownHostException|SdkClientException"
)
DETAIL = re.compile(
    r"Connection refused|[Tt]imed out|dns error|Could not resolve host|connection closed|reset by peer"
    r"|\b5\d\d (?:[A-Z]\w+ ?)+|HTTP response code: 5\d\d|SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE"
)


def _no_bucket(settings: Settings, _: str) -> LakehouseError:
    message = f"{_where(settings)} has no bucket for {settings.storage.uri}; nothing was published."
    return LakehouseError(message, "make the bucket, or name another: LAKEHOUSE_STORAGE__URI=s3://…", Exit.ENVIRONMENT)


def _not_let_in(settings: Settings, text: str) -> LakehouseError:
    found = re.search(NOT_LET_IN, text)
    what = f"{_where(settings)} does not let {_who(settings)} into {settings.storage.uri}"
    message = f"{what} ({found[0] if found else text}); nothing was published."
    remedy = "mend what they may do there, or take others; lakehouse doctor tries them"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT)


def _no_condition(settings: Settings, _: str) -> LakehouseError:
    message = f"{_where(settings)} does not know If-None-Match, by which an entry of a table's log is put only once"
    remedy = "put the lake into a store that does: docs/object_store.md"
    return LakehouseError(f"{message}; nothing was published.", remedy, Exit.ENVIRONMENT)


def _no_s3a(settings: Settings, _: str) -> LakehouseError:
    message = f"The Spark Connect server has no JARs of S3A, by which it would read {settings.storage.uri}"
    remedy = "start it with those of jars.lock: docs/cluster.md says how"
    return LakehouseError(f"{message}; nothing was published.", remedy, Exit.ENVIRONMENT)


def _silent(settings: Settings, text: str) -> LakehouseError:
    found = DETAIL.search(text)
    what = f" ({found[0].strip()})" if found else ""
    message = f"{_where(settings)} does not answer as it should{what}; nothing was published."
    remedy = "repeat the command once it does; lakehouse doctor looks at it"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT)


def recognize(error: BaseException, settings: Settings) -> LakehouseError | None:
    """Return the sentence for an error of the lake's object store; None for any other."""
    text = f"{error}\n{error.__cause__}"
    found = [sentence for pattern, sentence in OF_STORES if settings.storage.uri and re.search(pattern, text)]
    return found[0](settings, text) if found else None


def _where(settings: Settings) -> str:
    return f"The object store {settings.storage.endpoint or f'of Amazon in {settings.storage.region}'}"


def _who(settings: Settings) -> str:
    return "the keys of the environment" if settings.keys.given else "this machine's role"


OF_STORES: Sentences = [
    (NO_S3A, _no_s3a),
    (NO_CONDITION, _no_condition),
    (NO_BUCKET, _no_bucket),
    (NOT_LET_IN, _not_let_in),
    (SILENT, _silent),
]
