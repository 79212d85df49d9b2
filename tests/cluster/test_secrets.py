"""Neither the store's keys nor the cluster's secret stand on a command line, in a log or in a file of a cluster."""

import stat

import psutil
import pytest

from ..deliveries import FIRST
from ..killing import PATIENCE, RUN, kill, start
from ..object_stores import KEYS
from .conftest import variables
from .standalone import Cluster

pytestmark = pytest.mark.cluster


def command_lines() -> str:
    """Return the command lines of all processes of this machine."""
    return "\n".join(" ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"]))


def test_keys_and_secret_are_on_no_command_line_in_no_log_and_in_no_file_that_others_may_read(
    cluster: Cluster, stored, tmp_path
):
    events = tmp_path / "events"
    events.mkdir()
    logged = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
    }
    surroundings = cluster.variables(**logged) | variables(stored.settings)
    FIRST.land(stored, tmp_path)
    seen, said = [], []
    few = {"LAKEHOUSE_LAYERS": '["bronze", "silver"]'}
    with start(stored.settings.lake_path, *RUN, **surroundings, **few) as driver:
        try:
            for line in driver.stdout:
                said.append(line)
                seen.append(command_lines())
            driver.wait(timeout=PATIENCE)
        finally:
            kill(driver)
    assert driver.returncode == 0, "".join(said)
    assert any("CoarseGrainedExecutorBackend" in each and "SparkSubmit" in each for each in seen)
    hidden = [KEYS.secret, KEYS.access, cluster.secret]
    assert [word for word in hidden if word in "".join(seen + said)] == []
    told = b"".join(each.read_bytes() for each in events.rglob("*") if each.is_file())
    assert b"spark.hadoop.fs.s3a.secret.key" in told
    files = [each for folder in (cluster.folder, tmp_path) for each in folder.rglob("*") if each.is_file()]
    holding = [path for path in files if any(word.encode() in path.read_bytes() for word in hidden)]
    assert [(path, stat.S_IMODE(path.stat().st_mode)) for path in holding] == [(cluster.folder / "properties", 0o600)]
