"""Objects that lie elsewhere: found, fetched and put, with patience, and with errors in our words."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from extractor.errors import (
    DeniedInputError,
    InputError,
    MissingInputError,
    SettingsError,
    StoreError,
    UnreachableInputError,
)
from extractor.remote.address import Address

WAITS = (1.0, 5.0, 20.0)
"""Seconds before each further attempt."""
_TIRED = 3
"""Places that could not be reached one after the other, after which each further one is tried once only."""
_BLOCK = 8 * 1024 * 1024
_S3 = {"config_kwargs": {"connect_timeout": 10, "read_timeout": 30, "retries": {"total_max_attempts": 1}}}
_OPTIONS: dict[str, dict[str, Any]] = {"s3": _S3, "s3a": _S3}
"""What packages are told for each protocol; where the server is and who asks comes from the environment."""
_TRIES = 2
"""Requests in an attempt. By default the packages' own tries multiply: an object on a server that does not answer
would take an hour."""
_DENIED = (
    "NoCredentials",
    "CredentialRetrieval",
    "PartialCredentials",
    "TokenRetrieval",
    "SSOToken",
    "ProfileNotFound",
)
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object as it was when it was listed. Small and picklable.

    Args:
        address: where it lies.
        size: bytes.
        version: changes with the content: its entity tag, or when it was last changed; empty where neither is told.
    """

    address: Address
    size: int
    version: str


class RemoteStore:
    """All places of one protocol.

    Args:
        protocol: such as ``s3``.
        waits: seconds before each further attempt; by default :data:`WAITS`.

    Raises:
        SettingsError: there is no such protocol, or what it needs is not installed.
    """

    def __init__(self, protocol: str, *, waits: tuple[float, ...] | None = None) -> None:
        self._files = _open(protocol)
        self._protocol = protocol
        self._waits = WAITS if waits is None else waits
        self._out_of_reach = 0

    def find(self, address: Address) -> tuple[bool, list[RemoteObject]]:
        """The object at a place, or all below it; says whether it is that one object.

        Raises:
            InputError: there is nothing, it may not be read, or it cannot be reached.
        """
        if not address.folder:
            try:
                info = self._ask(str(address), partial(self._files.info, str(address)))
            except MissingInputError:
                info = {"type": "directory"}  # a bucket that may be listed, but not asked for
            if info.get("type") == "file":
                return True, [self._object(address.path, info)]
        found = self._ask(str(address), partial(self._files.find, str(address), detail=True))
        return False, [self._object(path, info) for path, info in found.items() if not path.endswith("/")]

    def head(self, item: RemoteObject, count: int) -> bytes:
        """The first bytes of an object; raises as :meth:`find` does."""
        if not item.size:
            return b""
        end = min(count, item.size)
        content: bytes = self._ask(
            str(item.address), partial(self._files.cat_file, str(item.address), start=0, end=end)
        )
        return content

    def fetch(self, item: RemoteObject, path: Path) -> None:
        """Bring an object to this machine; the file is there whole or not at all, and never longer than was listed.

        Raises:
            InputError: it is gone, has changed since it was listed, may not be read, or cannot be reached.
            StoreError: the disk does not take it.
        """
        # Another process or thread may be bringing the same object: each writes to a file of its own.
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            self._ask(str(item.address), partial(self._fetch, item, part))
            part.replace(path)
        except OSError as error:
            raise StoreError(
                f"{path.parent}: cannot be written ({error.strerror}).", mend="Check free space."
            ) from error
        finally:
            part.unlink(missing_ok=True)

    def read(self, address: Address) -> bytes:
        """The whole content of a small object; raises as :meth:`find` does."""
        content: bytes = self._ask(str(address), partial(self._files.cat_file, str(address)))
        return content

    def put(self, source: Path | bytes, address: Address) -> None:
        """Put a file or some bytes in the place of a former object; raises as :meth:`find` does."""
        if isinstance(source, bytes):
            self._ask(str(address), partial(self._files.pipe_file, str(address), source))
        else:
            self._ask(str(address), partial(self._files.put_file, str(source), str(address)))

    def sha256(self, address: Address) -> str:
        """Hash of an object's content as it lies there, hexadecimal; raises as :meth:`find` does."""

        def work() -> str:
            digest = hashlib.sha256()
            with self._files.open(str(address), "rb", block_size=_BLOCK) as stream:
                while chunk := stream.read(_BLOCK):
                    digest.update(chunk)
            return digest.hexdigest()

        return self._ask(str(address), work)

    def make_room(self, address: Address) -> None:
        """Make the folder of an object where folders have to be made; object storage has none."""
        if self._protocol in ("file", "local", "memory"):
            self._files.makedirs(str(address).rpartition("/")[0], exist_ok=True)

    def remove(self, address: Address) -> None:
        """Remove an object; raises as :meth:`find` does."""
        self._ask(str(address), partial(self._files.rm_file, str(address)))

    def _object(self, path: str, info: dict[str, Any]) -> RemoteObject:
        address = Address(self._protocol, path.removeprefix(f"{self._protocol}://"))
        if info.get("size") is None:
            raise InputError(str(address), "the server does not say how large it is.", mend="Copy it to a disk first.")
        told = (info.get(name) for name in ("ETag", "etag", "e_tag", "md5Hash", "LastModified", "mtime", "created"))
        version = next((str(each) for each in told if each), "")
        return RemoteObject(address, int(info["size"]), version.strip('"'))

    def _fetch(self, item: RemoteObject, part: Path) -> None:
        changed = InputError(str(item.address), "has changed since it was listed.", mend="Start the run again.")
        if self._object(item.address.path, self._files.info(str(item.address))) != item:
            raise changed
        size = 0
        with _disk():
            part.unlink(missing_ok=True)  # of a former attempt
            # Made here and by nobody else: a link of that name would have another file written over.
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file, self._files.open(str(item.address), "rb", block_size=_BLOCK) as stream:
            while chunk := stream.read(_BLOCK):
                size += len(chunk)
                if size > item.size:
                    raise changed
                with _disk():
                    file.write(chunk)
        if size != item.size:
            raise changed

    def _ask(self, shown: str, work: Callable[[], _T]) -> _T:
        waits = self._waits if self._out_of_reach < _TIRED else ()
        for wait in (*waits, None):
            try:
                done = work()
            except (InputError, _DiskError):
                raise
            except Exception as error:  # packages raise what the part that failed happens to raise
                told = _in_our_words(shown, error)
                if not isinstance(told, UnreachableInputError):
                    raise told from error
                if wait is None:
                    self._out_of_reach += 1
                    raise told from error
                # Its own text is not told: it may quote the request, signature and all.
                _log.warning("%s: %s; trying again", shown, type(error).__name__)
                time.sleep(wait)
            else:
                self._out_of_reach = 0
                return done
        raise AssertionError("unreachable")


class _DiskError(Exception):
    """The fault is this machine's."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(fault)
        self.fault = fault


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _DiskError(error) from error


def _open(protocol: str) -> Any:
    import fsspec

    known = set(fsspec.available_protocols())
    if protocol not in known:
        raise SettingsError(f"{protocol}://: this kind of place is not known.", mend="Give it like s3://bucket/folder.")
    try:
        files = fsspec.filesystem(
            protocol, use_listings_cache=False, skip_instance_cache=True, **_OPTIONS.get(protocol, {})
        )
    except ImportError as error:
        raise SettingsError(
            f"{protocol}://: the package for it is not installed.",
            mend="For S3 install it with: pip install 'extractor[cloud]'; for others see docs/storage.md.",
        ) from error
    if protocol in _OPTIONS:
        files.retries = _TRIES
    return files


def _in_our_words(shown: str, error: Exception) -> InputError:
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError):
        what = "there is no such bucket." if "bucket" in str(error) and "not exist" in str(error) else "does not exist."
        return MissingInputError(shown, what, mend="Check the URL.")
    if isinstance(error, PermissionError) or kind.startswith(_DENIED):
        why = "no usable credentials were found." if kind.startswith(_DENIED) else "may not be read or written."
        return DeniedInputError(shown, why, mend="Check the credentials in the environment; see docs/storage.md.")
    return UnreachableInputError(
        shown,
        f"cannot be reached ({kind}).",
        mend="Check the network and the address of the server (AWS_ENDPOINT_URL); then start again.",
    )
