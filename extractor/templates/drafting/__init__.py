"""Draft a page template from a few scans of an unknown form: a start to edit, not a finished form."""

from extractor.templates.drafting.draft import Draft, draft_form, is_table_page, write_draft

__all__ = ["Draft", "draft_form", "is_table_page", "write_draft"]
