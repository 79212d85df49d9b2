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


OUT_OF_BOUNDS = {
    "RUN__THREADS": ("0", "1 or more"),
    "RUN__MAX_REFUSED_SHARE": ("20", "from 0 to 1"),
    "RUN__MAX_CHANGED_SHARE": ("nan", "0 or more"),
    "SAMPLE__SCALE": ("inf", "more than 0"),
    "SAMPLE__FAULTS": ("-0.1", "from 0 to 1"),
    "MODEL__TEST_SHARE": ("1", "between 0 and 1"),
    "MAINTENANCE__KEEP_HOURS": ("-1", "from 0 to 100000"),
    "MLFLOW__PORT": ("0", "from 1 to 65535"),
    "APP__PORT": ("65536", "from 0 to 65535"),
    "ENGINE__NAME": ("duckdb", '"sail" or "spark"'),
    "ENGINE__MEMORY": ("much", 'a size such as "5g" or "512m"'),
    "SPARK__DRIVER_MEMORY": ("0g", 'a size such as "5g" or "512m"'),
    "SPARK__MAX_PARTITION_BYTES": ("999999999t", 'a size such as "5g" or "512m"'),
    "LAKE__PATH": ("", "a text that is not empty"),
}


@pytest.mark.parametrize("name", OUT_OF_BOUNDS)
def test_a_value_out_of_bounds_is_told_with_its_key_its_origin_and_what_it_may_be(name):
    text, wanted = OUT_OF_BOUNDS[name]
    key = name.lower().replace("__", ".")
    with pytest.raises(LakehouseError) as raised:
        settings.load({f"LAKEHOUSE_{name}": text})
    assert raised.value.message.startswith(f"{key} = ")
    assert f" in LAKEHOUSE_{name} is out of bounds: it must be {wanted}" in raised.value.message
    assert raised.value.code == Exit.USAGE


def test_values_at_the_edge_of_their_bounds_are_taken():
    edges = {"RUN__THREADS": "1", "RUN__MAX_REFUSED_SHARE": "1", "RUN__MAX_CHANGED_SHARE": "1e9", "APP__PORT": "0"}
    loaded = settings.load({f"LAKEHOUSE_{name}": text for name, text in edges.items()})
    assert (loaded.run.threads, loaded.run.max_refused_share, loaded.run.max_changed_share) == (1, 1.0, 1e9)
    assert loaded.app.port == 0


def test_what_a_table_of_properties_is_not_is_told_without_what_it_holds():
    for text in ("{'fs.s3a.secret.key' = 'hunter2'", "{'fs.s3a.secret.key' = ['hunter2']}", "'hunter2'"):
        with pytest.raises(LakehouseError, match="is not a table of texts") as raised:
            settings.load({"LAKEHOUSE_SPARK__CONF": text})
        assert "hunter2" not in str(raised.value)


def test_a_file_that_is_not_toml_is_named(tmp_path, monkeypatch):
    (tmp_path / "base.toml").write_text("[lake\n")
    monkeypatch.setattr(settings, "CONF", tmp_path)
    with pytest.raises(LakehouseError, match=r"^conf/base.toml is not a TOML file: "):
        settings.load({})


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
