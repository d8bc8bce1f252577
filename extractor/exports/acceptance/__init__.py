"""Acceptance (nghiệm thu): sampling plans, samples, counts of what is handed over, and the report."""
