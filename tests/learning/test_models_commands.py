"""Promotion and the way back from the command line: what is said, what is logged, what the reader's name means then."""

import json

import pytest
from support.models import NumberReader, model_folder, used, write_numbered_set
from typer.testing import CliRunner

from extractor.batch.storage import open_store
from extractor.cli.root import app
from extractor.confidence import Certificate, save_certificate
from extractor.errors import EvaluationError, ModelError, SettingsError, StoreError
from extractor.learning import evaluating
from extractor.learning.training_record import TrainingRecord
from extractor.readers import handwriting
from extractor.readers.handwriting.runtime import inspect_folder
from extractor.settings import get_settings

KINDS = ("person_name", "date", "place")


def extractor(*words, code=0):
    """Call the command line; an error is raised as it would be shown."""
    ended = CliRunner().invoke(app, [str(word) for word in words])
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code == code, ended.output
    return " ".join(ended.output.split())


@pytest.fixture
def office(tmp_path, monkeypatch):
    """An office with a shipped reader and its certificate, a set of kept lines, and a candidate that reads better."""
    shipped = model_folder(tmp_path / "models" / "handwriting", "shipped")
    certificate = Certificate(
        evidence="test", target_error=0.02, certainty=0.95, forms={}, groups={},
        readers={"handwriting": inspect_folder(shipped).digest},
    )  # fmt: skip
    save_certificate(tmp_path / "models" / "confidence" / "certificate.json", certificate)
    monkeypatch.setenv("EXTRACTOR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("EXTRACTOR_REGISTRY_DIR", str(tmp_path / "registry"))
    get_settings.cache_clear()
    rows = [{"number": n, "book": f"book-{n % 8}", "kind": KINDS[n % 3]} for n in range(240)]
    write_numbered_set(tmp_path / "set", rows)
    record = TrainingRecord(sets=(used(books=("book-learned",)),))
    model_folder(tmp_path / "candidate", "candidate", record)
    readers = {"handwriting": NumberReader(range(0, 240, 5)), "candidate": NumberReader(range(0, 240, 25))}
    monkeypatch.setattr(evaluating, "HandwritingReader", lambda folder, precision: readers[folder.name])
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    get_settings.cache_clear()


def reader_in_use(monkeypatch):
    """Version of what the registered name gives now."""

    class Named:
        def __init__(self, folder, precision):
            self.name, self.version = "handwriting", inspect_folder(folder).digest

    with monkeypatch.context() as patch:
        made = {}
        patch.setattr(handwriting, "register_reader", made.__setitem__)
        patch.setattr(handwriting, "HandwritingReader", Named)
        handwriting.register_builtin_readers()
        return made["handwriting"]().version


def test_the_whole_way_there_and_back(office, monkeypatch):
    out = office / "out"
    out.mkdir()
    with open_store(out):
        pass
    shipped, digest = (inspect_folder(office / name).digest for name in ("models/handwriting", "candidate"))
    assert "holds for it" in extractor("model", "list")
    said = extractor("model", "evaluate", "candidate", "--on", "set", "--out", "evaluation")
    assert "person_name" in said and "differences.png" in said
    assert (office / "evaluation" / "differences.png").is_file()
    assert not list((office / "evaluation").glob("*.part*"))
    said = extractor(
        "model", "promote", "candidate", "--evaluation", "evaluation/evaluation.json", "--person", "Tổ số hóa",
        "--log-in", out,
    )  # fmt: skip
    assert f"In use now: {digest}, in place of 0" in said and "every field goes to people" in said
    assert reader_in_use(monkeypatch) == digest
    rows = json.loads(CliRunner().invoke(app, ["model", "list", "--json"]).output)
    assert [(row["version"], row["in_use"], row["by"]) for row in rows] == [
        ("0", False, ""), (digest, True, "Tổ số hóa"),
    ]  # fmt: skip
    assert rows[1]["lines"] == 240 and rows[1]["exact"]["candidate"] > rows[1]["exact"]["current"]
    assert digest in extractor("model", "list")
    said = extractor("model", "rollback", "--person", "Tổ số hóa", "--log-in", out)
    assert "In use now: 0" in said and "holds for it" in said
    assert reader_in_use(monkeypatch) == shipped
    with open_store(out) as store:
        assert store.verify_audit().ok and store.verify_audit().events == 2
    # What was gone back from is still a version, for whoever names it.
    assert "the very model" in str(raised(EvaluationError, "model", "evaluate", digest, "--on", "set", "--against",
                                          "candidate"))  # fmt: skip


def raised(error, *words):
    with pytest.raises(error) as caught:
        extractor(*words)
    return caught.value


def test_a_log_that_cannot_be_opened_changes_nothing(office):
    extractor("model", "evaluate", "candidate", "--on", "set", "--out", "evaluation")
    promote = ("model", "promote", "candidate", "--evaluation", "evaluation/evaluation.json", "--person", "x")
    raised(StoreError, *promote, "--log-in", office / "nowhere")
    assert not (office / "registry" / "current.json").exists()


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("train",), SettingsError, "nothing to train on"),
        (("train", "--from", "set"), SettingsError, "needs a folder"),
        (("train", "r.yaml", "--out", "x"), SettingsError, "belong to --from"),
        (("train", "--from", "set", "--out", "x", "--start", "nowhere"), SettingsError, "names no version"),
        (("train", "--from", "set", "--out", "x", "--log-to", "paper"), SettingsError, "no log"),
        (("model", "evaluate", "nowhere", "--on", "set"), SettingsError, "names no version"),
        (("model", "evaluate", "set", "--on", "set"), ModelError, "no config.json"),
        (("model", "rollback", "--person", "x"), SettingsError, "none before it"),
        (("model", "promote", "candidate", "--evaluation", "x.json", "--person", "x"), EvaluationError, "x.json"),
    ],
)
def test_what_cannot_be_done_is_told_plainly(office, words, error, said):
    assert said in str(raised(error, *words))
