"""What stands behind an export: the certificate of the last run, the chain of events, and approvals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from extractor.confidence import Certificate
from extractor.errors import ExportError
from extractor.store import Store
from extractor.store.activity import exports
from extractor.store.audit import MACHINE
from extractor.store.signatures import Signature, given, signature
from extractor.whole_files import take_place

FILE = "certificate.json"

_ACTION = "exported"


def remember_assurance(out: Path, certificate: Certificate | None, suspended: Sequence[str]) -> None:
    """Keep in the output folder which certificate the last run went by; exports made later state it.

    Args:
        certificate: none where the run had none, so that people decide every field.
        suspended: for which groups of fields it does not count at present, a sentence each.
    """
    content: dict[str, object] = {"in_force": False}
    if certificate is not None:
        content = {
            "in_force": True,
            "sha256": hashlib.sha256(certificate.model_dump_json().encode()).hexdigest(),
            "evidence": certificate.evidence,
            "target_error": certificate.target_error,
            "certainty": certificate.certainty,
            "made": certificate.made,
            "suspended": sorted(suspended),
        }
    part = out / f"{FILE}.part"
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    take_place(part, out / FILE)


def read_assurance(out: Path) -> dict[str, object] | None:
    """Which certificate the last run went by; none where no run has said so.

    Raises:
        ExportError: the file is damaged.
    """
    path = out / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{path} is damaged.", mend="Delete it and run the same input again.") from error
    return dict(content)


class StoreAudit:
    """The audit chain of a store, as exports use it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self) -> str:
        """Last link of the chain."""
        return self._store.audit_head()

    def holds(self, head: str) -> bool:
        """Whether a link noted earlier is still part of the chain."""
        return self._store.audit_holds(head)

    def enter(self, subject: str, content: Mapping[str, str]) -> None:
        """Enter an export into the chain."""
        self._store.append_audit(actor=MACHINE, action=_ACTION, subject=subject, content=dict(content))

    def vouches(self, subject: str, content: Mapping[str, str]) -> bool:
        """Whether the last export of that subject was this very one."""
        return self._store.audit_vouches(action=_ACTION, subject=subject, content=dict(content))

    def exported(self) -> frozenset[str]:
        """Names of the manifests whose exports were ever entered."""
        with self._store.reading() as session:
            return frozenset(exports(session))


class StoreApprovals:
    """The approvals of a store, as manifests are held against them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def given(self, book: int, person: str, at: str, digest: str) -> bool:
        """Whether an approval was given so, withdrawn or not."""
        with self._store.reading() as session:
            return given(session, book, person, at, digest)

    def signature(self, book: int) -> Signature:
        """How the book stands now."""
        with self._store.snapshot() as session:
            return signature(session, book)
