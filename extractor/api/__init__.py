"""The HTTP interface: other programs upload scans, run, read records, decide, export."""

from extractor.api.app import create_app
from extractor.api.serving import serve

__all__ = ["create_app", "serve"]
