"""Invented records of a birth register."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.output_folder import empty, extractor, out, templates  # noqa: F401

from extractor.exports.profile import ExportProfile, load_profiles
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Registration
from extractor.templates.form import FormSchema

FORM = FormSchema.model_validate(
    {
        "form": "ks-test",
        "version": "3",
        "register_code": "KS",
        "title": "Sổ đăng ký khai sinh",
        "source": "invented",
        "fields": [
            {"code": "so", "label": "Số", "kind": "record_number", "columns": ["so"], "required": True},
            {"code": "quyenSo", "label": "Quyển số", "kind": "book_number", "columns": ["quyenSo"]},
            {"code": "ngayDangKy", "label": "Ngày đăng ký", "kind": "date", "columns": ["ngayDangKy"]},
            {"code": "nksHoTen", "label": "Họ và tên", "kind": "person_name", "columns": ["nksHoTen"]},
            {"code": "nksGioiTinh", "label": "Giới tính", "kind": "sex", "columns": ["nksGioiTinh"]},
            {"code": "nksNgaySinh", "label": "Ngày sinh", "kind": "date", "columns": ["nksNgaySinh"]},
            {"code": "nksSoDinhDanh", "label": "Số định danh", "kind": "identity_number", "columns": ["nksSoDinhDanh"]},
            {"code": "trangSo", "label": "Trang số", "kind": "number", "columns": ["trangSo"]},
            {
                "code": "nguoiKyChucVu",
                "label": "Người ký",
                "kind": "signer",
                "columns": ["nguoiKy", "chucVuNguoiKy"],
            },
        ],
    }
)

BOOK = BookKey(
    register="KS",
    year="2017",
    number="01",
    agency="UBND xã Lộc Thuận, huyện Bình Đại, tỉnh Bến Tre",
    commune="Xã Lộc Thuận",
    district="Huyện Bình Đại",
    province="Tỉnh Bến Tre",
)


def value(text: str | None, decision: Decision = Decision.ACCEPTED, **more: object) -> FieldValue:
    state = FieldState.READ if text else FieldState.BLANK
    parts = {"raw": text or "", "value": text or None, "state": state, "decision": decision, "confidence": 0.9}
    return FieldValue.model_validate({**parts, **more})


def make_record(
    number: str = "05",
    *,
    file: str = "book.pdf",
    page: int = 1,
    review: tuple[str, ...] = (),
    record: int = 1,
    **fields: str | None,
) -> Record:
    texts: dict[str, str | None] = {
        "so": number,
        "quyenSo": "01",
        "ngayDangKy": "03.02.2017",
        "nksHoTen": "Nguyễn Thị Ánh",
        "nksGioiTinh": "2",
        "nksNgaySinh": "01.02.2017",
        "nksSoDinhDanh": "",
        "trangSo": "",
        "nguoiKyChucVu": "Trần Văn Bình|Chủ tịch",
        **fields,
    }
    return Record(
        file=file,
        page=page,
        record=record,
        form=FORM.form,
        form_version=FORM.version,
        registration=Registration(ok=True, residual_px=1.0, coverage=0.9, method="test"),
        fields={
            code: value(text, Decision.REVIEW if code in review else Decision.ACCEPTED) for code, text in texts.items()
        },
    )


def split(spec: object, text: str) -> dict[str, str]:
    name, title = text.split("|")
    return {"nguoiKy": name, "chucVuNguoiKy": title}


@pytest.fixture
def form() -> FormSchema:
    return FORM


@pytest.fixture
def book() -> BookKey:
    return BOOK


@pytest.fixture
def ks60() -> ExportProfile:
    return load_profiles()["ks-60"]


@pytest.fixture
def ks70() -> ExportProfile:
    return load_profiles()["ks-70"]


@pytest.fixture
def record() -> Callable[..., Record]:
    return make_record


@pytest.fixture
def splitter() -> Callable[[object, str], dict[str, str]]:
    return split


@pytest.fixture
def jpeg(tmp_path: Path) -> Callable[..., bytes]:
    import io

    import numpy as np
    from PIL import Image

    def make(seed: int = 0, size: tuple[int, int] = (60, 90), **options: object) -> bytes:
        rng = np.random.default_rng(seed)
        small = Image.fromarray(rng.integers(90, 255, (9, 6, 3), dtype=np.uint8))
        written = io.BytesIO()
        small.resize(size, Image.Resampling.BICUBIC).save(written, "JPEG", **options)
        return written.getvalue()

    return make
