"""What every request needs, and how it gets at it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from extractor.api.forms import FormsInUse
from extractor.api.pace import Pace
from extractor.api.problems import ApiError
from extractor.api.throttle import AtOnce, Throttle
from extractor.exports.supplements import FILE, SupplementsOnDisk
from extractor.jobs import Intake
from extractor.jobs.files import UploadFolder
from extractor.review.labels import Labels
from extractor.review.pictures import Pictures
from extractor.rules import record_rules
from extractor.store import ApiKey, ApiKeys, Approvals, Jobs, Replies, Scope, Store, Uploads
from extractor.store.listing import Listing
from extractor.store.rechecking import RecordRules
from extractor.templates.form import FormSchema

MOST_JSON = 256 * 1024
"""Bytes of a request that is not an upload."""

bearer = HTTPBearer(auto_error=False, description="A key made with 'extractor api key add'.")


@dataclass(frozen=True)
class ApiRoom:
    """The parts of the running interface.

    Args:
        out: output folder; scans, pictures and exports lie below it.
        in_use: the forms as they are now; those of ``labels`` are as they were when the server began.
        intake: uploads, and the queue of jobs.
        throttle: requests by key; ``wrong_keys`` by address.
        at_once: requests under way, by key.
        pace: at which requests have to arrive.
    """

    store: Store
    out: Path
    pictures: Pictures
    labels: Labels
    in_use: FormsInUse
    intake: Intake
    throttle: Throttle
    wrong_keys: Throttle
    at_once: AtOnce
    pace: Pace
    keys: ApiKeys = field(init=False)
    listing: Listing = field(init=False)
    replies: Replies = field(init=False)
    supplements: SupplementsOnDisk = field(init=False)
    approvals: Approvals = field(init=False)
    rules: RecordRules = field(init=False)

    def __post_init__(self) -> None:
        """Give the rooms of the store their names."""
        for name, made in {
            "keys": ApiKeys(self.store),
            "listing": Listing(self.store),
            "replies": Replies(self.store),
            "supplements": SupplementsOnDisk(self.out / FILE),
            "approvals": Approvals(self.store),
            "rules": record_rules(self.forms),
        }.items():
            object.__setattr__(self, name, made)

    @property
    def uploads(self) -> Uploads:
        """What is known of the files that clients send."""
        return self.intake.uploads

    @property
    def upload_folder(self) -> UploadFolder:
        """Where those files lie."""
        return self.intake.upload_folder

    @property
    def jobs(self) -> Jobs:
        """The runs and exports."""
        return self.intake.jobs

    @property
    def forms(self) -> Mapping[str, FormSchema]:
        """Known forms by name."""
        return self.labels.schemas


def room_of(request: Request) -> ApiRoom:
    """The room this application serves."""
    room: ApiRoom = request.app.state.room
    return room


def key_of(request: Request) -> ApiKey:
    """The key the request came with; the door has looked at it."""
    key: ApiKey = request.state.key
    return key


def resource_of(request: Request) -> str:
    """Number for what the request makes: the same again for a request that was cut off and is sent again."""
    resource: str | None = getattr(request.state, "resource", None)
    return resource or secrets.token_hex(16)


def needs(scope: Scope) -> Callable[..., ApiKey]:
    """Dependency that lets in keys with that scope; what it opens of all books, only to keys for all books."""

    def check(
        request: Request, _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> ApiKey:
        key = key_of(request)
        if scope not in key.scopes:
            raise ApiError(
                403, "scope", f"The key lacks the scope {scope}.", mend="Make a key with it: extractor api key add."
            )
        if scope.folder_wide and key.books is not None:
            raise ApiError(
                403,
                "books",
                f"The key is for some books only; {scope} is for all books of the folder.",
                mend="Use a key that was made without --book.",
            )
        return key

    check.scope = scope  # type: ignore[attr-defined] # the description of the interface names it
    return check


AnyRoom = Annotated[ApiRoom, Depends(room_of)]
Resource = Annotated[str, Depends(resource_of)]
Uploader = Annotated[ApiKey, Depends(needs(Scope.UPLOADS_WRITE))]
RunReader = Annotated[ApiKey, Depends(needs(Scope.RUNS_READ))]
RunStarter = Annotated[ApiKey, Depends(needs(Scope.RUNS_WRITE))]
RecordReader = Annotated[ApiKey, Depends(needs(Scope.RECORDS_READ))]
CropReader = Annotated[ApiKey, Depends(needs(Scope.CROPS_READ))]
Decider = Annotated[ApiKey, Depends(needs(Scope.DECISIONS_WRITE))]
ExportReader = Annotated[ApiKey, Depends(needs(Scope.EXPORTS_READ))]
ExportStarter = Annotated[ApiKey, Depends(needs(Scope.EXPORTS_WRITE))]
