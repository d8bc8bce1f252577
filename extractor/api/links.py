"""What an answer gives for further requests, for the description: the number of what was made."""

from __future__ import annotations

from typing import Any


def _link(operation: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": parameters}


UPLOAD = {
    "201": {
        "links": {
            "send": _link("send", upload_id="$response.body#/id"),
            "state": _link("get_upload", upload_id="$response.body#/id"),
            "drop": _link("drop", upload_id="$response.body#/id"),
        }
    }
}
RUN = {
    "202": {
        "links": {
            "state": _link("get_run", job_id="$response.body#/id"),
            "cancel": _link("cancel_run", job_id="$response.body#/id"),
        }
    }
}
EXPORT = {
    "202": {
        "links": {
            "state": _link("get_export", job_id="$response.body#/id"),
            "files": _link("list_files", job_id="$response.body#/id"),
            "file": _link("download", job_id="$response.body#/id", number="1"),
        }
    }
}
LINKS: dict[str, dict[str, Any]] = {
    "announce": UPLOAD,
    "start_run": RUN,
    "start_export": EXPORT,
}
"""By name of the operation that answers, and status."""
