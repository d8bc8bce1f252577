"""Draft a form from scan files, write it, and show it over the scans."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import InputError, SettingsError
from extractor.readers import get_reader
from extractor.scans import REGISTERS, CleanPage, SetAside, clean_page, find_gutter, open_inputs
from extractor.scans.spread import split_page
from extractor.scans.types import Image
from extractor.templates import Form, find_form, load_forms
from extractor.templates.drafting import Draft, draft_form, is_table_page, write_draft
from extractor.templates.layouts import SCHEMAS
from extractor.templates.load import SCHEMA_FILE
from extractor.templates.overlay import write_overlay
from extractor.templates.preview import preview

_MOST_PAGES = 12
"""More pages add nothing to a draft and take time."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class DraftReport:
    """What came of a draft.

    Args:
        draft: the draft.
        folder: the form's folder.
        pages: pages it was drafted from.
        registered: pages on which it registers.
        previews: pictures of it over the pages.
        set_aside: files and pages that could not be used.
        left: further pages that were not looked at.
    """

    draft: Draft
    folder: Path
    pages: int
    registered: int
    previews: tuple[Path, ...]
    set_aside: tuple[SetAside, ...] = ()
    left: int = 0


def draft_from_scans(
    scans: Sequence[Path],
    name: str,
    folder: Path,
    known: Sequence[Path],
    *,
    register: str = "",
    previews: Path = Path(),
    on_progress: Callable[[str], None] = lambda _: None,
) -> DraftReport:
    """Draft a form named ``name`` from the first pages of the scans into ``folder``.

    Args:
        scans: files or folders with one or a few pages of the form, filled or blank.
        name: name of the form: small letters, digits and hyphens.
        folder: folder of page templates to write to.
        known: folders of known forms.
        register: register of the form (KS, KH, ...), if known.
        previews: folder for the pictures.
        on_progress: told in words what is done.

    Raises:
        SettingsError: the name is no form's name.
        InputError: no scan can be used.
        TemplateError: nothing on the pages looks like a form, or the form exists already.
    """
    forms = load_forms(known)
    _check(name, register, folder, forms)
    previews.mkdir(parents=True, exist_ok=True)
    set_aside: list[SetAside] = []
    pages, left = _pages(scans, set_aside, on_progress)
    on_progress(f"Looking for labels and lines on {len(pages)} pages")
    draft = draft_form(pages, name, forms, register=register, read_lines=read_lines)
    write_draft(draft, folder)
    form = find_form(load_forms((folder,)), name)
    registered, pictures = 0, []
    for number, page in enumerate(pages, start=1):
        on_progress(f"Laying the draft over page {number}")
        drawing, _, done = preview(page, [form], form=form)
        registered += bool(done and done.registration.ok)
        picture = previews / f"{name}-preview-{number}.png"
        write_overlay(picture, drawing)
        pictures.append(picture)
    return DraftReport(draft, folder / name, len(pages), registered, tuple(pictures), tuple(set_aside), left)


def _check(name: str, register: str, folder: Path, forms: Sequence[Form]) -> None:
    """See that a form may have this name, register and folder."""
    if not _NAME.fullmatch(name) or name == SCHEMAS:
        raise SettingsError(
            f"--form {name}: is no name of a form.", mend="Use small letters, digits and hyphens, such as ks-1962."
        )
    if any(form.name == name for form in forms):
        raise SettingsError(f"--form {name}: there is a form of this name already.", mend="Choose another name.")
    if register and register not in REGISTERS:
        raise SettingsError(f"--register {register}: is no register.", mend=f"Choose one of: {', '.join(REGISTERS)}.")
    if (folder / SCHEMA_FILE).exists():
        raise SettingsError(f"--out {folder}: is a form's own folder.", mend="Name the folder that holds the forms.")


def _pages(
    scans: Sequence[Path], set_aside: list[SetAside], on_progress: Callable[[str], None]
) -> tuple[list[CleanPage], int]:
    """The first pages of the scans, facing pages apart, and how many more there are."""
    pages: list[CleanPage] = []
    left = 0
    for source in open_inputs(scans, on_set_aside=set_aside.append):
        if len(pages) >= _MOST_PAGES:
            left += 1
            continue
        on_progress(f"Cleaning page {len(pages) + 1}")
        pages += _apart(clean_page(source))
    if not pages:
        why = set_aside[0] if set_aside else SetAside(str(scans[0]), "empty", "holds no pages.")
        raise InputError(why.file, why.message, mend=why.mend)
    return pages, left


def _apart(page: CleanPage) -> list[CleanPage]:
    """The page, or the two facing pages of an opened book; a table across both stays whole."""
    gutter = find_gutter(page)
    if gutter is None or is_table_page(page):
        return [page]
    return [half.page for half in split_page(page, gutter)]


def read_lines(lines: Sequence[Image]) -> list[str]:
    """Read print or handwriting, whichever reader is surer of a line."""
    readings = [get_reader(name).read(lines) for name in ("printed", "handwriting")]
    return [max(both, key=lambda reading: reading.confidence).text for both in zip(*readings, strict=True)]
