"""Turn a DOCX into a PDF with LibreOffice, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from extractor.errors import ExportError, MissingProgramError
from extractor.exports import files

_SECONDS = 120


def write_pdf(document: Path, *, now: datetime | None = None) -> Path:
    """Write the document as PDF beside it and return its path.

    The bytes of such a PDF depend on the program's version; DOCX and workbook are what stays the same.

    Raises:
        MissingProgramError: LibreOffice is not installed.
        ExportError: it made no PDF.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise MissingProgramError(
            "LibreOffice is not installed, so no PDF was made; the DOCX is complete.",
            mend="Install it (apt-get install libreoffice-writer), or print the DOCX to PDF.",
        )
    path = document.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(prefix="pdf-") as folder:
        profile = (Path(folder) / "profile").as_uri()  # its own, so that a running LibreOffice is not disturbed
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf"]
        made = Path(folder) / path.name
        try:
            subprocess.run(
                [*command, "--outdir", folder, str(document)], check=True, capture_output=True, timeout=_SECONDS
            )
            if not made.exists():  # it ends with 0 all the same
                raise MissingProgramError(
                    f"{document.name}: LibreOffice could not open it; its part for texts (Writer) may be missing.",
                    mend="Install libreoffice-writer, or print the DOCX to PDF.",
                )
            shutil.copyfile(made, files.part_of(path))
        except (OSError, subprocess.SubprocessError) as error:
            raise ExportError(
                f"{path}: LibreOffice made no PDF ({type(error).__name__}).", mend="Print the DOCX to PDF."
            ) from error
    files.put_in_place(path, now=now)
    return path
