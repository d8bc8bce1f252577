"""Files as answers: with a tag that tells their content, so that what a client has is not sent again."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import FileResponse

from extractor.api.problems import not_found

_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
OTHER = "application/octet-stream"


def serve_file(request: Request, path: Path, tag: str, *, name: str = "") -> Response:
    """A file below the output folder; part of it where the request has a Range header.

    Args:
        tag: tells the file's content.
        name: under which it is to be saved; without one it is to be shown.
    """
    if not path.is_file():
        raise not_found("The file is no longer in the output folder.")
    if unchanged(request, tag):
        return not_modified(tag)
    headers = {"ETag": f'"{tag}"'}
    if name:
        # Quoted whole (RFC 6266): names of books may hold letters that a header cannot.
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2])}"
    media_type = OTHER if name else _TYPES.get(path.suffix.lower(), OTHER)
    return FileResponse(path, headers=headers, media_type=media_type)


def unchanged(request: Request, tag: str) -> bool:
    """Whether the client says that it has that content."""
    given = request.headers.get("if-none-match", "")
    return any(part.strip().removeprefix("W/") in {f'"{tag}"', "*"} for part in given.split(","))


def not_modified(tag: str) -> Response:
    """The answer to a client that has the content."""
    return Response(status_code=304, headers={"ETag": f'"{tag}"'})
