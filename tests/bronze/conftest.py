"""Files that come in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"
ROW = "1433152800000,1,view,7,\n"


def write(folder: Path, content: str | bytes, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def land(lake: Lake, tmp_path: Path) -> Callable[..., Receipt]:
    """Land a content as a file of a name, and return its receipt."""
    return lambda content, name="events.csv": landing.accept(lake.landing, write(tmp_path, content, name))[0]


@pytest.fixture
def refusal(land: Callable[..., Receipt]) -> Callable[[str | bytes], str]:
    """Return the sentence with which a content is refused, without the file's name."""

    def sentence(content: str | bytes) -> str:
        with pytest.raises(LakehouseError) as raised:
            land(content)
        assert raised.value.code == Exit.REFUSED
        assert raised.value.remedy
        assert raised.value.message.startswith("events.csv ")
        return raised.value.message.removeprefix("events.csv ")

    return sentence
