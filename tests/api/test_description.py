"""The description of the interface, and that the interface keeps to it."""

import contextlib
import json
import shutil

import pytest
import schemathesis
from api.conftest import ROOT
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from extractor.api.app import create_app
from extractor.cli import main
from extractor.store import ApiKeys, Scope, Store

PROBLEM = "#/components/schemas/Problem"


@pytest.fixture(scope="module")
def described(seeded, templates, tmp_path_factory):
    """The interface over a folder of its own, as schemathesis takes it, and the headers of its client."""
    out = shutil.copytree(seeded, tmp_path_factory.mktemp("described") / "out")
    with Store.open(f"sqlite:///{out / 'extractor.sqlite'}", audit_key_file=out / "audit.key") as store:
        _, key = ApiKeys(store).add("thử nghiệm", list(Scope))
        app = create_app(store, out, templates=templates, requests_per_second=1e6, wrong_keys_per_second=1e6)
        yield schemathesis.openapi.from_asgi("/v1/openapi.json", app), {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_interface_keeps_to_its_description(described, mode):
    schema, headers = described
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 27
    few = settings(
        max_examples=4, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for operation in operations:

        @few
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case):
            case.call_and_validate(headers=headers)

        with contextlib.suppress(Unsatisfiable):  # what takes no input cannot get a wrong one
            check()


def test_every_operation_tells_its_scope_and_its_problems(app):
    description = app.openapi()
    for path, operations in description["paths"].items():
        for operation in operations.values():
            if path == "/v1/health":
                assert "security" not in operation
                continue
            assert "Needs the scope `" in operation["description"]
            assert operation["security"] == [{"HTTPBearer": []}]
            for status in ("401", "403", "422", "429", "500", "503"):
                content = operation["responses"][status]["content"]
                assert content == {"application/problem+json": {"schema": {"$ref": PROBLEM}}}


def test_the_description_is_served_and_written_alike(app, tmp_path, monkeypatch, templates):
    served = TestClient(app).get("/v1/openapi.json").json()
    assert served["components"]["schemas"]["RunAsked"]["properties"]["form"]["enum"] == ["", "ks-2016"]
    target = tmp_path / "openapi.json"
    command = ["extractor", "api", "schema", "--out", str(target), "--templates", str(templates[0])]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert json.loads(target.read_text()) == served


def test_the_documentation_names_every_scope_and_every_kind_of_answer(app):
    told = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert not [scope for scope in Scope if f"`{scope}`" not in told]
    operations = [operation for path in app.openapi()["paths"].values() for operation in path.values()]
    statuses = {status for operation in operations for status in operation["responses"]}
    assert not [status for status in statuses - {"500"} if int(status) >= 400 and status not in told]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("schema", "--out", "."), "--out .: is a folder"),
        (
            ("key", "add", "{out}", "--name", "x", "--scope", "records:read", "--book", "99"),
            "--book 99: there is no such",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(out, store, monkeypatch, capsys, command, said):
    monkeypatch.setattr("sys.argv", ["extractor", "api", *(part.format(out=out) for part in command)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
