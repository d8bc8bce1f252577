"""Why a page yields no records, in words for the people who look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.laying import LaidPage
from extractor.page_file import overlay_name
from extractor.page_instruction import PageIs
from extractor.records import PageProblem, PageProblemKind
from extractor.scans import Side
from extractor.templates.form import Role

_SIDES = {Side.LEFT: "Trang trái", Side.RIGHT: "Trang phải"}
_GRAVEST_FIRST = (
    PageProblemKind.BAD_REGISTRATION,
    PageProblemKind.UNKNOWN_FORM,
    PageProblemKind.UNREADABLE,
    PageProblemKind.CLOSING,
    PageProblemKind.COVER,
    PageProblemKind.BLANK_PAGE,
    PageProblemKind.NOT_REGISTER,
)
_SAID = {
    PageIs.COVER: (PageProblemKind.COVER, "Bìa sổ, theo người xử lý."),
    PageIs.CLOSING: (PageProblemKind.CLOSING, "Trang khóa sổ, theo người xử lý."),
    PageIs.BLANK: (PageProblemKind.BLANK_PAGE, "Trang trắng, theo người xử lý."),
    PageIs.NOT_REGISTER: (PageProblemKind.NOT_REGISTER, "Không phải trang sổ, theo người xử lý."),
}


def problem_of(laid: LaidPage, stated: Mapping[str, str]) -> PageProblem:
    """Why a page without records has none.

    Args:
        stated: what a cover or closing page says, by field code.
    """
    match, form, registered = laid.match, laid.form, laid.registered
    if laid.said is not None and (registered is None or form is None):
        kind, message = _SAID[laid.said]
    elif match.blank:
        kind, message = PageProblemKind.BLANK_PAGE, "Trang trắng: không thấy chữ in hay chữ viết."
    elif registered is None or form is None:
        kind, message = PageProblemKind.UNKNOWN_FORM, match.reason or "Không nhận ra biểu mẫu."
    elif form.schema.role is not Role.RECORDS:
        kind = PageProblemKind.COVER if form.schema.role is Role.COVER else PageProblemKind.CLOSING
        said = "; ".join(f"{spec.label}: {stated[spec.code]}" for spec in form.schema.fields if spec.code in stated)
        message = f"{form.schema.title}, không có bản ghi. {said}".rstrip(" .") + "."
    elif registered.registration.ok:
        kind, message = PageProblemKind.BLANK_PAGE, "Trang có biểu mẫu nhưng chưa ghi gì."
    else:
        kind, message = PageProblemKind.BAD_REGISTRATION, registered.registration.reason or "Không khớp với biểu mẫu."
    return _problem(laid, kind, message)


def other_book(laid: LaidPage) -> PageProblem:
    """A page that was not read because the page facing it belongs to another register."""
    title = laid.form.schema.title if laid.form else ""
    message = f"Biểu mẫu “{title}” khác sổ với trang bên kia; trang này chưa được đọc, cần quét riêng."
    return _problem(laid, PageProblemKind.UNKNOWN_FORM, message)


def all_in_one(problems: Sequence[PageProblem]) -> PageProblem | None:
    """The one problem a picture is stored with: the gravest of its pages' with what is said of the others; or none."""
    if not problems:
        return None
    gravest = min(problems, key=lambda problem: _GRAVEST_FIRST.index(problem.kind))
    return gravest.model_copy(update={"message": " ".join(problem.message for problem in problems)})


def _problem(laid: LaidPage, kind: PageProblemKind, message: str) -> PageProblem:
    source = laid.page.source
    return PageProblem(
        file=source.file,
        page=source.page,
        kind=kind,
        message=f"{_SIDES[laid.side]}: {message}" if laid.side else message,
        form=laid.match.form,
        registration=laid.registered.registration if laid.registered else None,
        overlay=overlay_name(source.file, source.page),
    )
