"""Mapping profiles: which box of a page takes which import column, as data."""
