"""The description of the interface (OpenAPI 3.1), with what this installation knows in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from extractor.api.links import LINKS
from extractor.api.problems import Problem
from extractor.api.room import ApiRoom
from extractor.batch.exporting import export_formats
from extractor.store import Scope

_ABOUT = """\
Upload scans, have them read, read the records by field code, fetch the pictures of fields, answer fields that wait for
people, write and fetch what is handed over.

Every request but those for `/v1/health` and `/v1/openapi.json` carries a key in the header `Authorization: Bearer ...`.
A key has scopes; each operation names the one it needs. A key for some books only sees nothing of the others; what acts
on all books of the output folder (`x-folder-wide`: uploads, runs, exports) is not for it. Errors are problem documents
(RFC 9457); their `type` is for programs, `detail` and `mend` for people. Lists go on with `after`, which is the `next`
of the page before. What makes something takes an `Idempotency-Key`, so that it can be sent again after a broken
connection.
"""


def describe(app: FastAPI, room: ApiRoom, operations: Sequence[APIRoute]) -> dict[str, Any]:
    """The description of the running interface."""
    if app.openapi_schema:
        return app.openapi_schema
    schema = get_openapi(
        title="extractor", version="1", summary="Civil-status registers, read and certified.", description=_ABOUT,
        routes=app.routes,
    )  # fmt: skip
    components = schema["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(problem.pop("$defs", {}))
    components["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    components["RunAsked"]["properties"]["form"]["enum"] = ["", *sorted(room.forms)]
    components["ExportAsked"]["properties"]["format"]["enum"] = list(export_formats())
    for name, answered in LINKS.items():
        operation = next(route for route in operations if route.name == name)
        described = schema["paths"][operation.path_format][next(iter(operation.methods or ())).lower()]
        for status, more in answered.items():
            described["responses"][status].update(more)
    for route in operations:
        for method in route.methods or ():
            _name_scope(schema["paths"][route.path_format][method.lower()], route)
    app.openapi_schema = schema
    return schema


def as_text(schema: dict[str, Any]) -> str:
    """The description as it is kept in a file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _name_scope(operation: dict[str, Any], route: APIRoute) -> None:
    scopes: list[Scope] = [
        scope for part in route.dependant.dependencies if (scope := getattr(part.call, "scope", None))
    ]
    if scopes:
        told = [operation.get("description", "")]
        if scopes[0].folder_wide:
            operation["x-folder-wide"] = True
            told.append("Acts on all books of the output folder: not for keys that are for some books only (403).")
        told.append(f"Needs the scope `{scopes[0]}`.")
        operation["description"] = "\n\n".join(told).strip()
