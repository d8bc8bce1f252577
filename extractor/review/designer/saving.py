"""Putting a design into use, going back to an earlier version, and keeping unfinished work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from extractor.errors import TemplateError
from extractor.review.access import Visit
from extractor.review.designer.answers import faults_view, suggestions, version_view
from extractor.review.designer.api import FORM_NAME, Body, Designed
from extractor.review.designer.desk import AnyDesk, Desk
from extractor.review.room import AnyRoom, Author, AuthorPost, Number, Room
from extractor.review.texts import text
from extractor.templates import load_form
from extractor.templates.designing import Design, to_design, to_files
from extractor.templates.designing.converting import next_version
from extractor.templates.designing.model import DesignHead, LabelSheet
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

    name: Annotated[str, Field(pattern=FORM_NAME, max_length=60)]
    register_code: Annotated[str, Field(max_length=8)] = ""
    copy_of: Annotated[str, Field(max_length=80)] = ""


class Back(Kept):
    """A version to go back to."""

    number: Number


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
        "versions": [version_view(saved) for saved in desk.shelf.versions(name)],
        "faults": faults_view(desk, design, visit.language),
        "suggestions": suggestions(desk, design.head.register_code, visit.language),
    }


@router.post("/keep")
def keep(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Kept) -> dict[str, bool]:
    """Keep unfinished work."""
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
    name = asked.design.head.form
    found = faults_view(desk, asked.design, visit.language)
    if any(fault["serious"] for fault in found):
        return JSONResponse({"message": text(visit.language, "tpl_mend_first"), "faults": found}, 422)
    known = desk.find(name)
    old = to_design(known).head.version if known else ""
    head = asked.design.head.model_copy(update={"version": next_version(old)})
    return _put(room, desk, visit, asked.model_copy(update={"design": asked.design.model_copy(update={"head": head})}))


@router.post("/restore", response_model=None)
def restore(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Back) -> dict[str, Any] | JSONResponse:
    """Put an earlier version into use again, as a new one with its content."""
    name = asked.design.head.form
    design = to_design(load_form(desk.shelf.path(name, asked.number)))
    remark = text(visit.language, "tpl_restored", number=asked.number)
    return save(room, desk, visit, Saved(design=design, based_on=asked.based_on, remark=remark))


def _put(room: Room, desk: Desk, visit: Visit, asked: Saved) -> dict[str, Any] | JSONResponse:
    name = asked.design.head.form
    before: Path | None = None
    known = desk.find(name)
    if known is not None:
        before = known.folder
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
        # The person's own work is kept, whatever becomes of this.
        desk.drafts.keep(name, visit.account.id, asked.design, asked.based_on, room.store.now())
        by = error.saved.by if error.saved else ""
        key = "tpl_changed_by" if by else "tpl_changed"
        return JSONResponse({"error": "changed", "message": text(visit.language, key, person=by)}, 409)
    except TemplateError:
        desk.drafts.keep(name, visit.account.id, asked.design, asked.based_on, room.store.now())
        return JSONResponse({"error": "write", "message": text(visit.language, "tpl_not_written")}, 409)
    desk.drafts.drop(name, visit.account.id)
    form = desk.get(name)
    room.labels.learn(form.schema)
    return {
        "ok": True,
        "version": saved.version,
        "number": saved.number,
        "design": asked.design.model_dump(),
        "versions": [version_view(each) for each in desk.shelf.versions(name)],
    }
