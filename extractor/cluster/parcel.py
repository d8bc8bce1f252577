"""What a worker on another machine needs of this one's files: forms, and readers adapted to a book's hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from extractor.errors import StoreError
from extractor.pipeline import PipelineOptions
from extractor.readers.handwriting import ADAPTED_FOLDER
from extractor.templates.own_forms import own_folder

_FORMS = "forms"
_OUT = "out"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files by their path in a worker's own folder, and the options of the run; small and picklable."""

    options: PipelineOptions
    files: Mapping[str, bytes]

    def unpack(self, folder: Path) -> PipelineOptions:
        """Write the files below a folder; gives the options of the run with that folder's paths."""
        for name, content in self.files.items():
            target = folder / PurePosixPath(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (folder / _OUT).mkdir(exist_ok=True)
        templates = tuple(folder / _FORMS / str(number) for number in range(len(self.options.templates)))
        return replace(self.options, out=folder / _OUT, templates=templates)


def pack(options: PipelineOptions, hands: Iterable[str]) -> Parcel:
    """Gather what workers need.

    Args:
        hands: names of the adapted readers that some pages are read with.

    Raises:
        StoreError: a file cannot be read.
    """
    files: dict[str, bytes] = {}
    try:
        for number, folder in enumerate(options.templates):
            files.update(_below(folder, f"{_FORMS}/{number}"))
        own = own_folder(options.out)
        files.update(_below(own, f"{_OUT}/{own.relative_to(options.out).as_posix()}"))
        for hand in sorted(set(hands)):
            name = f"{ADAPTED_FOLDER}/{hand}.npz"
            files[f"{_OUT}/{name}"] = (options.out / name).read_bytes()
    except OSError as error:
        raise StoreError(
            f"{error.filename}: cannot be read ({error.strerror}).", mend="Check its rights, and start the run again."
        ) from error
    return Parcel(options, files)


def _below(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Files below a folder, without those in hidden folders: earlier versions of forms are no workers' business."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield f"{name}/{relative.as_posix()}", path.read_bytes()
