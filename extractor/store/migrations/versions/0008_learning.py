"""Which fields are worth a person's time for learning."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the place of each field among those to learn from; no field has one yet."""
    op.add_column("task", sa.Column("learning_rank", sa.Integer(), nullable=True))
    marked = sa.text("learning_rank IS NOT NULL")
    op.create_index(
        "ix_task_learning", "task", ["status", "learning_rank", "id"], sqlite_where=marked, postgresql_where=marked
    )


def downgrade() -> None:
    """Forget which fields were chosen."""
    op.drop_index("ix_task_learning", "task")
    op.drop_column("task", "learning_rank")
