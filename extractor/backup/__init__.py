"""Backups of an output folder with its database, taken while people work, and what restores them."""
