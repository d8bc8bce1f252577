"""Versions of the reader: promoted only where the evaluation shows it, switched as a whole, gone back to."""

import fcntl
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from support.models import model_folder, settings_for, used

from extractor.confidence import Certificate
from extractor.doctor.parts import look_at_models
from extractor.errors import EvaluationError, ModelError, SettingsError
from extractor.learning.comparison import Comparison, Figure, Lines, Slice
from extractor.learning.hand_reader import HandLearner
from extractor.learning.promotion import load_rule, objections, shipped_rule
from extractor.learning.registry import Registry
from extractor.learning.training_record import TrainingRecord
from extractor.readers.handwriting import base_digest
from extractor.readers.handwriting.in_use import model_in_use, read_current
from extractor.readers.handwriting.runtime import inspect_folder

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
WHO = {"by": "Tổ số hóa", "at": NOW}


def figure(difference, half=0.01, now=0.8):
    return Figure(
        current=now, candidate=now + difference, difference=difference, low=difference - half, high=difference + half
    )


def a_slice(by, name, difference, *, lines=100, half=0.01):
    better = figure(-difference, half, 0.1)
    return Slice(
        by=by, name=name, lines=lines, groups=9, cer=better, wer=better, exact=figure(difference, half), ece=better
    )


def comparison(candidate, current, *, kinds=None, whole=0.05, part="held_out", groups=9, books=("book-1",)):
    kinds = {"person_name": 0.05, "date": 0.0, "place": 0.05} if kinds is None else kinds
    return Comparison(
        candidate=inspect_folder(candidate).digest, current=inspect_folder(current).digest, precision="float32",
        on=Lines(set="a" * 64, purpose="trial", consent="invented", part=part, lines=300, groups=groups, books=books,
                 hands=books, pixels=()),
        certainty=0.95, draws=100, broken=(), mended=3,
        slices=(a_slice("all", "all", whole), *(a_slice("kind", name, value) for name, value in kinds.items())),
    ).sealed()  # fmt: skip


@pytest.fixture
def office(tmp_path):
    """A registry over a shipped model, and a candidate."""
    registry = Registry(settings_for(tmp_path))
    model_folder(tmp_path / "candidate", "candidate", TrainingRecord(sets=(used(books=("book-train",)),)))
    return registry, tmp_path / "candidate"


def promote(registry, candidate, **changes):
    return registry.promote(candidate, comparison(candidate, registry.in_use.folder, **changes), shipped_rule(), **WHO)


def digest_in_use(registry):
    return inspect_folder(registry.in_use.checked()).digest


def test_a_better_candidate_comes_into_use_and_is_gone_back_from(office, tmp_path, monkeypatch):
    registry, candidate = office
    settings = settings_for(tmp_path)
    for module in ("extractor.settings", "extractor.learning.hand_reader"):
        monkeypatch.setattr(f"{module}.get_settings", lambda: settings)
    shipped, digest = digest_in_use(registry), inspect_folder(candidate).digest
    certificate = Certificate(
        evidence="test", target_error=0.02, certainty=0.95, forms={"ks-2016": "1"}, readers={"handwriting": shipped},
        groups={},
    )  # fmt: skip
    assert certificate.covers("ks-2016", "1", {"handwriting": digest_in_use(registry)})
    switch = promote(registry, candidate)
    assert (switch.version, switch.replaced, registry.in_use.version) == (digest, "0", digest)
    assert digest_in_use(registry) == digest
    assert HandLearner(tmp_path / "adapted").base == base_digest() == digest  # hands are learnt on the reader in use
    assert next(look_at_models(settings)).told == f"{registry.in_use.folder}, version {digest}, float32"
    assert not certificate.covers("ks-2016", "1", {"handwriting": digest_in_use(registry)})
    kept = registry.folder / "versions" / digest
    assert {path.name for path in kept.iterdir()} == {
        "config.json", "model.safetensors", "training.json", "evaluation.json", "rule.yaml",
    }  # fmt: skip
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept.iterdir()}
    registry.roll_back(**WHO)
    assert digest_in_use(registry) == shipped
    assert certificate.covers("ks-2016", "1", {"handwriting": digest_in_use(registry)})
    with pytest.raises(SettingsError, match="none before it"):
        registry.roll_back(**WHO)
    promote(registry, candidate)  # once more: what lies there is not written again
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept.iterdir()} == before
    listed = registry.versions()
    assert [(version.version, version.in_use) for version in listed] == [("0", False), (digest, True)]
    assert listed[1].since == NOW and listed[1].comparison.whole.exact.difference == pytest.approx(0.05)


def test_the_way_back_leads_through_all_former_models(office, tmp_path):
    registry, first = office
    second = model_folder(tmp_path / "second", "second")
    one, two = (inspect_folder(folder).digest for folder in (first, second))
    promote(registry, first)
    promote(registry, second)
    assert [registry.roll_back(**WHO).version for _ in range(2)] == [one, "0"]
    assert registry.roll_back(two[:6], **WHO).version == two
    with pytest.raises(SettingsError, match="is in use"):
        registry.roll_back(two, **WHO)
    with pytest.raises(SettingsError, match="names no version"):
        registry.roll_back("beef", **WHO)
    assert registry.roll_back("0", **WHO).version == "0"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"whole": 0.005}, "All lines"),
        ({"kinds": {"person_name": 0.1, "date": -0.02, "place": 0.1}}, "date: exact lines change"),
        ({"kinds": {"person_name": 0.1, "date": 0.1}}, "place: 0 lines were read"),
        ({"kinds": {"person_name": 0.1, "date": 0.1, "place": 0.1, "relation": -0.2}}, "relation"),
        ({"groups": 4}, "4 groups"),
        ({"part": "tuning"}, "part 'tuning'"),
        ({"books": ("book-train",)}, "learned from 1 of the books"),
    ],
)
def test_what_is_not_shown_is_not_promoted(office, changes, said):
    registry, candidate = office
    with pytest.raises(EvaluationError, match=said):
        promote(registry, candidate, **changes)
    assert registry.in_use.version == "0" and not (registry.folder / "current.json").exists()
    assert not list(registry.folder.glob("versions/*"))


def test_the_rule_lets_small_falls_pass_and_offices_have_their_own(office, tmp_path):
    registry, candidate = office
    found = comparison(candidate, registry.in_use.folder, kinds={"person_name": 0.1, "date": -0.005, "place": 0.1})
    assert objections(found, load_rule(shipped_rule())) == []
    entries = yaml.safe_load(shipped_rule().read_text("utf-8"))
    entries["kinds"]["date"]["may_fall"] = 1.0
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(entries), "utf-8")
    assert "date" in objections(found, load_rule(tmp_path / "own.yaml"))[0]
    entries["kinds"]["date"]["may_fall"] = -1
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(entries), "utf-8")
    with pytest.raises(SettingsError, match=r"kinds\.date\.may_fall"):
        load_rule(tmp_path / "own.yaml")
    (tmp_path / "own.yaml").write_text(":\n-", "utf-8")
    with pytest.raises(SettingsError, match="no YAML"):
        load_rule(tmp_path / "own.yaml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_rule(tmp_path / "none.yaml")


def test_an_evaluation_belongs_to_these_very_models(office, tmp_path):
    registry, candidate = office
    other = model_folder(tmp_path / "other", "other")
    of_other = comparison(other, registry.in_use.folder)
    with pytest.raises(EvaluationError, match="The evaluation is of the model"):
        registry.promote(candidate, of_other, shipped_rule(), **WHO)
    against_other = comparison(candidate, other)
    with pytest.raises(EvaluationError, match="another one is in use now"):
        registry.promote(candidate, against_other, shipped_rule(), **WHO)


def test_of_two_promotions_at_once_one_wins(office, tmp_path):
    registry, first = office
    second = model_folder(tmp_path / "second", "second")
    both = {folder: comparison(folder, registry.in_use.folder) for folder in (first, second)}
    registry.folder.mkdir()
    with (registry.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="somebody else changes"):
            registry.promote(first, both[first], shipped_rule(), **WHO)
    registry.promote(first, both[first], shipped_rule(), **WHO)
    with pytest.raises(EvaluationError, match="another one is in use now"):
        registry.promote(second, both[second], shipped_rule(), **WHO)
    assert registry.in_use.version == inspect_folder(first).digest


@pytest.mark.parametrize("step", range(2))
def test_a_killed_promotion_leaves_the_former_model_in_use(office, monkeypatch, step):
    """Killed before the version, and before the file that names it, takes its place."""
    registry, candidate = office
    replace, calls = Path.replace, []

    def killed(self, target):
        calls.append(target)
        if len(calls) > step:
            raise SystemExit
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(SystemExit):
            promote(registry, candidate)
    assert registry.in_use.version == "0" and read_current(registry.folder) is None
    promote(registry, candidate)
    assert registry.in_use.version == inspect_folder(candidate).digest
    assert not list(registry.folder.glob("versions/.*"))


def test_a_version_that_was_changed_does_not_read(office):
    registry, candidate = office
    promote(registry, candidate)
    (registry.in_use.folder / "model.safetensors").write_bytes(b"another")
    with pytest.raises(ModelError, match="not the one that was promoted"):
        registry.in_use.checked()
    registry.roll_back("0", **WHO)
    assert registry.in_use.version == "0"
    (registry.folder / "current.json").write_text(json.dumps({"version": "../x"}), "utf-8")
    with pytest.raises(ModelError, match="cannot be told which model"):
        model_in_use(registry._settings)


def test_another_model_in_the_settings_is_meant(office, tmp_path):
    registry, candidate = office
    promote(registry, candidate)
    assert model_in_use(settings_for(tmp_path, handwriting_model="handwriting-open")).folder.name == "handwriting-open"
    assert model_in_use(settings_for(tmp_path)).version != "0"


def test_with_another_model_in_the_settings_nothing_is_gone_back_from(office, tmp_path):
    registry, candidate = office
    version = promote(registry, candidate).version
    elsewhere = Registry(settings_for(tmp_path, handwriting_model="handwriting-open"))
    for wanted in ("", "0", version):
        with pytest.raises(SettingsError, match="promoted over 'handwriting'"):
            elsewhere.roll_back(wanted, **WHO)
    assert registry.in_use.version == version


def test_a_version_without_its_evaluation_is_still_listed(office):
    registry, candidate = office
    version = promote(registry, candidate).version
    (registry.folder_of(version) / "evaluation.json").unlink()
    assert [(item.version, item.comparison) for item in registry.versions()] == [("0", None), (version, None)]
    assert registry.roll_back(**WHO).version == "0"
