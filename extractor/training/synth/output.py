"""Writes pages as pictures or PDF, and the truth beside them; the same pages always give the same bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pikepdf

from extractor.records import nfc
from extractor.training.texts import Sample


def write_pdf(path: Path, pages: Sequence[tuple[bytes, int, int]], dpi: int) -> None:
    """Write JPEG pictures (bytes, width, height) as the pages of a PDF, each page being one picture."""
    with pikepdf.new() as pdf:
        for data, width, height in pages:
            image = pikepdf.Stream(pdf, data)
            image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            image.Width, image.Height = width, height
            image.ColorSpace, image.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
            image.Filter = pikepdf.Name.DCTDecode
            across, down = width * 72 / dpi, height * 72 / dpi
            content = pikepdf.Stream(pdf, f"q {across:.3f} 0 0 {down:.3f} 0 0 cm /Im0 Do Q".encode())
            page = pikepdf.Dictionary(
                Type=pikepdf.Name.Page,
                MediaBox=[0, 0, round(across, 3), round(down, 3)],
                Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
                Contents=content,
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        stream = io.BytesIO()
        pdf.save(stream, deterministic_id=True)
    path.write_bytes(stream.getvalue())


def truth_entry(file: str, page: int, form: str, fields: Mapping[str, Sample], record: int = 1) -> dict[str, Any]:
    """One line of a truth file; fields stand in the order given, ``record`` is the record's place on its page."""
    return {
        "file": file,
        "page": page,
        "record": record,
        "form": form,
        "fields": {
            code: {"raw": sample.raw, "value": sample.value, "state": sample.state.value}
            for code, sample in fields.items()
        },
    }


def write_lines(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines, UTF-8, Unicode normal form C."""
    lines = [nfc(json.dumps(entry, ensure_ascii=False)) for entry in entries]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
