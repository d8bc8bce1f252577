"""What may leave the house: what is settled, or only books that somebody approved as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from extractor.exports.faults import Fault, fault
from extractor.exports.findings import Finding, RecordId
from extractor.store.signatures import Signature


class Policy(StrEnum):
    """What exports take, the weakest first."""

    SETTLED = "settled"
    """Every field that does not wait for a person, whoever settled it."""
    APPROVED = "approved"
    """Only books that are approved as they stand."""


SignatureOf = Callable[[RecordId], Signature | None]
"""The signature of a record's book; none where nothing is known of books."""


class Approved(Protocol):
    """The approvals that were given, to hold manifests against."""

    def given(self, book: int, person: str, at: str, digest: str) -> bool:
        """Whether an approval was given so, withdrawn or not."""

    def signature(self, book: int) -> Signature:
        """How the book stands now."""


def strictest(policies: Collection[Policy]) -> Policy:
    """The strictest of some policies; the weakest there is where none is named."""
    order = list(Policy)
    return max(policies, key=order.index, default=order[0])


def refusal(signature: Signature | None) -> Finding | None:
    """Why a record may not leave the house where only approved books may; none where it may."""
    if signature is None:
        return Finding("approval_never", (), "")
    return Finding(f"approval_{signature.doubt}", (), "") if signature.doubt else None


def statement(policy: Policy, rows: Collection[RecordId], signature_of: SignatureOf) -> dict[str, Any]:
    """What a manifest says of policy and approvals.

    Args:
        rows: the records that leave the house.

    Returns:
        ``policy``, and ``approvals``: for each book of the store the number of ``records`` and whether its approval is
        ``valid``; person, time and digest of the last approval, if there ever was one; and ``why`` it is not valid.
    """
    counted = Counter(found for key in rows if (found := signature_of(key)) is not None)
    return {
        "policy": policy.value,
        "approvals": [
            {
                "book": found.book_id,
                "records": number,
                "valid": found.doubt is None,
                **({"person": found.person, "at": found.at, "digest": found.digest} if found.person else {}),
                **({"why": found.doubt.value} if found.doubt else {}),
            }
            for found, number in sorted(counted.items(), key=lambda pair: pair[0].book_id)
        ],
    }


def check_statement(
    path: Path, content: Mapping[str, Any], demanded: Policy, approved: Approved | None
) -> Iterator[Fault]:
    """What is wrong with what a manifest says of policy and approvals.

    Args:
        demanded: the policy that holds now.
        approved: the approvals that were given; none where they cannot be asked.
    """
    stated = content.get("policy")
    if stated not in list(Policy):
        # Manifests of earlier versions say nothing of it.
        if demanded is not Policy.SETTLED or content["manifest"] > 2:
            yield fault(path, "policy_none")
        return
    if strictest((Policy(stated), demanded)) != stated:
        yield fault(path, "policy_weaker", stated=stated, demanded=demanded.value)
    asked = stated == Policy.APPROVED
    valid = [one for one in content["approvals"] if one["valid"]]
    if asked and sum(one["records"] for one in valid) != content["records"]["exported"]:
        yield fault(path, "approval_missing")
    if approved is None:
        return
    for one in valid:
        if not approved.given(one["book"], one["person"], one["at"], one["digest"]):
            yield fault(path, "approval_unknown", book=one["book"])
            continue
        now = approved.signature(one["book"]) if asked else None
        if now is not None and (now.doubt is not None or now.digest != one["digest"]):
            yield fault(path, f"approval_{now.doubt or 'changed'}", book=one["book"])
