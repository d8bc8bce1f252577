"""Putting a design into use, going back to an earlier version, and keeping unfinished work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from extractor.errors import TemplateError
from extractor.review.access import Visit
from extractor.review.designer.answers import faults_view, suggestions, versions_view
from extractor.review.designer.api import Body, Designed
from extractor.review.designer.desk import AnyDesk, Desk
from extractor.review.room import AnyRoom, Author, AuthorPost, Number, Room
from extractor.review.texts import text
from extractor.templates import load_form
from extractor.templates.designing import Design, to_design, to_files
from extractor.templates.designing.converting import levelled, next_version
from extractor.templates.designing.model import DesignHead, LabelSheet
from extractor.templates.form import FORM_NAME
from extractor.templates.shelf import SavedVersion, VersionChangedError

router = APIRouter(prefix="/api/templates")

A4 = (210.0, 297.0)
"""Width and height of the sheet of a form that is begun with nothing, millimetres."""

Version = Annotated[str, Field(max_length=120)]
Remark = Annotated[str, Field(max_length=500)]


class Kept(Designed):
    """Unfinished work, and the version it began with."""

    based_on: Version = ""


class Saved(Kept):
    """A design to put into use.

    Args:
        remark: what was changed, in the person's words.
    """

    remark: Remark = ""


class Begun(Body):
    """A new form: a copy of another one, or an empty sheet."""

    name: Annotated[str, Field(pattern=f"^{FORM_NAME}$", max_length=60)]
    register_code: Annotated[str, Field(max_length=8)] = ""
    copy_of: Annotated[str, Field(max_length=80)] = ""


class Back(Kept):
    """A version to go back to.

    Args:
        number: of the version; 0 is the shipped one.
        give_up: whether the person's unfinished work on the form may go.
    """

    number: Number
    give_up: bool = False


@router.get("/form/{name}")
def form(desk: AnyDesk, visit: Author, name: str) -> dict[str, Any]:
    """A form as the designer begins with it: the person's unfinished work where there is some."""
    known = desk.find(name)
    draft = desk.drafts.find(name, visit.account.id)
    if known is None and draft is None:
        desk.get(name)
    design = draft.design if draft else to_design(known) if known else None
    assert design is not None
    return {
        "design": design.model_dump(),
        "basedOn": draft.based_on if draft else known.version if known else "",
        "inUse": known.version if known else "",
        "draftAt": draft.at if draft else "",
        "versions": versions_view(desk, name, visit.language),
        "faults": faults_view(desk, design, visit.language),
        "suggestions": suggestions(desk, design.head.register_code, visit.language),
    }


@router.post("/keep", response_model=None)
def keep(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Kept) -> dict[str, bool] | JSONResponse:
    """Keep unfinished work."""
    if not re.fullmatch(FORM_NAME, asked.design.head.form):
        return JSONResponse({"error": "name", "message": text(visit.language, "tpl_fault_form_name")}, 422)
    desk.drafts.keep(asked.design.head.form, visit.account.id, asked.design, asked.based_on, room.store.now())
    return {"ok": True}


@router.post("/begin", response_model=None)
def begin(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Begun) -> dict[str, Any] | JSONResponse:
    """Begin a new form as a copy of another, or with nothing on it; kept as the person's unfinished work."""
    if desk.find(asked.name) is not None:
        return JSONResponse({"error": "taken", "message": text(visit.language, "tpl_name_taken")}, 409)
    source = text(visit.language, "tpl_drawn_by", person=visit.person)
    head = DesignHead(form=asked.name, register_code=asked.register_code, source=source)
    design = Design(head=head, fields=[], sheet=LabelSheet(width=A4[0], height=A4[1]))
    if asked.copy_of:
        copied = to_design(desk.get(asked.copy_of))
        register_code = asked.register_code or copied.head.register_code
        about = {"form": asked.name, "version": "1", "register_code": register_code}
        design = copied.model_copy(update={"head": copied.head.model_copy(update=about)})
    desk.drafts.keep(asked.name, visit.account.id, design, "", room.store.now())
    return {"form": asked.name}


@router.post("/forget/{name}")
def forget(desk: AnyDesk, visit: AuthorPost, name: str) -> dict[str, bool]:
    """Give unfinished work up."""
    desk.drafts.drop(name, visit.account.id)
    return {"ok": True}


@router.post("/save", response_model=None)
def save(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Saved) -> dict[str, Any] | JSONResponse:
    """Put a design into use as a new version; refused where it has faults or somebody else saved meanwhile."""
    return _checked(room, desk, visit, asked)


@router.post("/restore", response_model=None)
def restore(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Back) -> dict[str, Any] | JSONResponse:
    """Put an earlier version into use again, as a new one with its content."""
    name = asked.design.head.form
    if not asked.give_up and desk.drafts.find(name, visit.account.id) is not None:
        return JSONResponse({"error": "unfinished", "message": text(visit.language, "tpl_restore_over")}, 409)
    found = load_form(desk.version(name, asked.number))
    key = "tpl_restored" if asked.number else "tpl_restored_shipped"
    remark = text(visit.language, key, number=asked.number)
    back = Saved(design=to_design(found), based_on=asked.based_on, remark=remark)
    return _checked(room, desk, visit, back, restored=found.folder)


def _checked(
    room: Room, desk: Desk, visit: Visit, asked: Saved, restored: Path | None = None
) -> dict[str, Any] | JSONResponse:
    """Put a design without faults into use; ``restored`` is the folder of the version it is, where it is one."""
    found = faults_view(desk, asked.design, visit.language)
    if any(fault["serious"] for fault in found):
        return JSONResponse({"message": text(visit.language, "tpl_mend_first"), "faults": found}, 422)
    known = desk.find(asked.design.head.form)
    old = to_design(known).head.version if known else ""
    head = asked.design.head.model_copy(update={"version": next_version(old)})
    design = levelled(asked.design.model_copy(update={"head": head}))
    before = restored or (known.folder if known else None)
    return _put(room, desk, visit, asked.model_copy(update={"design": design}), before, own_work=restored is None)


def _put(
    room: Room, desk: Desk, visit: Visit, asked: Saved, before: Path | None, *, own_work: bool
) -> dict[str, Any] | JSONResponse:
    """Write a version; the person's own work is kept where that fails, an earlier version is not taken for it."""
    name = asked.design.head.form

    def keep_work() -> None:
        if own_work:
            desk.drafts.keep(name, visit.account.id, asked.design, asked.based_on, room.store.now())

    files = to_files(asked.design, before)

    def note(saved: SavedVersion) -> None:
        room.store.append_audit(
            actor=visit.person,
            action="template_saved",
            subject=f"template:{name}",
            content=[saved.version, saved.number, asked.based_on],
        )

    try:
        saved = desk.shelf.save(
            name,
            files.schema,
            files.template,
            based_on=asked.based_on,
            known=lambda: desk.find(name),
            by=visit.person,
            at=room.store.now(),
            remark=asked.remark.strip(),
            before_use=note,
        )
    except VersionChangedError as error:
        keep_work()
        by = error.saved.by if error.saved else ""
        key = "tpl_changed_by" if by else "tpl_changed"
        key = key if own_work else f"{key}_back"
        return JSONResponse({"error": "changed", "message": text(visit.language, key, person=by)}, 409)
    except TemplateError:
        keep_work()
        key = "tpl_not_written" if own_work else "tpl_not_written_back"
        return JSONResponse({"error": "write", "message": text(visit.language, key)}, 409)
    desk.drafts.drop(name, visit.account.id)
    form = desk.get(name)
    room.labels.learn(form.schema)
    return {
        "ok": True,
        "version": saved.version,
        "number": saved.number,
        "design": asked.design.model_dump(),
        "versions": versions_view(desk, name, visit.language),
    }
