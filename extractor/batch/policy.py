"""Which policy exports of an output folder follow: what the office demands, and what the log remembers."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import SettingsError
from extractor.exports.policy import Policy, strictest
from extractor.plain_yaml import load_yaml
from extractor.settings import get_settings
from extractor.store import Store
from extractor.store.audit import MACHINE, newest_subject
from extractor.templates.marked_yaml import doubled_key

FILE = "exports.yaml"
"""Name of the office's own file in the output folder."""

SETTING = "EXTRACTOR_EXPORT_POLICY"

_ACTION, _SUBJECT = "export_policy", "policy:"


class _Own(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy


def demanded(store: Store, out: Path) -> Policy:
    """The policy that holds: the stricter of the setting and of the office's file.

    Where neither names one, that of the last export holds on, so that taking a file away lifts nothing; before any
    export that is the weakest.

    Raises:
        SettingsError: the office's file cannot be used. Nothing is exported then.
    """
    named = _named(out)
    return strictest(named.values()) if named else _remembered(store)


def follow(store: Store, out: Path) -> Policy:
    """The same for an export that is about to begin; where it differs from the last one's, that is put in the log.

    Raises:
        SettingsError: the office's file cannot be used.
    """
    policy, former = demanded(store, out), _remembered(store)
    if policy is not former:
        store.append_audit(
            actor=MACHINE,
            action=_ACTION,
            subject=f"{_SUBJECT}{policy.value}",
            content={"policy": policy.value, "former": former.value, "named_by": sorted(_named(out))},
        )
    return policy


def _named(out: Path) -> dict[str, Policy]:
    """The policies that are named, by where."""
    found = {}
    if setting := get_settings().export_policy:
        found[SETTING] = Policy(setting)
    path = out / FILE
    if path.exists():
        found[FILE] = _read(path).policy
    return found


def _read(path: Path) -> _Own:
    mend = f"Write 'policy: {Policy.APPROVED}' or 'policy: {Policy.SETTLED}' into it."
    try:
        text = path.read_text(encoding="utf-8")
        content, doubled = load_yaml(text), doubled_key(yaml.compose(text, Loader=yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path.name}: cannot be read.", mend=mend) from error
    if doubled is not None:
        # A loader takes the last one: which of two policies holds must not hang on their order.
        raise SettingsError(
            f"{path.name}, line {doubled.start_mark.line + 1}: '{doubled.value}' stands there twice.", mend=mend
        )
    try:
        return _Own.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path.name}: {place or 'content'}: {first['msg']}.", mend=mend) from None


def _remembered(store: Store) -> Policy:
    with store.reading() as session:
        subject = newest_subject(session, _ACTION)
    known = subject.removeprefix(_SUBJECT)
    return Policy(known) if known in list(Policy) else Policy.SETTLED
