"""Pages read anew with what people said of them, as a job or from the command line."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.laid import anchors_of, lay
from support.runs import AGENCY, options

from extractor.batch.rereading import last_certificate, reread, source_page
from extractor.batch.run import run
from extractor.batch.sources import remember_sources
from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.confidence import load_certificate
from extractor.errors import MissingInputError, SettingsError
from extractor.page_instruction import PageInstruction, PageIs
from extractor.records import BookKey, Decision, PageProblem, PageProblemKind
from extractor.scans import list_sources, page_refs
from extractor.settings import get_settings
from extractor.store import Instructions, PageResult

SCAN = Path(__file__).parents[2] / "sample_book" / "KS.2009.01" / "KS.2009.01.2009-01-02.01.pdf"


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quet")
    return shutil.copy(SCAN, folder / "KS.2009.01.pdf")


@pytest.fixture(scope="module")
def out(scans, tmp_path_factory):
    """A folder into which a page was read that the machine could make nothing of."""
    folder = tmp_path_factory.mktemp("out")
    (source,) = list_sources([scans], on_set_aside=print)
    remember_sources(folder, [source], book=BookKey(agency=AGENCY))
    (ref,) = page_refs(source)
    page = ref.load()
    height, width = page.image.shape[:2]
    problem = PageProblem(
        file=page.file, page=1, kind=PageProblemKind.UNKNOWN_FORM, message="Không giống biểu mẫu nào đã biết."
    )
    book = replace(page.book, agency=AGENCY)
    with open_store(folder, "") as store:
        store.save_page(
            PageResult(page.file, 1, page.sha256, width, height, "", "old", book, source.sha256, problem=problem)
        )
    return folder


def read_anew(out, pages=(("KS.2009.01.pdf", 1),)):
    done = []
    result = reread(out, "", (get_settings().templates_dir,), pages, lambda n, total: done.append((n, total)))
    return result, done


@pytest.mark.slow
def test_a_page_laid_by_hand_is_read_and_people_decide_all_its_fields(out, scans, forms):
    page = source_page(out, "KS.2009.01.pdf", 1).load()
    anchors = anchors_of(lay(forms, page, form="ks-2006"), forms)
    with open_store(out, "") as store:
        instructions = Instructions(store)
        said = PageInstruction(form="ks-2006", anchors=anchors)
        instructions.say(instructions.find("KS.2009.01.pdf", 1).id, said, "Người Một")
    result, done = read_anew(out)
    assert result == {
        "pages": [{"file": "KS.2009.01.pdf", "page": 1, "records": 1, "problem": ""}],
        "set_aside": [],
    }
    assert done[-1] == (1, 1)
    with open_store(out, "") as store:
        (record,) = store.records()
        assert record.registration.method == "by hand: labels"
        assert {value.decision for value in record.fields.values()} == {Decision.REVIEW}
        assert record.fields["nksHoTen"].raw
        assert store.open_tasks() == len(record.fields)
        assert store.page_problems() == ()
    assert (out / "report.html").exists()
    # A run over the same input finds nothing new.
    assert run(options([scans], out, certificate=load_certificate(get_settings().certificate))).pages_new == 0


@pytest.mark.slow
def test_records_of_a_page_that_is_none_of_the_register_go_and_what_people_decided_stays_in_the_history(out, scans):
    with open_store(out, "") as store:
        # It goes on with the page that the test above has read.
        task = store.claim("Người Hai")
        store.decide(task, task.token, person="Người Hai", raw="khác", value="khác")
        page = Instructions(store).find("KS.2009.01.pdf", 1)
        Instructions(store).say(page.id, PageInstruction(is_=PageIs.NOT_REGISTER), "Người Một")
    result, _ = read_anew(out)
    assert result["pages"][0]["problem"] == "not_register"
    with open_store(out, "") as store:
        assert list(store.records()) == []
        assert store.page_problems()[0].resolved_by == "Người Một"
        assert [entry.after["raw"] for entry in store.history(task.field_id)][-1] == "khác"
    assert run(options([scans], out, certificate=load_certificate(get_settings().certificate))).pages_new == 0


def test_what_cannot_be_read_is_set_aside_and_told(scans, tmp_path):
    folder = tmp_path / "out"  # of its own: whatever was read into the other one, or not yet, is nothing to this
    folder.mkdir()
    remember_sources(folder, list_sources([scans], on_set_aside=print), book=BookKey(agency=AGENCY))
    result, done = read_anew(folder, [("KS.2009.01.pdf", 7), ("khong-co.pdf", 1)])
    assert [item["file"] for item in result["set_aside"]] == ["KS.2009.01.pdf", "khong-co.pdf"]
    assert "no page 7" in result["set_aside"][0]["message"]
    assert done[0] == (2, 2)
    with pytest.raises(MissingInputError):
        source_page(tmp_path, "KS.2009.01.pdf", 1)


@pytest.fixture
def extractor(monkeypatch, capfd):
    """Runs the command line; gives exit code, what it said, and its complaints."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capfd.readouterr()

    return call


def test_the_command_line_says_what_a_page_is_and_refuses_nonsense(out, extractor):
    file = "KS.2009.01.pdf"
    code, said, _ = extractor("reread", out, file, "--page", 1, "--is", "blank", "--person", "Người Ba", "--json")
    assert (code, json.loads(said)["pages"][0]["problem"]) == (0, "blank_page")
    with open_store(out, "") as store:
        assert Instructions(store).current()[file, 1].person == "Người Ba"
    for arguments, status, words in (
        (("--page", 7), 6, "not in the store"),
        (("--page", 1, "--turn", 45), 2, "no quarter turn"),
        (("--page", 1, "--form", "ks-2006"), 2, "--person is missing"),
        (("--page", 1, "--form", "xx-2006", "--person", "Ai"), 4, "no form named"),
        (("--page", 1, "--is", "cover", "--automatic"), 2, "nothing is said"),
        (("--page", 1, "--is", "rubbish"), 2, "is:"),
        (("--page", 1, "--instruction", out / "no.json"), 2, "no JSON object"),
    ):
        code, _, complaint = extractor("reread", out, file, *arguments)
        assert (code, words in complaint) == (status, True), (arguments, complaint)


def test_another_certificate_has_to_be_named(tmp_path):
    (tmp_path / "certificate.json").write_text('{"in_force": true, "sha256": "00"}')
    with pytest.raises(SettingsError, match="another certificate"):
        last_certificate(tmp_path)
    (tmp_path / "certificate.json").write_text('{"in_force": false}')
    assert last_certificate(tmp_path) is None
