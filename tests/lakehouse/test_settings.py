import pytest

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError


def test_a_variable_overlays_the_environments_file_which_overlays_the_base():
    loaded = settings.load({"LAKEHOUSE_ENV": "test", "LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS": "9"})
    assert loaded.spark.shuffle_partitions == 9
    assert loaded.spark.driver_memory == "2g"
    assert loaded.spark.broadcast_threshold == "96m"
    origins = [loaded.origins[f"spark.{key}"] for key in ("shuffle_partitions", "driver_memory", "broadcast_threshold")]
    assert origins == ["LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS", "conf/test.toml", "conf/base.toml"]


def test_the_short_names_stand_for_their_settings(tmp_path):
    loaded = settings.load({"LAKEHOUSE_LAKE": str(tmp_path), "LAKEHOUSE_JARS": "/jars"})
    assert loaded.lake_path == tmp_path
    assert loaded.java.jars == "/jars"


@pytest.mark.parametrize(
    ("environ", "message", "remedy"),
    [
        ({"LAKEHOUSE_RUN__THREDS": "2"}, "Unknown setting LAKEHOUSE_RUN__THREDS.", "did you mean run.threads?"),
        ({"LAKEHOUSE_XYZ": "2"}, "Unknown setting LAKEHOUSE_XYZ.", "`lakehouse config` lists every setting"),
        ({"LAKEHOUSE_RUN__THREADS": "two"}, "LAKEHOUSE_RUN__THREADS=two is not a whole number.", ""),
        ({"LAKEHOUSE_RUN__THREADS": "2.5"}, "run.threads = 2.5 in LAKEHOUSE_RUN__THREADS is not a whole number.", ""),
        (
            {"LAKEHOUSE_ENV": "prod"},
            "LAKEHOUSE_ENV=prod names no file conf/prod.toml.",
            "use one of: cluster, spark, test",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_it(environ, message, remedy):
    with pytest.raises(LakehouseError) as raised:
        settings.load(environ)
    assert (raised.value.message, raised.value.remedy, raised.value.code) == (message, remedy, Exit.USAGE)


def test_an_unknown_key_in_a_file_is_an_error_that_names_the_file(tmp_path, monkeypatch):
    (tmp_path / "base.toml").write_text((settings.CONF / "base.toml").read_text())
    (tmp_path / "mine.toml").write_text("[spark]\ndriver_memry = '1g'\n")
    monkeypatch.setattr(settings, "CONF", tmp_path)
    with pytest.raises(LakehouseError) as raised:
        settings.load({"LAKEHOUSE_ENV": "mine"})
    assert (
        str(raised.value)
        == "Unknown setting spark.driver_memry in conf/mine.toml.\n  → did you mean spark.driver_memory?"
    )
