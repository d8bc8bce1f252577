"""Manifests, the audit chain, checks of whole books, supplements, and the check of what was exported."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from datetime import datetime

import pytest
import yaml

from extractor.errors import ExportError
from extractor.exports.books import Background, export_run
from extractor.exports.files import part_of
from extractor.exports.manifest import event_of, write_manifest
from extractor.exports.profile import load_profiles, with_own_profiles
from extractor.exports.supplements import Supplement
from extractor.exports.verifying import verify_packages
from extractor.scans.types import OfficialName

NOW = datetime(2030, 1, 2, 3, 4, 5)
PROFILES = load_profiles()


class Chain:
    """An audit chain of numbers."""

    def __init__(self):
        self.events = []

    def head(self):
        return f"{len(self.events)}:x"

    def holds(self, head):
        return head in {f"{number}:x" for number in range(len(self.events) + 1)}

    def enter(self, subject, content):
        self.events.append((subject, content))

    def vouches(self, subject, content):
        return [found for about, found in self.events if about == subject][-1:] == [content]

    def exported(self):
        return {about.removeprefix("export:") for about, _ in self.events}


@pytest.fixture
def run(tmp_path, form, book, splitter, jpeg):
    def make(records, *, known=book, out=tmp_path / "out", profiles=PROFILES, **options):
        return export_run(
            out,
            records,
            {form.form: form},
            profiles,
            books={record.key: known for record in records},
            split=splitter,
            now=NOW,
            page_source=lambda key: (jpeg(key[1]), 1),
            **options,
        )

    return make


def manifest_of(result):
    return json.loads(result.books[0].manifest.read_text(encoding="utf-8"))


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_names_certificate_and_head_and_the_export_is_entered(run, record):
    chain = Chain()
    certificate = {"in_force": True, "sha256": "ab", "target_error": 0.005, "suspended": []}
    background = Background(certificate=certificate, audit=chain)
    manifest = manifest_of(run([record()], background=background))
    assert manifest["certificate"] == certificate
    assert manifest["audit"] == {"head": "0:x"}
    assert [subject for subject, _ in chain.events] == ["export:xalocthuan_hbd_tbt.KS.2017.01"]


def test_an_export_that_changes_nothing_leaves_manifest_and_chain(run, record, tmp_path):
    chain = Chain()
    background = Background(audit=chain)
    path = run([record("1")], background=background).books[0].manifest
    before, listed = path.read_bytes(), files(tmp_path / "out")
    chain.enter("something else", {})
    run([record("1")], background=background)
    assert (path.read_bytes(), len(chain.events), files(tmp_path / "out")) == (before, 2, listed)
    run([record("2")], background=background)
    assert len(chain.events) == 3
    assert json.loads(path.read_text(encoding="utf-8"))["audit"] == {"head": "2:x"}
    former = path.with_name("xalocthuan_hbd_tbt.KS.2017.01.manifest.20300102-030405.json")
    assert former.read_bytes() == before


@pytest.mark.parametrize("then", ["same", "changed", "part lost"])
def test_an_export_that_ended_after_its_entry_is_not_entered_twice(tmp_path, then, monkeypatch):
    chain, path = Chain(), tmp_path / "a.manifest.json"
    says = {"says": 2 if then == "changed" else 1}

    def ends(*_, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("extractor.exports.manifest.files.put_in_place", ends)
        with pytest.raises(KeyboardInterrupt):
            write_manifest(path, {"says": 1}, chain, now=None)
    (entered,) = chain.events
    if then == "part lost":
        part_of(path).write_bytes(b"")
    assert write_manifest(path, says, chain, now=None)
    assert len(chain.events) == (1 if then == "same" else 2)
    assert chain.vouches(*event_of(path, path))
    assert (chain.events[-1] == entered) == (then == "same")
    assert not part_of(path).exists()


def test_a_manifest_of_another_chain_or_a_damaged_one_is_written_again(run, record):
    chain = Chain()
    chain.events += [("earlier", {})] * 5
    path = run([record()], background=Background(audit=chain)).books[0].manifest
    for damage in (None, "{", "[]", "[" * 100_000):
        if damage:
            path.write_text(damage, encoding="utf-8")
        other = Chain()
        run([record()], background=Background(audit=other))
        assert json.loads(path.read_text(encoding="utf-8"))["audit"] == {"head": "0:x"}
        assert len(other.events) == 1


def test_gaps_and_the_closing_total_are_warned_about_and_listed(run, record):
    records = [record(n, page=page) for page, n in enumerate(("2", "3", "7", "9", "x"), start=1)]
    totals = {read.key: 8 for read in records}
    result = run(records, background=Background(closing_totals=totals))
    (book,) = result.books
    assert [(finding.code, finding.other) for finding in book.findings] == [
        ("number_gap", "4–6, 8 (4)"),
        ("without_number", "1"),
        ("closing_total", "5/8"),
        ("rows_and_records", "4/5"),
    ]
    assert book.rows == 4
    assert [warning["code"] for warning in manifest_of(result)["book_warnings"]] == [f.code for f in book.findings]
    with result.checks_list.open(encoding="utf-8-sig", newline="") as file:
        heading, *lines = csv.reader(file)
    assert heading[:5] == ["Sổ", "Mức", "Mã", "Nội dung", "Cách khắc phục"]
    assert [line[2] for line in lines] == [finding.code for finding in book.findings]
    assert "2017" in lines[0][3]
    assert all(line[3] and line[4] for line in lines)


def test_a_whole_book_has_no_findings_and_a_warned_row_is_listed(run, record):
    records = [record("1", page=1), record("2", page=2, nksNgaySinh="hôm qua, sáng")]
    result = run(records, background=Background(closing_totals={read.key: 2 for read in records}))
    assert result.books[0].findings == ()
    assert [(w.finding.code, w.key) for w in result.warnings] == [("date", ("book.pdf", 2, 1))]


def test_a_number_in_two_books_of_one_office_and_year_is_named(run, record):
    records = [record("05", file="1.pdf", quyenSo=""), record("5", file="2.pdf", quyenSo="")]
    names = {
        read.key: OfficialName("KS", "2017", f"0{number}", "2017-02-03", "05")
        for number, read in enumerate(records, start=1)
    }
    result = run(records, official=names)
    across = [warning for warning in result.warnings if warning.finding.code == "other_book"]
    assert [(warning.book[-2:], warning.finding.other[-2:]) for warning in across] == [("01", "02"), ("02", "01")]
    assert all(book.rows == 1 for book in result.books)


def supplement(**columns):
    return Supplement(file="book.pdf", page=1, columns=columns, source="CSDLQGVDC 2026")


def test_supplements_fill_only_what_the_form_has_no_field_for(run, record):
    said = supplement(meSoDinhDanhCaNhan="079184000123", nksHoTen="Người Khác", nksSoDinhDanh="1", so="9/2017")
    result = run([record("1"), record("2", page=2)], background=Background(supplements={said.key: said}))
    first, second = result.books[0].workbooks[1].rows
    assert first.cells["meSoDinhDanhCaNhan"] == "079184000123"
    assert first.cells["nksHoTen"] == "Nguyễn Thị Ánh"
    assert "nksSoDinhDanh" not in first.cells  # on the form and blank: the book is the truth
    assert first.cells["so"] == "01/2017"
    assert "meSoDinhDanhCaNhan" not in second.cells
    stated = [(one["cells_from_elsewhere"], one["sources_of_these"]) for one in manifest_of(result)["workbooks"]]
    assert stated == [(0, []), (1, ["CSDLQGVDC 2026"])]


def test_a_supplement_that_breaks_a_check_or_is_disputed_is_left_out_and_holds_nothing_back(run, record):
    said = supplement(meLoaiCuTru="thường trú", chaHoTen="Lê Văn Tư").joined(
        supplement(chaHoTen="Lê Văn Từ").model_copy(update={"source": "C06: a.xlsx"})
    )
    result = run([record("1")], background=Background(supplements={said.key: said}))
    (row,) = result.books[0].workbooks[0].rows
    assert not {"meLoaiCuTru", "chaHoTen"} & row.cells.keys()
    assert [(w.code, w.columns, w.other) for w in row.warnings] == [
        ("supplement_unfit", ("meLoaiCuTru",), "CSDLQGVDC 2026; C06: a.xlsx"),
        ("supplement_disputed", ("chaHoTen",), "CSDLQGVDC 2026; C06: a.xlsx"),
    ]
    assert "Lê Văn" not in "".join(w.message + w.message_en for w in row.warnings)


def test_the_polices_sheet_goes_by_itself_with_a_manifest_beside_it(run, record, tmp_path):
    run([record()], profiles={"ks-c06": PROFILES["ks-c06"]})
    assert files(tmp_path / "out") == {
        "import/checks.csv",
        "import/held_back.csv",
        "import/xalocthuan_hbd_tbt.KS.2017.01.c06.manifest.json",
        "import/xalocthuan_hbd_tbt.KS.2017.01.c06.xlsx",
    }
    assert verify_packages(tmp_path / "out", PROFILES) == (1, ())


@pytest.fixture
def exported(run, record, tmp_path):
    chain = Chain()
    run([record(str(n), page=n) for n in (1, 2, 3)], background=Background(audit=chain))
    return tmp_path / "out", chain


def test_what_was_exported_is_found_whole(exported):
    out, chain = exported
    assert verify_packages(out, PROFILES, chain) == (1, ())


def _replaced(path, change):
    """A package written again with other members."""
    with zipfile.ZipFile(path) as package:
        members = [(name, package.read(name)) for name in package.namelist()]
    with zipfile.ZipFile(path, "w") as package:
        for name, data in change(members):
            package.writestr(name, data)


def _one_row_less(path):
    import openpyxl

    workbook = openpyxl.load_workbook(path)
    workbook["KS"].delete_rows(3)
    workbook.save(path)


DAMAGES = {
    "gone": (lambda z, x: z.unlink(), ["zip: is missing"]),
    "cut": (lambda z, x: z.write_bytes(z.read_bytes()[:900]), ["other bytes", "cannot be opened"]),
    "pdf lost": (lambda z, x: _replaced(z, lambda m: m[1:]), ["other bytes", "01.pdf is missing"]),
    "pdf swapped": (
        lambda z, x: _replaced(z, lambda m: [(m[0][0], m[1][1]), *m[1:]]),
        ["other bytes", "01.pdf is not the PDF the manifest names"],
    ),
    "no pdf": (
        lambda z, x: _replaced(z, lambda m: [*m[1:], (m[0][0], b"x")]),
        ["other bytes", "01.pdf is not the PDF", "01.pdf is no PDF"],
    ),
    "row lost": (
        lambda z, x: _one_row_less(x),
        ["other bytes", "has 2 rows, the manifest names 3", "has 2 rows for 3 PDFs", "row 3 has another key"],
    ),
    "sheet gone": (lambda z, x: x.unlink(), ["01.xlsx: is missing"]),
    "stray": (lambda z, x: shutil.copy(x, x.with_name("la.xlsx")), ["la.xlsx: is named by no manifest"]),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_what_is_wrong_with_a_file_is_named(exported, damage):
    out, chain = exported
    change, messages = DAMAGES[damage]
    change(out / "packages/xalocthuan_hbd_tbt.KS.2017.01.zip", out / "import/xalocthuan_hbd_tbt.KS.2017.01.xlsx")
    _, faults = verify_packages(out, PROFILES, chain)
    assert len(faults) == len(messages)
    for fault, message in zip(faults, messages, strict=True):
        assert message in str(fault)
        assert fault.mend


def test_every_file_that_nobody_vouches_for_is_named(exported, run, record):
    out, chain = exported
    # Former files of this book, a draft of it, a list of one sheet, and a workbook that is open.
    run([record("4")], background=Background(audit=chain))
    run([record("4")], background=Background(audit=chain), pending="proposal", lists="ks-60")
    run([record("5")], background=Background(audit=chain), pending="proposal")
    stem = "xalocthuan_hbd_tbt.KS.2017.01"
    (out / f"import/~${stem}.xlsx").write_bytes(b"")
    assert len(files(out)) == 17
    assert verify_packages(out, PROFILES, chain) == (1, ())
    strange = {
        *("packages/sub/x.zip", "packages/fake.ZIP", "packages/someone.pdf", "packages/checks.csv"),
        *(f"packages/{stem}.ZIP", f"packages/sub/{stem}.20300102-030405.zip", f"packages/{stem}.zip.part"),
        *("import/x.xlsm", "import/evil.20261128-000836.xlsx", f"import/{stem}.evil.20261128-000836.xlsx"),
        *("import/sub/sub/held_back.csv", "import/~$x.xlsx", "import/held_back.xlsx"),
    }
    for name in strange:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(b"x")
    _, faults = verify_packages(out, PROFILES, chain)
    assert {fault.file.relative_to(out).as_posix() for fault in faults} == strange
    assert {fault.code for fault in faults} == {"stray"}


def test_a_manifest_that_is_none_or_of_another_log_is_named(exported):
    out, chain = exported
    (path,) = (out / "packages").glob("*.manifest.json")
    chain.events.clear()
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "audit": {"head": "7:x"}}), encoding="utf-8")
    assert "head of the audit chain" in str(verify_packages(out, PROFILES, chain)[1][0])
    for damage in ("[]", "[" * 100_000, '{"package":' * 100_000):
        path.write_text(damage, encoding="utf-8")
        assert "is no manifest" in str(verify_packages(out, PROFILES)[1][0])
    path.unlink()
    assert "there is no manifest" in str(verify_packages(out, PROFILES)[1][0])


@pytest.fixture
def own(tmp_path):
    """A folder of own profiles, each a bundled one with changes."""

    def make(**changes):
        folder = tmp_path / "profiles"
        folder.mkdir(exist_ok=True)
        for name, change in changes.items():
            source = next(path for path in _bundled() if path.stem == name.replace("_", "-"))
            data = yaml.safe_load(source.read_text(encoding="utf-8"))
            naming = {**data["naming"], **change.pop("naming", {})}
            (folder / source.name).write_text(yaml.safe_dump({**data, **change, "naming": naming}), encoding="utf-8")
        return folder

    return make


def _bundled():
    from importlib import resources
    from pathlib import Path

    return sorted(Path(str(resources.files("extractor.exports.profiles"))).glob("*.yaml"))


def test_a_provinces_own_profile_takes_the_place_of_the_bundled_one(own, run, record):
    wide = {"number_digits": 3}
    profiles = with_own_profiles(own(ks_60={"naming": dict(wide)}, ks_70={"naming": dict(wide)}))
    assert list(profiles) == list(PROFILES)
    (row,) = run([record("5")], profiles=profiles).books[0].workbooks[0].rows
    assert row.pdf_name == "KS.2017.01.2017-02-03.005.pdf"


def test_profiles_that_cannot_stand_beside_each_other_are_refused(own, tmp_path):
    with pytest.raises(ExportError, match="'ks-60' and 'ks-70' of register KS name PDFs or books differently"):
        with_own_profiles(own(ks_60={"naming": {"number_digits": 3}}))
    with pytest.raises(ExportError, match=r"'ks-60' and 'tinh-ks' of register KS would both name their workbook"):
        with_own_profiles(own(ks_60={"name": "tinh-ks"}))
    with pytest.raises(ExportError, match=r"no profile \(\*\.yaml\) lies there"):
        with_own_profiles(tmp_path / "gone")
    with pytest.raises(ExportError, match=r"gh-own\.yaml: .*the title must say"):
        with_own_profiles(own(gh_own={"title": "Sổ giám hộ"}))
    with pytest.raises(ExportError, match="'header' has 61 texts for 60 columns"):
        with_own_profiles(own(gh_own={}, ks_60={"header": "KS_C06_export"}))
