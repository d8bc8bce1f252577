"""What the designer's pages share: the folders of forms, the office's shelf, drafts, and the workshop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from extractor.errors import NotStoredError, TemplateError, UnknownFormError
from extractor.review.access import Visit
from extractor.review.designer.drafts import Drafts
from extractor.review.designer.leaves import PagePicture
from extractor.review.designer.loading import forms_in, load_again
from extractor.review.designer.workshop import Workshop
from extractor.review.doors import check_page
from extractor.review.room import Room
from extractor.settings import get_settings
from extractor.store.form_pages import book_of_page, inspected_pages
from extractor.templates import Form
from extractor.templates.load import SCHEMA_FILE
from extractor.templates.own_forms import folders_in_use, own_folder
from extractor.templates.shelf import Shelf


@dataclass(frozen=True, slots=True)
class KnownForm:
    """A form in use, or one that cannot be used and why.

    Args:
        own: whether it is the office's own version.
    """

    name: str
    form: Form | None
    own: bool
    trouble: str = ""


class Desk:
    """The designer's tools for one output folder.

    Args:
        folders: folders of page templates; the installation's where none is given.
        make_executor: see :class:`Workshop`.
    """

    def __init__(
        self, out: Path, folders: Sequence[Path] = (), make_executor: Callable[[], Executor] | None = None
    ) -> None:
        self.out = out
        self._folders = tuple(folders) or (get_settings().templates_dir,)
        self.shelf = Shelf(own_folder(out))
        self.drafts = Drafts(own_folder(out))
        self.workshop = Workshop(make_executor)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders of the forms in use; the office's own come last, and win."""
        return folders_in_use(self._folders, self.out)

    def known(self) -> list[KnownForm]:
        """All forms in use by name, also those that cannot be loaded."""
        found: dict[str, KnownForm] = {}
        for folder in self.folders:
            own = folder == own_folder(self.out)
            for path in sorted(folder.glob(f"*/{SCHEMA_FILE}")):
                name = path.parent.name
                try:
                    found[name] = KnownForm(name, load_again(path.parent), own)
                except TemplateError as error:
                    found[name] = KnownForm(name, None, own, str(error))
        return [found[name] for name in sorted(found)]

    def in_use(self) -> list[Form]:
        """The forms in use that can be loaded."""
        return forms_in(self.folders)

    def find(self, name: str) -> Form | None:
        """The form in use of that name; none where there is none.

        Raises:
            TemplateError: it cannot be loaded.
        """
        return _find(self.folders, name)

    def shipped(self, name: str) -> Form | None:
        """The form of that name which the office's own versions stand in for; none where there is none of use."""
        try:
            return _find(self._folders, name)
        except TemplateError:
            return None

    def version(self, name: str, number: int) -> Path:
        """Folder of a version; number 0 is the shipped one.

        Raises:
            TemplateError: there is no such version.
        """
        shipped = self.shipped(name) if number == 0 else None
        return shipped.folder if shipped else self.shelf.path(name, number)

    def get(self, name: str) -> Form:
        """The form in use of that name.

        Raises:
            TemplateError: there is none, or it cannot be loaded.
        """
        form = self.find(name)
        if form is None:
            raise UnknownFormError(f"There is no form named '{name}'.", mend="Look at the list of forms.")
        return form


def _find(folders: Sequence[Path], name: str) -> Form | None:
    for folder in reversed(folders):
        for path in folder.glob(f"*/{SCHEMA_FILE}"):
            if path.parent.name == name:
                return load_again(path.parent)
    return None


async def get_desk(request: Request) -> Desk:
    """The desk of the running application."""
    desk: Desk = request.app.state.desk
    return desk


AnyDesk = Annotated[Desk, Depends(get_desk)]


def picture_of(room: Room, visit: Visit, page_id: int) -> PagePicture:
    """A page that the person may see, for the workshop.

    Raises:
        NotStoredError: there is no such page, its book is not the person's, or it is being inspected.
    """
    check_page(room, visit, page_id)
    if page_id in inspected_pages(room.store):
        raise NotStoredError("The page is being inspected.")
    _, picture = room.listing.page(page_id)
    room.pictures.path(picture.image)  # refuses what is not there
    return PagePicture(room.out, picture.image, book_of_page(room.store, page_id))
