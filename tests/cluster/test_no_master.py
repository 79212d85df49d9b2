"""A master that does not answer is told by a sentence, once Spark has given up to look for it."""

import pytest

from lakehouse.lake import open_lake

from ..conftest import settings_of
from ..deliveries import FIRST
from ..killing import ended, start

NOBODY = "spark://127.0.0.1:9"


@pytest.mark.cluster
def test_a_master_that_does_not_answer_is_told_by_a_sentence(tmp_path):
    lake = open_lake(settings_of(tmp_path / "lake"))
    FIRST.land(lake, tmp_path)
    named = {"LAKEHOUSE_ENGINE__NAME": "spark", "LAKEHOUSE_SPARK__MASTER": NOBODY}
    code, output = ended(start(lake.settings.lake_path, "-m", "lakehouse.cli", "run", **named))
    assert (code, f"Apache Spark at {NOBODY} stopped" in output) == (4, True), output
    assert lake.ledger.published() is None
