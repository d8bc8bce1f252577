"""What is wrong with files, in the words of both languages."""

import string
from importlib import resources

import pytest
import yaml

WORDS = yaml.safe_load(resources.files("extractor.exports").joinpath("faults.yaml").read_text(encoding="utf-8"))


def filled(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(set(WORDS) - {"again"}))
def test_both_languages_are_there_and_fill_in_nothing_else(code):
    said = WORDS[code]
    assert said["en"].endswith((".", "{why}"))
    assert not said["vi"].endswith(".")
    assert filled(said["vi"]) <= filled(said["en"])
