"""Acceptance inspections: samples of exported records, what inspectors read, and who was right."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; the history is append-only."""
    _create_samples()
    _create_history()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql("inspection_answer")
    else:
        _guard_sqlite("inspection_answer")


def downgrade() -> None:
    """What inspectors said would be lost."""
    raise NotImplementedError("Inspections cannot be taken back.")


def _create_samples() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("aql", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("code_letter", sa.String(2), nullable=False),
        sa.Column("lot_size", sa.Integer(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("acceptance", sa.Integer(), nullable=False),
        sa.Column("rejection", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("lot", sa.JSON(), nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspection"),
    )
    op.create_table(
        "inspected_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("inspection_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("pdf_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspected_record"),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name="fk_inspected_record_inspection_id_inspection"
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_inspected_record_record_id_record"),
        sa.UniqueConstraint("inspection_id", "record_id", name="uq_inspected_record_inspection_id_record_id"),
    )
    op.create_table(
        "inspected_field",
        sa.Column("id", ID, nullable=False),
        sa.Column("inspection_id", ID, nullable=False),
        sa.Column("inspected_record_id", ID, nullable=False),
        sa.Column("field_id", ID, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("leased_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inspected_field"),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name="fk_inspected_field_inspection_id_inspection"
        ),
        sa.ForeignKeyConstraint(
            ["inspected_record_id"],
            ["inspected_record.id"],
            name="fk_inspected_field_inspected_record_id_inspected_record",
        ),
        sa.ForeignKeyConstraint(["field_id"], ["field.id"], name="fk_inspected_field_field_id_field"),
        sa.UniqueConstraint("inspected_record_id", "field_id", name="uq_inspected_field_inspected_record_id_field_id"),
    )
    op.create_index("ix_inspected_field_next", "inspected_field", ["inspection_id", "status", "id"])
    op.create_index("ix_inspected_field_field_id", "inspected_field", ["field_id"])


def _create_history() -> None:
    op.create_table(
        "inspection_answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("inspected_field_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("reverses", ID, nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inspection_answer"),
        sa.ForeignKeyConstraint(
            ["inspected_field_id"],
            ["inspected_field.id"],
            name="fk_inspection_answer_inspected_field_id_inspected_field",
        ),
        sa.ForeignKeyConstraint(
            ["reverses"], ["inspection_answer.id"], name="fk_inspection_answer_reverses_inspection_answer"
        ),
        sa.UniqueConstraint("reverses", name="uq_inspection_answer_reverses"),
    )
    op.create_index("ix_inspection_answer_inspected_field_id", "inspection_answer", ["inspected_field_id"])
    op.create_index("ix_inspection_answer_person", "inspection_answer", ["person", "id"])


def _guard_sqlite(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql(table: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
