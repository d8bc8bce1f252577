"""One exception per cause, each with the exit code the command line ends with.

Nothing but the command line calls :func:`sys.exit`; everything else raises one of these. Every message names the
file or setting concerned and how to mend it, and never holds text read from a register.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import PurePath

from extractor.plain_names import plain_name


class ExitCode(IntEnum):
    """Exit codes of the ``extractor`` command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    SET_ASIDE = 3
    """The run finished, but at least one input was set aside."""
    TEMPLATE = 4
    MODEL = 5
    STORE = 6
    EXPORT = 7
    MISSING_PROGRAM = 8
    INTERRUPTED = 130


class ExtractorError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: what is wrong, in one sentence.
        mend: what the user can do about it, in one sentence.
    """

    exit_code: ExitCode = ExitCode.FAILURE

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".rstrip()


class SettingsError(ExtractorError):
    """A setting or an option is missing or out of range."""

    exit_code = ExitCode.USAGE


class InputError(ExtractorError):
    """An input file cannot be used; it is set aside and the batch goes on.

    Args:
        file: the file, as the user named it (for an archive member ``archive.zip/member.pdf``).
        reason: short machine-readable code, such as ``truncated`` or ``encrypted``.
    """

    exit_code = ExitCode.SET_ASIDE
    reason: str = "unusable"

    def __init__(self, file: str | PurePath, message: str, *, mend: str = "") -> None:
        shown = plain_name(str(file))
        super().__init__(f"{shown}: {message}", mend=mend)
        self.file = shown
        self.detail = message


class MissingInputError(InputError):
    """The path does not exist or is not readable."""

    reason = "missing"


class DeniedInputError(InputError):
    """An object elsewhere may not be read with the credentials of the environment."""

    reason = "denied"


class UnreachableInputError(InputError):
    """An object elsewhere cannot be reached, however often it was tried."""

    reason = "unreachable"


class UnsupportedTypeError(InputError):
    """The content is of a type that is not read here, whatever its name says."""

    reason = "unsupported_type"


class TruncatedInputError(InputError):
    """The file ends early or its content is damaged."""

    reason = "truncated"


class EncryptedInputError(InputError):
    """The file asks for a password."""

    reason = "encrypted"


class EmptyInputError(InputError):
    """The file holds no bytes, no pages or no members."""

    reason = "empty"


class LimitExceededError(InputError):
    """A size, page count or expansion ratio is above the limit, or decoding took more time or memory than it may."""

    reason = "limit"


class DecoderCrashError(InputError):
    """The content ended the process that decodes, however often it was tried."""

    reason = "crash"


class UnsafePathError(InputError):
    """A name cannot be shown, or a name or link leads where no scans are, such as out of an archive or into outputs."""

    reason = "unsafe_path"


class TemplateError(ExtractorError):
    """A page template or form schema is wrong; the message names file, place and mend."""

    exit_code = ExitCode.TEMPLATE


class UnknownFormError(TemplateError):
    """No form has the given name."""


class ModelError(ExtractorError):
    """A model folder is missing, damaged or not fit for Vietnamese."""

    exit_code = ExitCode.MODEL


class UnknownReaderError(ModelError):
    """No reader is registered under the given name."""


class ImageError(ExtractorError):
    """A picture handed to a reader has no usable pixels."""


class InstructionError(ExtractorError):
    """What a person says of a page contradicts itself, or names a form or page that there is not."""

    exit_code = ExitCode.USAGE


class ApprovalError(ExtractorError):
    """A book cannot be approved, or not by this person, or an approval cannot be taken back."""


class StoreError(ExtractorError):
    """The database cannot be opened, or holds a schema that does not fit."""

    exit_code = ExitCode.STORE


class DatabaseGoneError(StoreError):
    """The server of the database does not answer; it may do so again."""


class NotStoredError(StoreError):
    """What was asked for is not in the store, or not any more."""


class LeaseLostError(StoreError):
    """A decision came in under a lease that has expired or passed to somebody else."""


class AnsweredBeforeError(StoreError):
    """The same answer was taken before, under the same lease, from the same person."""


class ExportError(ExtractorError):
    """An export cannot be written."""

    exit_code = ExitCode.EXPORT


class LineSetError(ExtractorError):
    """A set of lines to learn from cannot be written or used."""


class EvaluationError(ExtractorError):
    """Records and truth cannot be compared."""

    exit_code = ExitCode.USAGE


class MissingProgramError(ExtractorError):
    """A program the system must provide is not installed."""

    exit_code = ExitCode.MISSING_PROGRAM


class ClusterError(ExtractorError):
    """A cluster cannot be reached or was lost, or one of its machines cannot take part."""


class PublishError(ExtractorError):
    """An output folder cannot be published, or what was published cannot be used."""

    exit_code = ExitCode.EXPORT


class BackupError(ExtractorError):
    """A backup cannot be written, or cannot be used."""

    exit_code = ExitCode.STORE


class ErasureError(ExtractorError):
    """What is to be erased cannot be erased, or not yet."""

    exit_code = ExitCode.STORE
