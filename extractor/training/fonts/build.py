"""Builds the bundled fonts from unpacked fontsource packages; needed only to change them.

The packages on the npm registry hold each font cut in subsets (latin, latin-ext, vietnamese), as WOFF2. Get them with
``npm pack @fontsource/<package>`` for every package named in ``fonts.yaml``, unpack each into a folder of the package's
name, and run ``python -m extractor.training.fonts.build FOLDER``. Each font is cut down to :data:`CHARACTERS`, its
layout tables and hints are dropped (the renderer places every letter itself), and the subsets are merged.

Dancing Script carries a Reserved Font Name, so its modified version bears another name, in its name table and in its
file name, as the SIL Open Font License asks; the other fonts carry none.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from extractor.errors import MissingInputError
from extractor.training.fonts.alphabet import CHARACTERS, VIETNAMESE_LETTERS
from extractor.training.fonts.registry import FOLDER, FontSpec, font_specs

_CREATED = 3_800_000_000
"""Seconds since 1904, as font tables count; any fixed moment does."""
SUBSETS = ("latin", "latin-ext", "vietnamese")
LICENCE_NOTE = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
LICENCE_ADDRESS = "https://openfontlicense.org"
DROPPED_TABLES = ["GSUB", "GPOS", "GDEF", "STAT", "DSIG", "MVAR", "HVAR", "kern", "meta", "gasp", "VORG", "BASE"]


def build_fonts(packages: Path) -> None:
    """Build every font of ``fonts.yaml`` and its licence file from the unpacked packages in ``packages``.

    Raises:
        MissingInputError: a package, or one of its files, is not there, or does not hold all Vietnamese letters.
    """
    for spec in font_specs():
        font = merge_subsets(packages / spec.package, spec)
        part = FOLDER / f"{spec.file}.part"
        font.save(part)
        part.replace(FOLDER / spec.file)
        _write_licence(packages / spec.package, spec, str(font["name"].getDebugName(0)))


def merge_subsets(package: Path, spec: FontSpec) -> Any:
    """One font holding every needed character that any of the package's subsets has."""
    wanted = {ord(character) for character in CHARACTERS}
    parts: list[io.BytesIO] = []
    copyright_note = ""
    for subset in SUBSETS:
        path = package / "files" / f"{spec.package}-{subset}-{spec.cut}.woff2"
        if not path.exists():
            continue
        font = TTFont(path)
        copyright_note = copyright_note or str(font["name"].getDebugName(0))
        here = wanted & set(font.getBestCmap())
        if not here:
            continue
        wanted -= here
        parts.append(_cut_down(font, here))
    missing = sorted(set(VIETNAMESE_LETTERS) & {chr(code) for code in wanted})
    if missing or not parts:
        raise MissingInputError(package, f"{spec.cut} has no {''.join(missing) or 'subset at all'}.")
    merged = Merger().merge(parts) if len(parts) > 1 else TTFont(parts[0])
    _set_names(merged, spec, copyright_note)
    return merged


def _cut_down(font: Any, codes: set[int]) -> io.BytesIO:
    options = Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 4, 6])
    options.drop_tables += DROPPED_TABLES
    options.recalc_timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.flavor = None
    stream = io.BytesIO()
    font.save(stream, reorderTables=False)
    stream.seek(0)
    return stream


def _set_names(font: Any, spec: FontSpec, copyright_note: str) -> None:
    table = font["name"]
    table.names = []
    texts = {
        0: copyright_note,
        1: spec.family,
        2: "Regular",
        4: spec.family,
        6: spec.family.replace(" ", ""),
        13: LICENCE_NOTE,
        14: LICENCE_ADDRESS,
    }
    for number, text in texts.items():
        table.setName(text, number, 3, 1, 0x409)
    # Merging stamps the time of day; the same packages are to give the same bytes.
    font["head"].created = font["head"].modified = _CREATED
    font.recalcTimestamp = False


def _write_licence(package: Path, spec: FontSpec, copyright_note: str) -> None:
    text = (package / "LICENSE").read_text(encoding="utf-8")
    body = text[text.index("This Font Software is licensed") :]
    change = f"\nThe file {spec.file} is a modified version: cut down, merged"
    change += ", and renamed because of the Reserved Font Name.\n" if spec.renamed else ".\n"
    path = FOLDER / spec.licence
    notes = (
        path.read_text(encoding="utf-8").split("\n\nThis Font Software")[0] if path.exists() else copyright_note + "\n"
    )
    if change.strip() not in notes:
        notes = notes.rstrip("\n") + "\n" + change
    path.write_text(notes.rstrip("\n") + "\n\n" + body, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the bundled fonts from unpacked fontsource packages.")
    parser.add_argument("packages", type=Path, help="folder that holds one unpacked package a sub-folder")
    build_fonts(parser.parse_args().packages)
