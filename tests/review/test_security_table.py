"""The table of docs/security.md: complete, in order, and naming tests that there are."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
STATES = {"yes": "hold", "partly": "hold in part", "no": "do not hold", "does not apply": "do not apply"}
ROW = re.compile(r"\| V(\d+)\.(\d+)\.(\d+) \| ([12]) \| ([^|]+) \| (yes|partly|no|does not apply) \| ([^|]+) \|")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
# Of the final 5.0.0, in levels 1 and 2: requirements of each chapter.
OF_CHAPTERS = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]
OF_LEVELS = {"1": 70, "2": 183}


@pytest.fixture(scope="module")
def rows():
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("| V")]
    found = [ROW.fullmatch(line) for line in lines]
    assert [line for line, row in zip(lines, found, strict=True) if row is None] == []
    return [row.groups() for row in found]


def test_every_requirement_has_one_row_in_order(rows):
    numbers = [tuple(map(int, row[:3])) for row in rows]
    assert numbers == sorted(set(numbers))
    assert [Counter(number[0] for number in numbers)[chapter] for chapter in range(1, 18)] == OF_CHAPTERS
    assert Counter(row[3] for row in rows) == OF_LEVELS


def test_the_counts_above_the_table_are_those_of_the_table(rows):
    counts = Counter(row[5] for row in rows)
    said = ", ".join(f"{counts[state]} {words}" for state, words in STATES.items())
    assert said in " ".join(DOCUMENT.split())


def test_what_does_not_hold_is_explained_and_what_holds_names_a_test_or_a_reason(rows):
    for *number, _, _, state, why in rows:
        words = TEST.sub("", why).strip(" ,;:.")
        assert words or (state == "yes" and TEST.search(why)), number
        if state in ("partly", "no"):
            assert len(words) > 20, number


def test_every_test_that_is_named_exists():
    named = set(TEST.findall(DOCUMENT))
    assert len(named) > 80
    defined = {
        (path, node.name)
        for path in {path for path, _ in named}
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert named - defined == set()


def test_the_files_and_documents_that_are_named_exist():
    paths = set(re.findall(r"`((?:extractor|tests)/[\w./]+)`", DOCUMENT))
    paths |= {f"docs/{name}" for name in re.findall(r"\]\(([\w.-]+\.md)\)", DOCUMENT)}
    assert {path for path in paths if not (ROOT / path).exists()} == set()
