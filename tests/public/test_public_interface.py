"""The public interface: light to import, complete, the same for editors and programs, and described."""

import ast
import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import extractor

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for modules in extractor.PUBLIC.values() for names in modules.values() for name in names]


def test_importing_the_package_loads_nothing_else():
    code = "import sys; before = set(sys.modules); import extractor; print(*sorted(set(sys.modules) - before))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = ended.stdout.split()
    assert "extractor" in loaded
    assert not [name for name in loaded if name.split(".")[0] not in {"extractor", *sys.stdlib_module_names}]
    assert [name for name in loaded if name.startswith("extractor.")] == []


def test_reading_records_loads_neither_torch_nor_opencv():
    code = "import sys; from extractor import read_records; print(*{'torch', 'cv2', 'matplotlib'} & {*sys.modules})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stdout.split() == []


def test_all_names_are_there_once_and_described():
    assert sorted(NAMES) == sorted(set(NAMES)) == sorted(set(extractor.__all__) - {"__version__"})
    for name in NAMES:
        value = getattr(extractor, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__.startswith("extractor."), name
            assert (inspect.getdoc(value) or "").strip(), name
    assert set(extractor.__all__) <= set(dir(extractor))


def test_editors_are_told_the_same_as_programs():
    tree = ast.parse((ROOT / "extractor" / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    told = {(node.module, alias.name) for node in block.body for alias in node.names}
    assert told == {
        (module, name) for modules in extractor.PUBLIC.values() for module, names in modules.items() for name in names
    }


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'no_such_thing'"):
        extractor.no_such_thing  # noqa: B018


def test_the_table_in_the_documentation_is_that_of_the_code():
    made = runpy.run_path(str(ROOT / "scripts" / "api-table"))
    page = (ROOT / "docs" / "api-python.md").read_text("utf-8")
    assert made["with_table"](page) == page, "run scripts/api-table"
    assert all(f"| `{name}` |" in page for name in NAMES)
