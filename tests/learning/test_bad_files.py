"""Files of rules, shares and recipes that are no such files, and folders that are none: told, not fallen over."""

from pathlib import Path

import pytest

from extractor.errors import SettingsError
from extractor.learning import promotion, selecting
from extractor.learning.fine_tuning import recipe_from_set
from extractor.learning.sharing import FILE, load_share, share_or_zero
from extractor.training.recipe import load_recipe

# The YAML reader knows no such day, and says so in an error of its own kind; the other is too deep for it.
ODD = ("share: 2026-13-45\n", "[" * 1000)


@pytest.mark.parametrize("content", ODD)
def test_odd_yaml_is_told_as_wrong(tmp_path, content):
    file = tmp_path / FILE
    file.write_text(content, "utf-8")
    for read in (promotion.load_rule, selecting.load_rule, load_recipe):
        with pytest.raises(SettingsError, match=FILE):
            read(file)
    with pytest.raises(SettingsError, match=FILE):
        load_share(tmp_path)
    assert share_or_zero(tmp_path) == 0.0  # the queue goes on


@pytest.mark.parametrize("out", [".", "/", ".."])
def test_a_candidate_needs_a_folder_with_a_name(tmp_path, out):
    with pytest.raises(SettingsError, match="folder of its own"):
        recipe_from_set(tmp_path, Path(out), start=tmp_path)
