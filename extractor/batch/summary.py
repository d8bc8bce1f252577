"""What the command line shows at the end of a run, of the queue, and of a certificate. Counts only, never a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from extractor.confidence.evidence import group_of
from extractor.confidence.watch import Cause
from extractor.exports.policy import Policy
from extractor.records import short_name

if TYPE_CHECKING:
    from extractor.batch.certifying import LeftOut
    from extractor.batch.judging import BookSuspension
    from extractor.batch.run import RunSummary
    from extractor.confidence import Certificate, LabelledField
    from extractor.store import Store
    from extractor.store.results import Counts


def render_summary(summary: RunSummary) -> Iterator[RenderableType]:
    """The summary table of a run, then where its outputs are."""
    outputs = summary.outputs
    if outputs is None:
        return
    table = Table(title="Summary / Tổng hợp", show_header=False, min_width=60)
    table.add_column()
    table.add_column(justify="right")
    status = outputs.status
    rows = [
        ("Pages read / Số trang", f"{status.pages} ({summary.pages_new} new)"),
        ("Records / Số bản ghi", str(status.records)),
        ("Fields accepted / Trường được chấp nhận", _share(status.accepted, status.fields)),
        ("Fields for review / Trường chờ kiểm tra", _share(status.review, status.fields)),
        ("Fields decided by people / Đã có người quyết định", str(status.confirmed + status.corrected)),
        ("Warnings / Cảnh báo", str(outputs.warnings)),
        ("Page problems / Trang có vấn đề", str(status.page_problems)),
        ("Inputs set aside / Tệp bị loại", str(len(summary.set_aside))),
        ("Records exported / Bản ghi xuất ra", str(sum(book.rows for book in outputs.exported.books))),
        ("Records held back / Bản ghi giữ lại", str(len(outputs.exported.held_back))),
        ("Seconds per page / Giây mỗi trang", f"{outputs.seconds_per_page:.1f}"),
    ]
    if outputs.exported.policy is Policy.APPROVED:
        rows.insert(-1, ("Books not approved / Sổ chưa phê duyệt", str(len(outputs.exported.not_approved))))
    for name, value in rows:
        table.add_row(name, value)
    yield table
    if outputs.unknown:
        yield f"Pages of no known form / Trang không rõ biểu mẫu: {outputs.unknown}"
        yield "Draft a form from a few of them / Lập mẫu từ vài trang: extractor template new SCAN... --form NAME"
    if summary.void:
        yield (
            "Giấy chứng nhận độ tin cậy được lập với mô hình đọc khác nên không có hiệu lực: "
            "mọi trường đều chờ người kiểm tra."
        )
        yield "The certificate was proved with another reader and is void: every field goes to people."
    for item in summary.suspended:
        yield "\n".join(describe_suspension(item))
    yield f"Report / Báo cáo: {outputs.report}"


def render_queue(store: Store) -> Table:
    """The queue book by book."""
    table = Table("No.", "Book", "Pages", "Records", "Accepted", "Review", "Confirmed", "Corrected", "Page problems")
    for column in (table.columns[0], *table.columns[2:]):
        column.justify = "right"
    for book in store.books():
        table.add_row(str(book.id), short_name(book.key) or "-", *_counts(book.counts))
    table.add_section()
    table.add_row("", "All", *_counts(store.status()))
    return table


def render_certificate(certificate: Certificate) -> Table:
    """What a certificate proves, group by group."""
    table = Table("Group", "Labelled", "Threshold", "Accepted", "Wrong", "Error at most", title=certificate.evidence)
    if any(group.together for group in certificate.groups.values()):
        table.caption = "* too rare to be proved alone: accepted, wrong and error of all these together"
    for name, group in certificate.groups.items():
        proved = group.threshold <= 1
        table.add_row(
            f"{name} *" if group.together else name,
            str(group.labelled),
            f"{group.threshold:.3f}" if proved else "none",
            str(group.accepted),
            str(group.wrong),
            f"{group.bound:.1%}" if proved else "-",
        )
    return table


def render_left_out(items: Sequence[LeftOut]) -> Table:
    """What verified books hold that a certificate cannot rest on, by reason and group."""
    reasons = {
        "waiting": "fields still wait for people",
        "not_rekeyed": "accepted fields, none of them keyed again",
        "older_reading": "read by an earlier version; run them again",
        "twice": "the same scan was counted already",
        "learned": "the reader learned from these books",
    }
    table = Table("Group", "Fields", "Books", "Why", title="Left out")
    for group, why in sorted({(item.group, item.why) for item in items}):
        same = [item for item in items if (item.group, item.why) == (group, why)]
        table.add_row(group or "all", str(sum(item.fields for item in same)), str(len(same)), reasons[why])
    return table


def render_too_few(fields: Sequence[LabelledField], certificate: Certificate) -> Iterator[RenderableType]:
    """Groups that have too few labels to fit a calibrator on, if there are any."""
    counts = Counter(group_of(item.evidence) for item in fields)
    missing = [f"{name} ({count})" for name, count in sorted(counts.items()) if name not in certificate.groups]
    if missing:
        yield f"Too few labels to fit: {', '.join(missing)}."


def describe_suspension(item: BookSuspension) -> tuple[str, str]:
    """For which fields the certificate does not count and why, in Vietnamese and English."""
    found, book = item.suspension, item.book
    name = (short_name(book) or "-") if book else ""
    where = (f"sổ {name}", f"book {name}") if book else ("mọi sổ", "all books")
    if found.cause is Cause.REKEYED:
        why = (
            f"{found.wrong} trên {found.fields} trường nhập lại độc lập bị sai, tức ít nhất {found.figure:.1%},"
            f" trong khi cam kết nhiều nhất {found.limit:.1%}",
            f"{found.wrong} of {found.fields} fields keyed again blindly were wrong, which is at least"
            f" {found.figure:.1%}; at most {found.limit:.1%} was promised",
        )
    else:
        figures = f"PSI {found.figure:.2f} > {found.limit:.2f}"
        why = (
            f"{found.fields} trường của sổ kém chắc chắn hơn hẳn những trường đã chứng minh ({figures})",
            f"its {found.fields} fields look less sure than those of the proof ({figures})",
        )
    return (
        f"Chứng nhận tạm dừng cho nhóm trường {found.group}, {where[0]}: {why[0]}.",
        f"Certificate suspended for fields of the group {found.group}, {where[1]}: {why[1]}.",
    )


def _counts(counts: Counts) -> tuple[str, ...]:
    numbers = (
        counts.pages,
        counts.records,
        counts.accepted,
        counts.review,
        counts.confirmed,
        counts.corrected,
        counts.page_problems,
    )
    return tuple(str(number) for number in numbers)


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"
