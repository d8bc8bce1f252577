"""Scans that lie elsewhere and outputs that go there, by any URL that fsspec knows: S3 above all."""

from extractor.remote.address import Address, as_input, is_url, parse_address
from extractor.remote.cache import ScanCache
from extractor.remote.store import RemoteObject, RemoteStore

__all__ = ["Address", "RemoteObject", "RemoteStore", "ScanCache", "as_input", "is_url", "parse_address"]
