"""An inspected field as the browser gets it. What was exported is never part of what an inspector gets."""

from __future__ import annotations

from typing import Any

from extractor.review.access import Visit
from extractor.review.permissions import Permission
from extractor.review.room import Room
from extractor.review.task_view import BLIND, pictures_of
from extractor.review.texts import text
from extractor.store import Inspection, InspectionTask, Part, Reading
from extractor.store.vietnam import VIETNAM
from extractor.templates.form import Kind

_CHOICES = 9


def inspection_line(room: Room, visit: Visit, inspection: Inspection) -> dict[str, Any]:
    """An inspection in the list of all, with what the visitor may do.

    How many differences there are is told only as far as the visitor may judge them: an inspector could tell by it
    whether an answer was what had been exported.
    """
    waiting = {
        part: room.store.inspections.waiting(inspection.id, part, visit.person, formerly=visit.formerly)
        if visit.may(permission)
        else 0
        for part, permission in ((Part.INSPECTOR, Permission.INSPECT), (Part.JUDGE, Permission.JUDGE))
    }
    total = sum(inspection.fields.values())
    return {
        "id": inspection.id,
        "books": ", ".join(str(book["stem"]) for book in inspection.lot),
        "plan": text(
            visit.language,
            "inspection_plan",
            sample=inspection.sample_size,
            lot=inspection.lot_size,
            level=inspection.level,
            aql=inspection.aql.replace(".", ",") if visit.language == "vi" else inspection.aql,
        ),
        "drawn": inspection.created_at.astimezone(VIETNAM).strftime("%d/%m/%Y"),
        "total": total,
        "keyed": total - inspection.waiting,
        "share": 100.0 * (total - inspection.waiting) / total if total else 0.0,
        "left": inspection.waiting,
        "to_key": waiting[Part.INSPECTOR],
        "to_judge": waiting[Part.JUDGE],
        "gone": text(visit.language, "inspection_gone") if room.store.inspections.gone(inspection.id) else "",
        "withdrawn": inspection.withdrawn_at is not None,
        "finished": inspection.finished,
    }


def keying_view(room: Room, visit: Visit, task: InspectionTask) -> dict[str, Any]:
    """A field for an inspector: its picture and name, and nothing that was ever read or decided there.

    Names of files are left out too: official ones tell number and date of the record.
    """
    context = room.store.field_context(task.field_id)
    spec = room.labels.spec(context.form, context.code, context.kind)
    choice = spec.kind is Kind.CHOICE
    return {
        **BLIND,
        "id": task.id,
        "token": task.token,
        "field": task.id,
        "record": 0,
        "label": spec.label,
        "group": room.labels.group(task.code, visit.language),
        "book": "",
        "place": text(visit.language, "inspection_place", position=task.position),
        "decision": "",
        "choices": [option.label for option in spec.options][:_CHOICES] if choice else [],
        "isOption": choice,
        "blind": True,
        "disputed": False,
        **pictures_of(room, context),
    }


def judging_view(room: Room, visit: Visit, task: InspectionTask) -> dict[str, Any]:
    """A field for a judge: its picture and both readings, in an order that tells nothing of whose is whose."""
    dispute = room.store.inspections.dispute(task)
    return {
        **keying_view(room, visit, task),
        "first": _shown(visit, dispute.first),
        "second": _shown(visit, dispute.second),
    }


def _shown(visit: Visit, reading: Reading) -> dict[str, str]:
    state = "" if reading.state == "read" else text(visit.language, f"state_{reading.state}")
    same = reading.value is None or reading.value == " ".join(reading.raw.split())
    return {"raw": reading.raw, "state": state, "value": "" if same else str(reading.value)}
