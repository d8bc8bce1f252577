"""Tests that branch off their own process: only in one that has no threads yet, see ``test_in_branches.py``."""

import os

collect_ignore_glob = [] if os.environ.get("EXTRACTOR_TESTS_MAY_FORK") else ["test_*.py"]
