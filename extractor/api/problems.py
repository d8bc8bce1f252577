"""Errors as problem documents (RFC 9457), the same for every operation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from extractor.errors import ExtractorError, ImageError, LeaseLostError, NotStoredError, StoreError
from extractor.jobs import QueueFullError, UploadError
from extractor.jobs.asking import UNSEEN

MEDIA_TYPE = "application/problem+json"
_URN = "urn:extractor:problem:"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class FieldFault(BaseModel):
    """What is wrong with one part of a request; never the value itself."""

    field: str = Field(description="Where: body.person, query.limit, path.record_id, header.Upload-Offset")
    message: str


class Problem(BaseModel):
    """What went wrong, after RFC 9457."""

    type: str = Field(description="URN of the kind of problem; programs tell problems apart by it")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    mend: str = Field(description="What can be done about it, or empty")
    errors: list[FieldFault] = Field(default=[], description="For 422: each part of the request that is wrong")
    offset: int | None = Field(default=None, description="For an upload: bytes that have arrived so far")


class ApiError(Exception):
    """A request that is answered with a problem document.

    Args:
        kind: last part of the problem's URN (``lease-lost``).
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        mend: str = "",
        errors: Sequence[FieldFault] = (),
        offset: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.problem = Problem(
            type=_URN + kind,
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            mend=mend,
            errors=list(errors),
            offset=offset,
        )


def wrong_field(field: str, message: str, *, mend: str = "") -> ApiError:
    """A part of a request that is well-formed but not usable."""
    return ApiError(
        422, "invalid", "The request is not valid.", mend=mend, errors=[FieldFault(field=field, message=message)]
    )


def wrong_key() -> ApiError:
    """A key that is not in force."""
    return ApiError(
        401,
        "wrong-key",
        "The key is not known, has run out or was revoked.",
        mend="Ask who runs the server for a new one.",
        headers={"WWW-Authenticate": 'Bearer realm="extractor", error="invalid_token"'},
    )


def not_found(detail: str = "There is no such thing.") -> ApiError:
    """What does not exist, or is not for this key."""
    return ApiError(404, "not-found", detail, mend="Check the number; lists name what there is.")


def as_response(error: ApiError) -> JSONResponse:
    """The answer an error is given with."""
    content = error.problem.model_dump(exclude_none=True)
    return JSONResponse(content, error.status, headers=error.headers, media_type=MEDIA_TYPE)


def as_api_error(error: ExtractorError) -> ApiError:
    """An error of the library as one of this interface."""
    if isinstance(error, UploadError):
        if error.kind == "bad-name":
            return wrong_field("body.name", error.message, mend=error.mend)
        status = 507 if error.kind == "no-space" else 409
        return ApiError(status, error.kind, error.message, mend=error.mend, offset=error.offset)
    if isinstance(error, QueueFullError):
        return ApiError(429, "queue-full", error.message, mend=error.mend, headers={"Retry-After": "60"})
    if isinstance(error, NotStoredError):
        # In the words of what is not for the key, so that these do not tell which numbers there are.
        return ApiError(404, "not-found", error.message, mend=error.mend) if error.mend else not_found()
    if isinstance(error, ImageError):
        return ApiError(404, "no-picture", error.message, mend=error.mend or "Run the scans again with this folder.")
    if isinstance(error, LeaseLostError):
        return ApiError(409, "lease-lost", error.message, mend=error.mend or "Claim the next field.")
    if isinstance(error, StoreError):
        return ApiError(503, "store", "The database gave up.", mend="Try again; then look at the server's database.")
    return ApiError(500, "failed", error.message, mend=error.mend)


def of_validation(error: RequestValidationError) -> ApiError:
    """A request that does not fit its description; the standard answer would repeat what was sent."""
    return ApiError(
        422,
        "invalid",
        "The request is not valid.",
        mend="Correct the parts named in 'errors'; /v1/openapi.json describes the request.",
        errors=[FieldFault(field=_place(fault["loc"]), message=_message(fault)) for fault in error.errors()],
    )


def of_http(error: HTTPException) -> ApiError:
    """An error of the framework: no such path, wrong method, unreadable body."""
    known: dict[int, tuple[str, str, str]] = {
        400: ("unreadable", "The request cannot be read.", "Send UTF-8 JSON."),
        404: ("not-found", "There is no such address.", "/v1/openapi.json lists all."),
        405: ("method", "The address does not take this method.", "The header Allow names those it takes."),
        408: ("too-slow", "The request arrives too slowly.", "Send it again; an upload goes on at its offset."),
        413: ("too-large", "The request is too large.", "Send less at once."),
    }
    kind, detail, mend = known.get(error.status_code, ("http", HTTPStatus(error.status_code).phrase + ".", ""))
    return ApiError(error.status_code, kind, detail, mend=mend, headers=error.headers)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems an operation may answer with, for its description; those common to all are added."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({401, 403, 422, 429, 500, 503, *statuses})
    }


def _place(place: Sequence[int | str]) -> str:
    """Where a fault is; names that the client made up are not repeated, they may hold anything."""
    parts = [str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "?" for part in place]
    return ".".join(parts)


def _message(fault: Mapping[str, Any]) -> str:
    # Messages of the validator tell limits and types; those of JSON faults could quote the text.
    if fault["type"] == "json_invalid":
        return "is not JSON"
    if UNSEEN in fault.get("ctx", {}).get("pattern", ""):
        return "holds control characters, signs that nobody sees, or others that may not stand there"
    return str(fault["msg"])
