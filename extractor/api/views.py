"""What the store holds, as the interface shows it; nothing of a hidden field leaves here."""

from __future__ import annotations

from dataclasses import asdict

from extractor.api.models import (
    Beside,
    BookShown,
    ExportShown,
    FieldShown,
    JobError,
    JobShown,
    ProblemShown,
    Progress,
    Reading,
    RecordListed,
    RecordShown,
    RunResult,
    RunShown,
    TaskShown,
    UploadShown,
    WarningShown,
)
from extractor.records import Decision, RuleWarning
from extractor.review.labels import Labels
from extractor.store import (
    BookSummary,
    FieldContext,
    Job,
    Neighbour,
    StoredField,
    StoredProblem,
    StoredRecord,
    Task,
    Upload,
)
from extractor.store.listing import RecordLine
from extractor.templates.form import Kind

_CHOICES = 9
_LANGUAGE = "vi"


def upload_shown(upload: Upload, offset: int) -> UploadShown:
    """An upload."""
    return UploadShown(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        offset=offset,
        state=upload.state,
        sha256=upload.sha256,
        kind=upload.kind,
        pages=upload.pages,
        reason=upload.reason,
        message=upload.message,
        created_at=upload.created_at,
        finished_at=upload.finished_at,
    )


def run_shown(job: Job) -> RunShown:
    """A run."""
    result = RunResult.model_validate(job.result) if job.result else None
    return RunShown(**_job(job).model_dump(), uploads=job.options["uploads"], result=result)


def export_shown(job: Job) -> ExportShown:
    """An export."""
    return ExportShown(
        **_job(job).model_dump(),
        format=job.options["format"],
        pending=job.options["pending"],
        files=len(job.result.get("files", ())),
        files_left=job.result.get("files_left", []),
        policy=job.result.get("policy", ""),
        not_approved=job.result.get("not_approved", []),
    )


def _job(job: Job) -> JobShown:
    return JobShown(
        id=job.id,
        state=job.state,
        cancel_asked=job.cancel,
        progress=Progress(done=job.done, total=job.total),
        error=JobError(message=job.message, mend=job.mend) if job.message else None,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def book_shown(book: BookSummary) -> BookShown:
    """A book with its counts."""
    return BookShown(id=book.id, **asdict(book.key), **asdict(book.counts))


def record_listed(line: RecordLine) -> RecordListed:
    """A record in a list."""
    return RecordListed(
        id=line.id,
        book_id=line.book_id,
        page_id=line.page_id,
        file=line.file,
        page=line.page,
        record=line.number,
        form=line.form,
        state="waiting" if line.waiting else "settled",
        waiting_fields=line.waiting,
    )


def record_shown(record: StoredRecord, labels: Labels) -> RecordShown:
    """A record with its fields by code."""
    file, page, number = record.key
    return RecordShown(
        id=record.id,
        book_id=record.book_id,
        page_id=record.page_id,
        file=file,
        page=page,
        record=number,
        form=record.form,
        form_version=record.form_version,
        fields={field.code: _field(field, record.form, labels) for field in record.fields},
        warnings=[_warning(warning) for warning in record.warnings],
        previous_id=record.previous_id,
        following_id=record.following_id,
    )


def _field(field: StoredField, form: str, labels: Labels) -> FieldShown:
    found, hidden = field.field, field.hidden
    return FieldShown(
        id=field.id,
        label=labels.spec(form, field.code, field.kind).label,
        group=labels.group(field.code, _LANGUAGE),
        kind=field.kind,
        hidden=hidden,
        raw=None if hidden else found.raw,
        value=None if hidden else found.value,
        state=None if hidden else found.state,
        decision=found.decision,
        confidence=None if hidden else found.confidence,
        box=None if found.box is None else list(found.box),
        person=field.person,
        decided_at=field.decided_at,
    )


def _warning(warning: RuleWarning) -> WarningShown:
    return WarningShown(
        rule=warning.rule,
        fields=list(warning.fields),
        severity=warning.severity,
        message=warning.message,
        message_en=warning.message_en,
    )


def problem_shown(stored: StoredProblem) -> ProblemShown:
    """A page problem."""
    problem = stored.problem
    return ProblemShown(
        id=stored.id,
        page_id=stored.page_id,
        book_id=stored.book_id,
        file=problem.file,
        page=problem.page,
        kind=problem.kind,
        message=problem.message,
        form=problem.form,
        resolution=stored.resolution,
        resolved_by=stored.resolved_by,
    )


def task_shown(task: Task, context: FieldContext, labels: Labels, person: str) -> TaskShown:
    """A task, told as much of as the review application tells.

    A blind task tells nothing of what the machine read, nor what would hint at it. Where a blind re-keying contradicts
    the machine, both texts are offered and nothing tells which is whose; rules, which judged one of them, are silent.
    """
    disputed = bool(context.rekeyed_by) and task.field.decision is Decision.REVIEW
    field = context.field  # of a ditto mark, what it stands for only where that may be told
    return TaskShown(
        id=task.id,
        token=task.token,
        person=person,
        leased_until=task.leased_until,
        field_id=task.field_id,
        record_id=task.record_id,
        book_id=task.book_id,
        page_id=context.page_id,
        form=task.form,
        code=task.code,
        kind=task.kind,
        label=labels.spec(task.form, task.code, task.kind).label,
        group=labels.group(task.code, _LANGUAGE),
        blind=task.blind,
        disputed=disputed,
        reading=None
        if task.blind or disputed
        else Reading(raw=field.raw, value=field.value, state=field.state, confidence=field.confidence),
        choices=_choices(labels, task, "" if task.blind or disputed else field.raw),
        before=None if task.blind else _beside(context.previous),
        after=None if task.blind else _beside(context.following),
        warnings=[] if task.blind or disputed else [_warning(warning) for warning in context.warnings],
    )


def _choices(labels: Labels, task: Task, first: str) -> list[str]:
    spec = labels.spec(task.form, task.code, task.kind)
    if spec.kind is Kind.CHOICE:
        return [option.label for option in spec.options][:_CHOICES]
    if task.blind:
        return []
    texts = [first, *(candidate.text for candidate in task.field.candidates)]
    return list(dict.fromkeys(text for text in texts if text))[:_CHOICES]


def _beside(neighbour: Neighbour | None) -> Beside | None:
    if neighbour is None:
        return None
    hidden = neighbour.hidden
    return Beside(raw=None if hidden else neighbour.field.raw, state=None if hidden else neighbour.field.state)
