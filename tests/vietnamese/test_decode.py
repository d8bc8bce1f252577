import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.records import Candidate
from extractor.templates.form import FieldSpec, Kind
from extractor.vietnamese import Context, decode, normalise

BOOK = Context(year="2008", register="KS")
KINDS = [kind for kind in Kind if kind is not Kind.CHOICE]


def spec(kind: Kind, code: str = "x") -> FieldSpec:
    return FieldSpec(code=code, label="x", kind=kind)


def run(kind: Kind, *candidates: tuple[str, float], code: str = "x"):
    return decode(spec(kind, code), [Candidate(*candidate) for candidate in candidates], BOOK)


@pytest.mark.parametrize(
    ("kind", "read", "raw", "value"),
    [
        (Kind.SEX, "Nu", "Nữ", "2"),
        (Kind.SEX, "Nàm", "Nam", "1"),
        (Kind.ETHNIC_GROUP, "Kính", "Kinh", "Kinh"),
        (Kind.NATIONALITY, "Viet Nam", "Việt Nam", "Việt Nam"),
        (Kind.RELATION, "Cha dẻ", "Cha đẻ", "Cha đẻ"),
        (Kind.TITLE, "Chù tịch", "Chủ tịch", "Chủ tịch"),
        (Kind.SIGNER, "Lê Văn Ký, Chù tịch", "Lê Văn Ký, Chủ tịch", "Lê Văn Ký, Chủ tịch"),
        (Kind.SIGNER, "Lê Văn Ký Phó Chú tịch", "Lê Văn Ký Phó Chủ tịch", "Lê Văn Ký, Phó Chủ tịch"),
        (Kind.PLACE, "xã A, tỉnh Đông Nai", "xã A, tỉnh Đồng Nai", "xã A, tỉnh Đồng Nai"),
        (Kind.PLACE, "xã A, Khánh Hoá", "xã A, Khánh Hoà", "xã A, Khánh Hòa"),
        (Kind.PLACE, "Thôn Đông Mai", "Thôn Đông Mai", "thôn Đông Mai"),
        (Kind.DATE, "2O/1/2008", "20/1/2008", "20.01.2008"),
        (Kind.RECORD_NUMBER, "l2", "12", "12/2008"),
        (
            Kind.DATE_WORDS,
            "Ngày hai mưoi bấy tháng tám",
            "Ngày hai mưoi bấy tháng tám",
            "Ngày hai mưoi bấy tháng tám",
        ),
        (
            Kind.DATE_WORDS,
            "NGÀY hai mưoi bay tháng tám năm hai nghin",
            "NGÀY hai mươi bảy tháng tám năm hai nghìn",
            "Ngày hai mươi bảy tháng tám năm hai nghìn",
        ),
    ],
)
def test_near_misses_are_proposed(kind: Kind, read: str, raw: str, value: str) -> None:
    first = run(kind, (read, 0.6))[0]
    assert (first.raw, first.value) == (raw, value)
    assert first.proposed == (raw != read)


def test_what_is_in_no_list_stays_possible() -> None:
    for kind in KINDS:
        found = run(kind, ("Xyzxyz", 0.9))
        assert "Xyzxyz" in [item.raw for item in found]
        assert found[0].probability > 0.1


def test_grammar_outweighs_the_readers_order() -> None:
    assert run(Kind.DATE, ("31/2/2008", 0.5), ("21/2/2008", 0.4))[0].value == "21.02.2008"
    assert run(Kind.DATE, ("20/1/2073", 0.5), ("20/1/2003", 0.3))[0].value == "20.01.2003"
    assert run(Kind.DATE, ("20/1/2003", 0.5), ("20/1/2008", 0.3), code="ngayDangKy")[0].value == "20.01.2008"
    assert run(Kind.DATE, ("20/1/2003", 0.5), ("20/1/2008", 0.3), code="nksNgaySinh")[0].value == "20.01.2003"
    assert run(Kind.PERSON_NAME, ("Nguyẽn Văn An", 0.45), ("Nguyễn Văn An", 0.4))[0].raw == "Nguyễn Văn An"


def test_a_clear_reading_is_not_overruled_by_the_surname() -> None:
    assert run(Kind.PERSON_NAME, ("Nguyên Văn An", 0.9), ("Nguyễn Văn An", 0.05))[0].raw == "Nguyên Văn An"


def test_readings_of_one_value_are_one() -> None:
    found = run(Kind.DATE, ("5/3/2008", 0.4), ("05.03.2008", 0.3), ("6/3/2008", 0.2))
    assert [item.value for item in found] == ["05.03.2008", "06.03.2008"]
    assert found[0].raw == "5/3/2008"
    assert found[0].probability == pytest.approx(3.5 * found[1].probability)


def test_a_reading_seen_is_preferred_over_a_proposal_as_raw() -> None:
    first = run(Kind.ETHNIC_GROUP, ("Kính", 0.6), ("Kinh", 0.1))[0]
    assert (first.raw, first.proposed) == ("Kinh", False)


def test_nothing_read_gives_nothing() -> None:
    assert run(Kind.DATE) == ()
    assert run(Kind.SEX, ("Nam", 0.0))[0].probability == 0.0


def test_ditto_and_empty_keep_their_probability() -> None:
    ditto = run(Kind.ETHNIC_GROUP, ("nt", 0.9))[0]
    assert ditto.ditto
    assert ditto.value is None
    assert ditto.probability > 0.8
    assert run(Kind.ETHNIC_GROUP, ("", 0.9))[0].note == "empty"


@given(
    st.sampled_from(KINDS),
    st.lists(
        st.tuples(
            st.one_of(st.text(max_size=12), st.sampled_from(["Kinh", "Nam", "5/3/2008", "nt", "Nguyễn Văn An", "O5"])),
            st.floats(0, 1),
        ),
        max_size=5,
    ),
)
def test_probabilities_are_ordered_and_sum_to_at_most_one(kind: Kind, candidates: list[tuple[str, float]]) -> None:
    found = run(kind, *candidates)
    probabilities = [item.probability for item in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= probability <= 1 for probability in probabilities)
    assert sum(probabilities) <= 1 + 1e-9
    for item in found:
        result = normalise(spec(kind), item.raw, BOOK)
        assert (item.value, item.known) == (result.value, result.known)
    assert len({item.value for item in found if item.value is not None}) == len(
        [item for item in found if item.value is not None]
    )


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=12))
def test_a_sure_reading_of_a_known_text_stays_first(kind: Kind, text: str) -> None:
    if normalise(spec(kind), text, BOOK).known:
        assert run(kind, (text, 0.95))[0].raw == run(kind, (text, 1.0))[0].raw


@pytest.mark.parametrize(
    ("kind", "read", "meant"),
    [
        (Kind.PERSON_NAME, "Pham Thị Bé", "Phạm Thị Bé"),
        (Kind.PERSON_NAME, "NGUYÊN THỊ BÉ", "NGUYỄN THỊ BÉ"),
        (Kind.SIGNER, "Pham Văn Ký, Chủ tịch", "Phạm Văn Ký, Chủ tịch"),
        # Surnames of other peoples, and words unlike any surname, stay.
        (Kind.PERSON_NAME, "Thạch Sa Rây", "Thạch Sa Rây"),
        (Kind.PERSON_NAME, "Neang Sóc Kha", "Neang Sóc Kha"),
        (Kind.PERSON_NAME, "Ksor H'Nhi", "Ksor H'Nhi"),
        (Kind.PERSON_NAME, "Vù A Dính", "Vù A Dính"),
        (Kind.PERSON_NAME, "Chẩu Thị Mai", "Chẩu Thị Mai"),
        (Kind.PERSON_NAME, "Pham", "Pham"),
    ],
)
def test_a_surname_but_for_a_tone_or_mark_is_proposed(kind, read, meant):
    readings = run(kind, (read, 0.7))
    assert readings[0].raw == meant
    assert read in [reading.raw for reading in readings]


@pytest.mark.parametrize(
    "read",
    [
        "xã Thanh Hòa",
        "ấp Thanh Hòa",
        "xã Yên Bài",
        "thị trấn Kiến Giang",
        "số 12 đường Yên Bài",
        "xã Thiệu Vân, huyện Thiệu Hóa, Thanh Hóa",
        "xã Quảng Lĩnh, huyện Quảng Xương, Thanh Hóa",
        "TX Buôn Mê Thuột, Đắc Lắc",
        "xã Đăk R'lấp, Đăk Nông",
    ],
)
def test_a_clear_reading_of_a_place_no_table_has_stays_first(read):
    readings = run(Kind.PLACE, (read, 0.9))
    assert readings[0].raw == read


def test_long_texts_are_decoded_in_no_time():
    started = time.process_time()
    run(Kind.PLACE, ("Tân " * 2500, 0.9))
    assert time.process_time() - started < 2
