"""Blind re-keying: tasks whose person types the field without seeing what the machine read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; no task that exists already is blind."""
    op.add_column("task", sa.Column("blind", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Without the mark, tasks that are blind would show what they must hide."""
    raise NotImplementedError("Blind re-keying cannot be taken back.")
