"""Covers and closing pages: known by their words, read where their labels stand."""

from random import Random

import pytest

from extractor.readers.printed import read_page
from extractor.scans import clean_page
from extractor.scans.types import SourcePage
from extractor.templates import find_form, identify, load_forms, register
from extractor.training.synth.capture import draw_device
from extractor.training.synth.distractors import make_distractor
from extractor.training.synth.paper import draw_paper
from extractor.training.texts import make_book


def page_of(kind, seed):
    rng = Random(seed)
    setting = make_book(rng, "ks-2016", 5)
    device, paper = draw_device(rng, 2.0, camera=False), draw_paper(rng, 2.0)
    picture = make_distractor(kind, setting, paper=paper, device=device, dpi=200, rng=rng)
    page = clean_page(SourcePage("page.png", 1, picture, "0" * 64))
    return page, read_page(page), setting


def printed(page, text, form):
    registered = register(page, text, form)
    return {field.code: (field.printed or ("", 0.0))[0] for field in registered.records[0].fields}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_cover_says_which_book_it_is(seed):
    page, text, setting = page_of("cover", seed)
    forms = load_forms()
    match = identify(page, text, forms)
    assert match.form == "bia-so"
    fields = printed(page, text, find_form(forms, match.form))
    assert fields["quyenSo"] == f"{setting.number}/{setting.year}"
    assert fields["khoaNgay"] == f"31/12/{setting.year}"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_closing_page_gives_its_totals(seed):
    page, text, _ = page_of("closing", seed)
    forms = load_forms()
    match = identify(page, text, forms)
    assert match.form == "khoa-so"
    fields = printed(page, text, find_form(forms, match.form))
    assert fields["tongSoSuKien"].isdecimal()
    assert fields["tongSoSuKien"] == fields["tongSoTrang"]  # the renderer writes one number into both


@pytest.mark.parametrize("kind", ["letter", "blank"])
def test_other_pages_are_neither(kind):
    page, text, _ = page_of(kind, 1)
    assert identify(page, text, load_forms()).form is None
