"""Draw a template over a scan file, or the blank form."""

from __future__ import annotations

from pathlib import Path

from extractor.errors import InputError, SettingsError
from extractor.scans import SetAside, SourcePage, clean_page, open_inputs
from extractor.templates import find_form, load_forms
from extractor.templates.overlay import write_overlay


def preview_form(name: str, scan: Path | None, picture: Path, templates: tuple[Path, ...]) -> str:
    """Write a picture of a form, over the first page of ``scan`` where one is given; returns what was found, in words.

    Raises:
        SettingsError: ``picture`` is no picture's name.
        UnknownFormError: there is no such form.
        InputError: the scan cannot be used.
    """
    if picture.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise SettingsError(f"--out {picture}: is no picture's name.", mend="End it in .png.")
    forms = load_forms(templates)
    form = find_form(forms, name)
    if scan is None:
        from extractor.templates.blank import draw_blank

        write_overlay(picture, draw_blank(form))
        return "blank form"
    from extractor.templates.preview import preview

    page = clean_page(_first_page(scan))
    drawing, _, registered = preview(page, forms, form=form)
    write_overlay(picture, drawing)
    if registered is None:
        return "not registered"
    registration = registered.registration
    grade = "registered" if registration.ok else f"not registered ({registration.reason})"
    return f"{grade}, residual {registration.residual_px:.1f} px, coverage {registration.coverage:.0%}"


def _first_page(scan: Path) -> SourcePage:
    set_aside: list[SetAside] = []
    page = next(open_inputs([scan], on_set_aside=set_aside.append), None)
    if page is None:
        why = set_aside[0] if set_aside else SetAside(str(scan), "empty", "holds no pages.")
        raise InputError(why.file, why.message, mend=why.mend)
    return page
