"""The office's registry of readers: versions that are never changed, and one file that says which is in use.

The file is replaced as a whole, after the version it names lies there whole: a process that is killed at any moment
leaves the former model in use. Whoever changes something holds the registry's lock.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from extractor.errors import EvaluationError, SettingsError
from extractor.file_locks import lock
from extractor.learning.comparison import COMPARISON_FILE, Comparison, read_comparison
from extractor.learning.evaluating import refuse_learned
from extractor.learning.promotion import load_rule, objections
from extractor.learning.training_record import CARD_FILE, TRAINING_FILE, read_training_record
from extractor.readers.handwriting.in_use import (
    CURRENT_FILE,
    SHIPPED,
    VERSIONS,
    Current,
    ModelInUse,
    Switch,
    model_in_use,
    read_current,
    version_folder,
)
from extractor.readers.handwriting.runtime import LANGUAGE_FILE, inspect_folder
from extractor.settings import Settings

RULE_FILE = "rule.yaml"
_FILES = ("config.json", "model.safetensors", LANGUAGE_FILE, TRAINING_FILE, CARD_FILE)
_LEAST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Version:
    """A model of the registry.

    Args:
        version: its digest, or ``0``.
        folder: where it lies.
        in_use: whether it is in use now.
        since: when it last came into use; none for one that was never promoted here.
        by: who did that.
        comparison: what it was promoted on; none for version 0.
    """

    version: str
    folder: Path
    in_use: bool
    since: datetime | None
    by: str
    comparison: Comparison | None


class Registry:
    """Versions of the handwriting reader.

    Args:
        settings: say where the registry and the shipped model are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = settings.registry_dir

    @property
    def in_use(self) -> ModelInUse:
        """The model in use.

        Raises:
            ModelError: the registry is damaged.
        """
        return model_in_use(self._settings)

    def current(self) -> Current:
        """What the registry says.

        Raises:
            ModelError: the registry is damaged.
        """
        return read_current(self.folder) or Current(base=self._settings.handwriting_model)

    def versions(self) -> list[Version]:
        """All versions, version 0 first and the others as they were promoted.

        Raises:
            ModelError: the registry is damaged.
        """
        current, in_use = self.current(), self.in_use
        last = {switch.version: switch for switch in current.switches}
        found = [SHIPPED, *dict.fromkeys(switch.version for switch in current.switches if switch.version != SHIPPED)]
        return [
            Version(
                version,
                self.folder_of(version),
                version == in_use.version,
                last[version].at if version in last else None,
                last[version].by if version in last else "",
                None if version == SHIPPED else read_comparison(self.folder_of(version) / COMPARISON_FILE),
            )
            for version in found
        ]

    def folder_of(self, version: str) -> Path:
        """Where a version lies."""
        if version == SHIPPED:
            return self._settings.models_dir / self._settings.handwriting_model
        return version_folder(self.folder, version)

    def find(self, name: str) -> str:
        """The version that a person names: ``0``, a digest or the beginning of one.

        Raises:
            SettingsError: none or several are named so.
        """
        known = [SHIPPED, *sorted(path.name for path in (self.folder / VERSIONS).glob("[0-9a-f]*") if path.is_dir())]
        found = [version for version in known if version == name]
        if not found and len(name) >= _LEAST_PREFIX:
            found = [version for version in known if version.startswith(name)]
        if len(found) > 1:
            raise SettingsError(f"'{name}' is the beginning of {len(found)} versions.", mend="Give more of its digits.")
        if not found:
            raise SettingsError(
                f"'{name}' names no version of the registry, and no folder.", mend="See 'extractor model list'."
            )
        return found[0]

    def model(self, name: str) -> Path:
        """The folder of a model that is named by its path or by its version.

        Raises:
            SettingsError: it is neither.
        """
        folder = Path(name)
        return folder if folder.is_dir() else self.folder_of(self.find(name))

    def promote(self, candidate: Path, comparison: Comparison, rule: Path, *, by: str, at: datetime) -> Switch:
        """Put a candidate into the registry and make it the one in use.

        Args:
            candidate: its folder.
            comparison: what it rests on: of this candidate, against the model in use.
            rule: what it must show.
            by: who decides this.
            at: the present.

        Raises:
            EvaluationError: the comparison is of other models or of lines that the candidate learned from, or the
                candidate does not show what the rule asks.
            SettingsError: somebody else changes the registry at this moment, or it cannot be written.
            ModelError: the candidate or the registry is damaged.
        """
        asked = load_rule(rule)
        with self._alone():
            digest, former = inspect_folder(candidate).digest, self.in_use
            if comparison.candidate != digest:
                raise EvaluationError(
                    f"The evaluation is of the model {comparison.candidate}; {candidate} holds {digest}.",
                    mend="Evaluate this candidate.",
                )
            if comparison.current != inspect_folder(former.folder).digest:
                raise EvaluationError(
                    f"The evaluation is against the model {comparison.current}, and another one is in use now.",
                    mend="Evaluate the candidate against the model in use.",
                )
            if comparison.on.part != "held_out":
                raise EvaluationError(
                    f"The evaluation is on the part '{comparison.on.part}'.", mend="Evaluate on the part 'held_out'."
                )
            refuse_learned(comparison.on, read_training_record(candidate), "candidate")
            if against := objections(comparison, asked):
                raise EvaluationError(
                    " ".join(["The candidate may not take over.", *against]),
                    mend="Train it on more lines, or decide on another rule with --rule.",
                )
            self._add(candidate, digest, comparison, rule)
            return self._switch(Switch(version=digest, replaced=former.version, how="promoted", at=at, by=by))

    def roll_back(self, version: str = "", *, by: str, at: datetime) -> Switch:
        """Make a former version the one in use.

        Args:
            version: which one; without it, the one that the model in use took the place of.
            by: who decides this.
            at: the present.

        Raises:
            SettingsError: there is no such version, or it is in use; or somebody else changes the registry.
            ModelError: the version or the registry is damaged.
        """
        with self._alone():
            current = self.current()
            wanted = self.find(version) if version else self._before(current)
            if wanted == current.version:
                raise SettingsError(f"The version {wanted} is in use.", mend="See 'extractor model list'.")
            inspect_folder(ModelInUse(self.folder_of(wanted), wanted).checked())
            return self._switch(Switch(version=wanted, replaced=current.version, how="rolled_back", at=at, by=by))

    def _before(self, current: Current) -> str:
        promoted = [s for s in current.switches if s.version == current.version and s.how == "promoted"]
        if not promoted:
            raise SettingsError(
                "The model that came with the product is in use; there is none before it.",
                mend="Name the version: see 'extractor model list'.",
            )
        return promoted[-1].replaced

    def _add(self, candidate: Path, digest: str, comparison: Comparison, rule: Path) -> None:
        """Copy a candidate to its place, whole; one that is there already stays as it is."""
        target = self.folder_of(digest)
        if target.exists():
            ModelInUse(target, digest).checked()
            return
        for left in (self.folder / VERSIONS).glob(".*.partial"):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed
        partial = target.with_name(f".{digest}.partial")
        partial.mkdir(parents=True)
        for name in _FILES:
            if (candidate / name).is_file():
                _copy(candidate / name, partial / name)
        (partial / COMPARISON_FILE).write_text(comparison.to_json(), "utf-8")
        _copy(rule, partial / RULE_FILE)
        ModelInUse(partial, digest).checked()
        partial.replace(target)

    def _switch(self, switch: Switch) -> Switch:
        current = self.current()
        base = self._settings.handwriting_model
        whole = Current(version=switch.version, base=base, switches=(*current.switches, switch))
        part = self.folder / f"{CURRENT_FILE}.part"
        with part.open("w", encoding="utf-8") as file:
            file.write(whole.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.folder / CURRENT_FILE)
        return switch

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the registry; the lock goes with the process, however it ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            held = (self.folder / ".lock").open("w")
        except OSError as error:
            raise SettingsError(
                f"{self.folder}: the registry cannot be written ({error.strerror}).",
                mend="Set EXTRACTOR_REGISTRY_DIR to a folder that can be.",
            ) from error
        with held:
            try:
                lock(held, wait=False)
            except OSError as error:
                raise SettingsError(
                    f"{self.folder}: somebody else changes the registry at this moment.",
                    mend="Wait, then look at 'extractor model list' and evaluate again.",
                ) from error
            yield


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
