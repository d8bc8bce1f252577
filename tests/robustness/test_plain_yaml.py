"""Crafted YAML is refused before it is built: it would end the process, or fill the memory."""

import pytest
import yaml

from extractor.errors import ExtractorError
from extractor.plain_yaml import load_yaml
from extractor.templates.load import load_form

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
CRAFTED = {
    "brackets": "[" * 200_000,
    "braces": "{a: " * 200_000,
    "dashes": "- " * 200_000 + "a",
    "questions": "? " * 200_000 + "a",
    "mixed": "- ? " * 100_000,
    "in the midst": "form: x\nfields:\n  - " + "[" * 200_000,
    "aliases of aliases": BOMB,
    "very long": "a: " + "x" * 5_000_000,
    "the 31st of February": "form: 2020-02-31\n",
    "no timestamp": "form: !!timestamp x\n",
    "an object": "form: !!python/object/apply:os.system [true]\n",
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_yaml_is_refused(name, tmp_path):
    with pytest.raises(yaml.YAMLError):
        load_yaml(CRAFTED[name])
    (tmp_path / "form.yaml").write_text(CRAFTED[name])
    (tmp_path / "template.yaml").write_text("layout: labels\n")
    with pytest.raises(ExtractorError, match=r"form\.yaml") as refused:
        load_form(tmp_path)
    assert refused.value.mend


def test_plain_yaml_and_honest_aliases_are_read():
    assert load_yaml("a: &b [1, 2]\nc: *b\nd: {e: [[1]]}\n") == {"a": [1, 2], "c": [1, 2], "d": {"e": [[1]]}}
    assert load_yaml("boxes: [" + "[0, 1], " * 2000 + "]") == {"boxes": [[0, 1]] * 2000}
