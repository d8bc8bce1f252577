"""What ships beside the package: models, the certificate, page templates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from extractor.confidence import shipped_certificate
from extractor.doctor.findings import Finding, fault, note, ok
from extractor.errors import ExitCode, ExtractorError, ModelError
from extractor.settings import Settings

DIGESTS = "SHA256SUMS"
"""File in the folder of the models with the digest of each shipped file, as sha256sum writes them."""
_COPY = "Copy the folder of the models anew."


def look_at_models(settings: Settings) -> Iterator[Finding]:
    """The handwriting reader's weights, and whether what ships is what was shipped."""
    from extractor.readers.handwriting.in_use import model_in_use
    from extractor.readers.handwriting.runtime import inspect_folder

    try:
        folder = model_in_use(settings).checked()
        inspected = inspect_folder(folder)
    except ExtractorError as error:
        yield fault("handwriting reader", error.message, error.mend, ExitCode.MODEL)
    else:
        yield ok("handwriting reader", f"{folder}, version {inspected.digest}, {settings.precision}")
    yield _digests(settings.models_dir)


def _digests(folder: Path) -> Finding:
    listed = folder / DIGESTS
    try:
        lines = [line.split(maxsplit=1) for line in listed.read_text(encoding="utf-8").splitlines() if line]
    except OSError:
        return note("digests of the models", f"{folder} has no {DIGESTS} to hold them against", _COPY)
    wrong = [name for digest, name in lines if sha256(folder / name) != digest]
    if wrong:
        return fault("digests of the models", f"missing or changed: {', '.join(wrong)}", _COPY, ExitCode.MODEL)
    return ok("digests of the models", f"{len(lines)} files as they were shipped")


def sha256(file: Path) -> str:
    """Digest of a file in hexadecimal digits; empty where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def look_at_certificate(settings: Settings) -> Iterator[Finding]:
    """The certificate, and whether it holds for the readers and forms that are installed here."""
    from extractor.readers.handwriting.in_use import model_in_use
    from extractor.readers.handwriting.runtime import inspect_folder
    from extractor.readers.printed import PrintedReader
    from extractor.templates.load import load_form

    what = "certificate"
    try:
        certificate = shipped_certificate(settings.certificate)
    except ModelError as error:
        yield fault(what, error.message, error.mend, ExitCode.MODEL)
        return
    if certificate is None:
        yield note(what, f"none at {settings.certificate}", "Every field goes to people until one is put there.")
        return
    try:
        suffix = "" if settings.precision == "float32" else f"-{settings.precision}"
        here = {
            "printed": PrintedReader().version,
            "handwriting": inspect_folder(model_in_use(settings).checked()).digest + suffix,
        }
        forms = {name: load_form(settings.templates_dir / name).version for name in certificate.forms}
    except ExtractorError:
        yield note(what, "cannot be held against readers and forms", "Mend what is named beside this first.")
        return
    readers = {name: (made, here.get(name, "nothing")) for name, made in certificate.readers.items()}
    changed = [f"{name} is {now}, not {made}" for name, (made, now) in readers.items() if made != now]
    changed += [f"form {name} is {now}" for name, now in forms.items() if now != certificate.forms[name]]
    if changed:
        yield note(
            what, f"void here: {'; '.join(changed)}", "All fields go to people until 'extractor certify' makes another."
        )
    else:
        yield ok(what, f"of {certificate.made or 'an earlier version'}, holds for {', '.join(sorted(forms))}")


def look_at_templates(settings: Settings) -> Finding:
    """The forms."""
    from extractor.templates import check_forms
    from extractor.templates.load import form_folders

    what, folder = "page templates", settings.templates_dir
    try:
        number = len(form_folders(folder))
        mistakes = [finding for finding in check_forms([folder]) if finding.serious]
    except ExtractorError as error:
        return fault(what, error.message, error.mend, ExitCode.TEMPLATE)
    if mistakes:
        told = f"{folder}: {len(mistakes)} mistakes, the first: {mistakes[0].message}"
        return fault(what, told, "Run 'extractor template check'.", ExitCode.TEMPLATE)
    return ok(what, f"{folder}: {number} forms")
