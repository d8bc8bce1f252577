"""The HTTP interface: other programs upload scans, run, read records, decide, export."""
