import os
import pickle
import subprocess
import sys

import pytest

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import PROJECT

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_SESSION_TOKEN": "passing"}
LAKE = {"LAKEHOUSE_STORAGE__URI": "s3://lake/shop", "LAKEHOUSE_STORAGE__ENDPOINT": "http://127.0.0.1:9000"}


def store(**environ):
    found = settings.load(LAKE | KEYS | environ).object_store
    assert found is not None
    return found


def test_every_client_is_told_the_same_keys_endpoint_and_region():
    told = store(LAKEHOUSE_STORAGE__REGION="eu-central-1")
    hadoop, delta, sail = told.hadoop(), told.delta_rs(), told.sail()
    assert [hadoop[f"spark.hadoop.fs.s3a.{name}"] for name in ("access.key", "secret.key", "session.token")] == [
        *KEYS.values()
    ]
    assert {name: delta[name.lower()] for name in KEYS} == KEYS == {name: sail[name] for name in KEYS}
    endpoints = hadoop["spark.hadoop.fs.s3a.endpoint"], delta["aws_endpoint"], sail["AWS_ENDPOINT"]
    assert set(endpoints) == {"http://127.0.0.1:9000"}
    regions = hadoop["spark.hadoop.fs.s3a.endpoint.region"], delta["aws_region"], sail["AWS_REGION"]
    assert set(regions) == {"eu-central-1"}
    assert told.arrow().region == "eu-central-1"


def test_the_bucket_stands_in_the_host_for_amazon_and_in_the_path_for_an_endpoint_that_wants_it_so():
    styles = {
        name: store(**changed).delta_rs()["aws_virtual_hosted_style_request"]
        for name, changed in {
            "amazon": {"LAKEHOUSE_STORAGE__ENDPOINT": ""},
            "path": {},
            "host": {"LAKEHOUSE_STORAGE__PATH_STYLE": "false"},
        }.items()
    }
    assert styles == {"amazon": "true", "path": "false", "host": "true"}


def test_the_machines_role_is_asked_without_any_key():
    role = settings.load(LAKE | {"LAKEHOUSE_STORAGE__KEYS_FROM": "instance"}).object_store
    assert not [name for name in [*role.delta_rs(), *role.sail()] if "key" in name.lower()]
    assert role.hadoop()["spark.hadoop.fs.s3a.aws.credentials.provider"].endswith("IAMInstanceCredentialsProvider")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (LAKE, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"),
        (LAKE | KEYS | {"LAKEHOUSE_STORAGE__KEYS_FROM": "instance"}, "some clients would take AWS_ACCESS_KEY_ID"),
    ],
)
def test_keys_that_are_missing_or_in_the_way_are_named(environ, words):
    with pytest.raises(LakehouseError, match=words) as raised:
        settings.load(environ).object_store  # noqa: B018
    assert raised.value.code == Exit.ENVIRONMENT
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URI", "s3a://lake"),
        ("URI", "s3://key:hunter2@lake"),
        ("URI", "file:///lake"),
        ("URI", "s3://lake/"),
        ("ENDPOINT", "127.0.0.1:9000"),
        ("ENDPOINT", "http://key:hunter2@host"),
        ("KEYS_FROM", "profile"),
    ],
)
def test_an_address_that_not_every_client_understands_is_refused_without_its_password(name, value):
    with pytest.raises(LakehouseError, match=f"storage.{name.lower()}.*it must be") as raised:
        settings.load({f"LAKEHOUSE_STORAGE__{name}": value})
    assert raised.value.code == Exit.USAGE
    assert "hunter2" not in str(raised.value)


def test_it_is_sent_into_tasks_with_its_keys_and_shows_none_of_them():
    sent = pickle.loads(pickle.dumps(store()))
    assert sent == store()
    assert sent.keys.given == KEYS
    assert not [
        secret for secret in KEYS.values() if secret in repr(sent) or secret in repr(settings.load(LAKE | KEYS))
    ]


def test_no_listing_of_settings_shows_a_key():
    command = [sys.executable, "-m", "lakehouse.cli", "config"]
    environ = {**os.environ, **LAKE, **KEYS, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert "s3://lake/shop" in done.stdout
    assert not [secret for secret in KEYS.values() if secret in done.stdout + done.stderr]
