"""Turns scanned Vietnamese civil-status registers (sổ hộ tịch) into certified records."""

__version__ = "0.1.0"
