from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from extractor.errors import SettingsError
from extractor.training.fonts import REQUIRED, VIETNAMESE_LETTERS, FontStyle, Split, font_specs, load_fonts
from extractor.training.fonts.registry import FOLDER


def test_there_are_134_vietnamese_letters():
    assert len(VIETNAMESE_LETTERS) == len(set(VIETNAMESE_LETTERS)) == 134
    assert {"ẵ", "Ẵ", "ự", "Ự", "đ", "Đ", "ý", "Ỵ"} <= set(VIETNAMESE_LETTERS)


@pytest.mark.parametrize("spec", font_specs(), ids=lambda spec: spec.file)
def test_font_writes_every_required_character(spec):
    font = TTFont(spec.path)
    characters = font.getBestCmap()
    missing = {letter for letter in REQUIRED if ord(letter) not in characters}
    assert not missing
    glyphs = font["glyf"]
    empty = {c for c in VIETNAMESE_LETTERS if glyphs[characters[ord(c)]].numberOfContours == 0}
    assert not empty
    assert all(ord(letter) in characters for letter in spec.highland)


@pytest.mark.parametrize("spec", font_specs(), ids=lambda spec: spec.file)
def test_font_has_its_licence_and_its_own_name(spec):
    licence = (FOLDER / spec.licence).read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert licence.startswith("Copyright")
    assert spec.file in licence
    name = TTFont(spec.path)["name"]
    assert name.getDebugName(1) == spec.family
    assert "Open Font License" in name.getDebugName(13)
    reserved = licence.partition("Reserved Font Name ")[2].partition("\n")[0].strip(" \".'")
    if "with Reserved Font Name" in licence.splitlines()[0]:
        assert reserved.lower() not in spec.family.lower()
        assert reserved.lower().replace(" ", "-") not in spec.file


def test_no_family_is_in_two_parts_of_the_data():
    parts: dict[str, set[Split]] = {}
    for spec in font_specs():
        parts.setdefault(spec.package, set()).add(spec.split)
    assert all(len(found) == 1 for found in parts.values())


@pytest.mark.parametrize("style", list(FontStyle))
@pytest.mark.parametrize("split", list(Split))
def test_every_part_has_fonts_of_both_styles(style, split):
    found = load_fonts(style, split)
    assert found
    assert all(spec.style is style and spec.split is split for spec in found)


def test_bundle_is_small():
    assert sum(spec.path.stat().st_size for spec in font_specs()) <= 4_000_000


def test_unknown_split_is_refused():
    with pytest.raises(SettingsError, match="holdout"):
        load_fonts(split="holdout")
