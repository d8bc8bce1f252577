"""The command, from a store to the lists with their pictures."""

import openpyxl
import pytest
from PIL import Image
from typer.testing import CliRunner

from extractor.batch.storage import open_store
from extractor.cli.root import app
from extractor.errors import ExportError, SettingsError, StoreError
from extractor.records import BookKey, Box
from extractor.store import PageResult

from .conftest import SAMPLE, sample_records


@pytest.fixture
def out(tmp_path):
    """A run's output folder with the first two records of the sample book."""
    (tmp_path / "pages").mkdir()
    Image.new("RGB", (400, 600), "white").save(tmp_path / "pages" / "page.jpg")
    with open_store(tmp_path) as store:
        for record in sample_records()[:2]:
            fields = {
                code: value.model_copy(update={"box": Box(40, 60, 200, 30)}) for code, value in record.fields.items()
            }
            store.save_page(
                PageResult(
                    file=record.file, page=record.page, sha256=f"{record.page:064d}", width=800, height=1200,
                    image="pages/page.jpg", pipeline_version="1", book=BookKey(register="KS", year="2017", number="01"),
                    records=(record.model_copy(update={"fields": fields}),),
                )
            )  # fmt: skip
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(app, ["reconcile", *(str(argument) for argument in arguments)])


def test_from_the_store_to_the_list_with_pictures(out):
    done = call(out, "--population", SAMPLE / "population.csv")
    assert done.exit_code == 3, done.output  # rows of the extract were set aside
    assert "found but differs): 1" in done.output
    folder = out / "reconciliation"
    (picture,) = (folder / "pictures").iterdir()
    with Image.open(picture) as opened:
        assert opened.format == "JPEG"
    sheet = openpyxl.load_workbook(folder / "tracking.xlsx").worksheets[0]
    assert len(sheet._images) == 1
    assert sheet.cell(2, 14).hyperlink.target.replace("\\", "/") == f"pictures/{picture.name}"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], SettingsError),
        (["--population", SAMPLE / "population.csv", "--pending", "maybe"], SettingsError),
        (["--population", SAMPLE / "population.csv", "--memory", "much"], SettingsError),
        (["--population", SAMPLE / "population.csv", "--profile", "none"], ExportError),
    ],
)
def test_wrong_options_are_named(out, options, error):
    assert isinstance(call(out, *options).exception, error)


def test_a_folder_without_a_run(tmp_path):
    assert isinstance(call(tmp_path, "--population", SAMPLE / "population.csv").exception, StoreError)


def test_layouts_are_listed(tmp_path):
    assert call(tmp_path, "--list").output.split()[0] == "c06"
