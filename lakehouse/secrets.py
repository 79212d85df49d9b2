"""lakehouse.secrets — what may not be shown: values of settings that are secrets, in listings, traces and messages."""

import re
from typing import Any

MASK = "***"
_WORDS = r"secret|passw(?:or)?d|token|credential|(?:access|api|private|account)[._-]?key"
_NAME = re.compile(_WORDS, re.IGNORECASE)
_GIVEN = re.compile(rf"([\w.-]*(?:{_WORDS})[\w.-]*[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;]+)", re.IGNORECASE)
_LOGIN = re.compile(r"(\w+://)[^\s/@]+@")


def is_secret(name: str) -> bool:
    """Say whether a property of this name holds a secret, as `spark.hadoop.fs.s3a.secret.key` does."""
    return _NAME.search(name) is not None


def holds_secret(value: str, name: str = "") -> bool:
    """Say whether a setting is a secret, or gives one in its text, as `-Djavax.net.ssl.keyStorePassword=…` does."""
    return mask(value, name) != value


def mask(value: Any, name: str = "") -> Any:
    """Return a setting's value as it may be shown: texts and tables without what is secret in them."""
    if isinstance(value, dict):
        return {key: mask(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [mask(each, name) for each in value]
    if not isinstance(value, str):
        return value
    return MASK if is_secret(name) and value else hide(value)


def hide(text: str, properties: dict[str, str] | None = None) -> str:
    """Return a text without the secrets among the properties, and without what is given in it as a secret."""
    for name, value in (properties or {}).items():
        if is_secret(name) and value:
            text = text.replace(value, MASK)
    return _LOGIN.sub(rf"\1{MASK}@", _GIVEN.sub(rf"\1{MASK}", text))
