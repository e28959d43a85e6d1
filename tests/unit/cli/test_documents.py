"""CloudProvider and Secrets from a file, read nearly as kubectl reads it."""

import base64
import io
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cloudops.cli.documents import note_suspension, read_file
from cloudops.domain.errors import AccessError, InvalidInputError

pytestmark = pytest.mark.unit

PROVIDER = """
apiVersion: cloudops.dev/v1alpha1
kind: CloudProvider
metadata: {name: prod, namespace: platform}
spec:
  type: aws
  aws:
    credentials: {source: Secret, secretRef: {name: keys}}
    accounts: {ids: ["012345670123"]}
"""
SECRET = """
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: platform}
stringData:
  AWS_ACCESS_KEY_ID: AKIAEXAMPLE
  AWS_SECRET_ACCESS_KEY: |
    canary-secret
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary-secret"}


@pytest.fixture
def read(tmp_path, monkeypatch):
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)

    def read(text):
        path = tmp_path / "provider.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_file(path)

    return read


def refusal(read, text):
    with pytest.raises(InvalidInputError) as refused:
        read(text)
    return str(refused.value)


@pytest.mark.parametrize("name", ["name: [keys]", "name: 7", "namespace: [a], name: keys", "a: b"])
def test_a_secret_whose_name_is_no_text_is_refused(read, name):
    text = PROVIDER + SECRET.replace("name: keys, namespace: platform", name)

    assert "a Secret needs metadata.name" in refusal(read, text)


def test_a_secret_without_a_namespace_is_one_of_the_default_namespace(read):
    _, secrets = read(PROVIDER + SECRET.replace("namespace: platform", "namespace: null"))

    assert secrets.read("default", "keys") == KEYS


def test_a_provider_and_the_secret_beside_it(read):
    provider, secrets = read(PROVIDER + SECRET)

    assert (provider.metadata.namespace, provider.metadata.name) == ("platform", "prod")
    assert provider.spec.aws.accounts.ids == ("012345670123",)
    assert secrets.read("platform", "keys") == KEYS


def test_encoded_data_is_decoded(read):
    encoded = base64.b64encode(b"AKIAEXAMPLE\n").decode()
    document = (
        f"---\nkind: Secret\nmetadata: {{name: keys}}\ndata: {{AWS_ACCESS_KEY_ID: {encoded}}}"
    )

    _, secrets = read(PROVIDER + document)

    assert secrets.read("default", "keys") == {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}


def test_a_secret_that_is_not_there_comes_from_the_environment(read, monkeypatch):
    _, secrets = read(PROVIDER)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    assert secrets.read("platform", "keys") == KEYS


def test_the_file_wins_over_the_environment(read, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    _, secrets = read(PROVIDER + SECRET)

    assert secrets.read("platform", "keys")["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"


def test_neither_here_nor_there_is_a_missing_secret(read):
    _, secrets = read(PROVIDER)

    with pytest.raises(AccessError) as missing:
        secrets.read("platform", "keys")
    assert missing.value.reason == "SecretNotFound"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        pytest.param('["012345670123"]', None, id="quoted"),
        pytest.param("[012345670123]", "spec.aws.accounts.ids[0]", id="leading-zero"),
        pytest.param("[111122223333]", "spec.aws.accounts.ids[0]", id="number"),
        pytest.param("[1.11122223333e11]", "spec.aws.accounts.ids[0]", id="float"),
    ],
)
def test_an_account_id_needs_quotes(read, written, place):
    text = PROVIDER.replace('["012345670123"]', written)

    if place is None:
        read(text)
    else:
        assert place in refusal(read, text)


@pytest.mark.parametrize(
    "word", ["2025-01-01", "2025-01-01T10:00:00Z", "22:00", "1_000x", "0x", "no"]
)
def test_what_only_older_yaml_takes_for_something_else_stays_a_string(read, word):
    text = PROVIDER.replace("accounts: {", f"accounts: {{memberExternalID: {word}, ")

    provider, _ = read(text)

    assert provider.spec.aws.accounts.member_external_id == word


def test_dates_in_annotations_are_no_obstacle(read):
    text = PROVIDER.replace("{name: prod", "{annotations: {since: 2025-01-01}, name: prod")

    provider, _ = read(text)

    assert provider.metadata.name == "prod"


@pytest.mark.parametrize("word", ["yes", "on", "no", "off"])
def test_a_switch_is_true_or_false(read, word):
    assert "spec.suspend" in refusal(read, PROVIDER + f"  suspend: {word}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "one CloudProvider is needed, 0 found", id="empty"),
        pytest.param(SECRET, "one CloudProvider is needed, 0 found", id="none"),
        pytest.param(PROVIDER + "---" + PROVIDER, "2 found", id="two"),
        pytest.param("a: [", "is not YAML: line", id="no-yaml"),
        pytest.param("a: 1\na: 2", "is not YAML: line", id="twice-the-same-key"),
        pytest.param("just text", "every document must be a Kubernetes object", id="text"),
        pytest.param("- a", "every document must be a Kubernetes object", id="list"),
        pytest.param(b"\xff\xfe\x00", "is not YAML: it is not UTF-8", id="bytes"),
        pytest.param("a: " + "[" * 5_000, "it is nested too deeply", id="deep"),
        pytest.param("a: \x07", "is not YAML", id="control-character"),
        pytest.param(PROVIDER + "  nonsense: 1\n", "spec.nonsense: unknown field", id="unknown"),
        pytest.param(
            PROVIDER + "---\nkind: Secret\nmetadata: []\ndata: 1",
            "data of a Secret",
            id="data-is-no-object",
        ),
        pytest.param(
            PROVIDER + "---\nkind: Secret\nmetadata: [x]", "metadata of a Secret", id="odd-metadata"
        ),
        pytest.param(
            PROVIDER + "---\nkind: Secret\ndata: {key: '%%%'}", "must be base64", id="no-base64"
        ),
        pytest.param(
            PROVIDER + "---\nkind: Secret\ndata: {key: //79}", "must be base64", id="no-text"
        ),
        pytest.param(
            PROVIDER + "---\nkind: Secret\nstringData: {key: 0123}",
            "numbers need quotes",
            id="number",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(read, text, message):
    told = refusal(read, text)

    assert message in told
    assert "provider.yaml" in told
    assert "\n" not in told


def test_standard_input_is_read_as_a_file_is(monkeypatch):
    text = io.TextIOWrapper(io.BytesIO((PROVIDER + SECRET).encode()))
    # It is the process's own; the text is real.
    monkeypatch.setattr("sys.stdin", text)

    provider, secrets = read_file(Path("-"))

    assert provider.metadata.name == "prod"
    assert secrets.read("platform", "keys") == KEYS


@pytest.mark.parametrize("api", ["v1", "cloudops.dev/v1alpha1"])
def test_a_list_is_what_it_holds(read, api):
    documents = [YAML(typ="safe").load(text) for text in (PROVIDER, SECRET.replace("---", ""))]
    listed = {"apiVersion": api, "kind": "List", "items": documents}

    provider, secrets = read(json.dumps(listed))

    assert provider.metadata.name == "prod"
    assert secrets.read("platform", "keys") == KEYS


@pytest.mark.parametrize("items", [None, "text", {"kind": "CloudProvider"}, [1], [[]]])
def test_a_list_of_anything_else_is_refused(read, items):
    told = refusal(read, json.dumps({"kind": "List", "items": items}))

    assert "/provider.yaml: " in told


def test_a_mistake_beside_a_secret_does_not_print_it(read):
    told = refusal(read, PROVIDER + SECRET + '  KEY: "canary-two\n  x: [')

    assert "canary" not in told


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidInputError, match="No such file"):
        read_file(tmp_path / "missing.yaml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InvalidInputError, match="directory"):
        read_file(tmp_path)


def test_a_suspended_provider_is_told_of_on_stderr_and_no_other(read, capsys):
    note_suspension(read(PROVIDER)[0])
    assert capsys.readouterr() == ("", "")

    note_suspension(read(PROVIDER.replace("spec:\n", "spec:\n  suspend: true\n"))[0])
    told = "note: spec.suspend is set; a command reads all the same\n"
    assert capsys.readouterr() == ("", told)
