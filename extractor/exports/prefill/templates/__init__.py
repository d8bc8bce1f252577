"""Pages of entry forms, with their style and script."""
