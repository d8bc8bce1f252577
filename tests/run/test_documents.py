from pathlib import Path

from extractor.rules import rules_table

ROOT = Path(__file__).resolve().parents[2]


def test_table_of_rules_is_the_one_the_code_applies():
    assert rules_table().strip() in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_command_and_exit_code_is_in_the_readme():
    from extractor.errors import ExitCode

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {int(code)} |" in readme, code


def test_every_shipped_form_is_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for folder in (ROOT / "page_templates").iterdir():
        if (folder / "form.yaml").is_file():
            assert f"`{folder.name}`" in readme


def test_every_setting_is_in_the_readme():
    from extractor.settings import Settings

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"EXTRACTOR_{name.upper()}" in readme


def test_pictures_of_the_readme_are_there():
    for name in ("overlay.png", "review.png"):
        assert (ROOT / "docs" / name).stat().st_size > 10_000
