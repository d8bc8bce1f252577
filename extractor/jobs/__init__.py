"""Scans that arrive in pieces, and work that outlives its server: shared by the HTTP interface and the review room."""

from extractor.jobs.errors import QueueFullError, UploadError
from extractor.jobs.intake import Intake, room_client

__all__ = ["Intake", "QueueFullError", "UploadError", "room_client"]
