"""Faults, versions and readings as the designer's page shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

from extractor.exports.profile import load_profiles
from extractor.review.designer.bench import Tried
from extractor.review.designer.desk import Desk
from extractor.review.texts import text
from extractor.templates.designing import Design, Fault, find_faults
from extractor.templates.form import Kind
from extractor.templates.shelf import SavedVersion


def faults_view(desk: Desk, design: Design, language: str) -> list[dict[str, Any]]:
    """All faults with their texts, advice last."""
    faults = find_faults(design, desk.in_use())
    return [fault_view(fault, language) for fault in sorted(faults, key=lambda fault: not fault.serious)]


def fault_view(fault: Fault, language: str) -> dict[str, Any]:
    """One fault: the thing it is about, what to say there, and whether it keeps the design out of use."""
    said = text(language, f"tpl_fault_{fault.kind}", **fault.about)
    return {"item": fault.item, "kind": fault.kind, "text": said, "serious": fault.serious}


def versions_view(desk: Desk, name: str, language: str) -> list[dict[str, Any]]:
    """All versions of a form, the newest first; the shipped one is last, as number 0."""
    saved = [_version_view(each) for each in desk.shelf.versions(name)]
    shipped = desk.shipped(name)
    if shipped is None:
        return saved
    in_use = not any(each["inUse"] for each in saved)
    remark = text(language, "tpl_version_shipped")
    return [*saved, _version_view(SavedVersion(0, shipped.version, remark=remark, in_use=in_use))]


def _version_view(saved: SavedVersion) -> dict[str, Any]:
    return {
        "number": saved.number,
        "version": saved.version,
        "by": saved.by,
        "at": saved.at,
        "remark": saved.remark,
        "inUse": saved.in_use,
    }


def tried_view(tried: Tried, job: str, number: int, language: str) -> dict[str, Any]:
    """What came of trying a page; pictures by their addresses."""
    at = f"/api/templates/tries/{job}/{number}"
    return {
        "ok": tried.ok,
        "coverage": round(100 * tried.coverage),
        "residual": round(tried.residual_px, 1),
        "records": tried.records,
        "reason": tried.reason,
        "overlay": f"{at}/overlay",
        "crops": [
            {**_reading_view(crop, language), "picture": f"{at}/crop/{place}" if crop["picture"] else ""}
            for place, crop in enumerate(tried.crops)
        ],
    }


def _reading_view(crop: dict[str, Any], language: str) -> dict[str, Any]:
    if "raw" not in crop:
        return {"record": crop["record"], "raw": "", "value": None, "said": text(language, "tpl_try_quiet")}
    return {
        "record": crop["record"],
        "raw": crop["raw"],
        "value": crop["value"],
        "said": "" if crop["state"] == "read" else text(language, f"state_{crop['state']}"),
        "confidence": round(100 * crop["confidence"]),
    }


def suggestions(desk: Desk, register_code: str, language: str) -> dict[str, Any]:
    """Codes, kinds and import columns of the register's known forms, and all columns its import sheets have."""
    codes: dict[str, dict[str, Any]] = {}
    for known in desk.known():
        if known.form is None or known.form.schema.register_code != register_code:
            continue
        for spec in known.form.schema.fields:
            codes.setdefault(spec.code, {"label": spec.label, "kind": spec.kind.value, "columns": list(spec.columns)})
    columns = sorted({column for name in _profiles_of(register_code) for column in name})
    kinds = [{"value": kind.value, "name": text(language, f"kind_{kind.value}")} for kind in Kind]
    return {"codes": codes, "columns": columns, "kinds": kinds}


@cache
def _profiles_of(register_code: str) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(profile.columns) for profile in load_profiles().values() if profile.register_code == register_code
    )
