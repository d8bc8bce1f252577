"""Blind re-keying: tasks whose person types the field without seeing what the machine read."""

import sqlalchemy as sa
from alembic import op

from extractor.store.convert import person_key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark and who saw what; no task that exists already is blind, but its reading was shown to people."""
    op.add_column("task", sa.Column("blind", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("task", sa.Column("rekeyed_by", sa.String(), nullable=False, server_default=""))
    seen = op.create_table(
        "task_seen",
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_seen_task_id_task"),
        sa.PrimaryKeyConstraint("task_id", "person", name="pk_task_seen"),
    )
    people = op.get_bind().execute(
        sa.text(
            "SELECT id, person FROM task WHERE person <> '' UNION SELECT task.id, decision.person FROM task "
            "JOIN decision ON decision.field_id = task.field_id WHERE decision.person <> ''"
        )
    )
    rows = sorted({(task_id, person_key(person)) for task_id, person in people})
    if rows:
        op.bulk_insert(seen, [{"task_id": task_id, "person": person} for task_id, person in rows])


def downgrade() -> None:
    """Without the mark, tasks that are blind would show what they must hide."""
    raise NotImplementedError("Blind re-keying cannot be taken back.")
