"""Indices of what waits alone, so that the next field is found among ten million in a few pages of the database."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

QUEUES = {
    "ix_task_next": ("key_rank", "ease", "id"),
    "ix_task_book_next": ("book_id", "key_rank", "ease", "id"),
    "ix_task_kind_next": ("kind", "key_rank", "ease", "id"),
    "ix_task_code_next": ("code", "key_rank", "ease", "id"),
}
BEFORE = {
    "ix_task_next": ("status", "key_rank", "ease", "id"),
    "ix_task_book_next": ("book_id", "status", "key_rank", "ease", "id"),
}


def upgrade() -> None:
    """Replace the indices of all tasks by such of those that wait; no row is touched."""
    for name in BEFORE:
        op.drop_index(name, "task")
    waits, leased = sa.text("status = 'open'"), sa.text("leased_until IS NOT NULL")
    for name, columns in QUEUES.items():
        op.create_index(name, "task", list(columns), sqlite_where=waits, postgresql_where=waits)
    disputed = sa.text("status = 'open' AND rekeyed_by <> ''")
    op.create_index("ix_task_disputed", "task", ["book_id", "id"], sqlite_where=disputed, postgresql_where=disputed)
    op.create_index("ix_task_leased", "task", ["leased_until"], sqlite_where=leased, postgresql_where=leased)
    op.create_index("ix_task_skip_person", "task_skip", ["person", "at", "task_id"])


def downgrade() -> None:
    """Put the indices of all tasks back."""
    op.drop_index("ix_task_skip_person", "task_skip")
    op.drop_index("ix_task_leased", "task")
    op.drop_index("ix_task_disputed", "task")
    for name in QUEUES:
        op.drop_index(name, "task")
    for name, columns in BEFORE.items():
        op.create_index(name, "task", list(columns))
