"""What was erased by order; history may be blanked for it, and for nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

SAME = {
    "decision": ("id", "field_id", "at", "person", "action", "token", "reverses"),
    "inspection_answer": ("id", "inspected_field_id", "at", "person", "action", "token", "reverses", "state"),
}
"""What stays as it is in a row that is blanked."""


def upgrade() -> None:
    """Create the tables, and let rows of history be emptied once an order to erase stands there.

    That the order is genuine, and about this very row, no trigger can tell; checking the audit chain does.
    """
    op.create_table(
        "erasure",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_table(
        "erased_record",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("erasure_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_erased_record_record_id_record"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erased_record_erasure_id_erasure"),
        sa.PrimaryKeyConstraint("record_id", name="pk_erased_record"),
    )
    op.create_table(
        "erased_page",
        sa.Column("page_id", ID, nullable=False),
        sa.Column("erasure_id", ID, nullable=False),
        sa.Column("file_sha256", sa.String(64), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_erased_page_page_id_page"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erased_page_erasure_id_erasure"),
        sa.PrimaryKeyConstraint("page_id", name="pk_erased_page"),
    )
    op.create_index("ix_erased_page_sha256", "erased_page", ["sha256"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER erasure_no_{verb.lower()} BEFORE {verb} ON erasure "
            "BEGIN SELECT RAISE(ABORT, 'erasure is append-only'); END"
        )
    blank = " AND ".join(
        f"json_extract(NEW.{column}, '$.raw') = '' AND json_extract(NEW.{column}, '$.value') IS NULL "  # noqa: S608
        f"AND json_extract(NEW.{column}, '$.candidates') = '[]' "
        f"AND json_extract(NEW.{column}, '$.erased') IN (SELECT id FROM erasure)"
        for column in ("before", "after")
    )
    empty = "NEW.raw = '' AND NEW.value IS NULL AND EXISTS (SELECT 1 FROM erasure)"
    for table, allowed in (("decision", blank), ("inspection_answer", empty)):
        same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in SAME[table])
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT coalesce({same} AND {allowed}, 0) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION erasure_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'erasure is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER erasure_no_change BEFORE UPDATE OR DELETE ON erasure "
        "FOR EACH ROW EXECUTE FUNCTION erasure_append_only()"
    )
    op.execute(
        "CREATE TRIGGER erasure_no_truncate BEFORE TRUNCATE ON erasure "
        "FOR EACH STATEMENT EXECUTE FUNCTION erasure_append_only()"
    )
    blank = " AND ".join(
        f"NEW.{column}->>'raw' = '' AND NEW.{column}->>'value' IS NULL "  # noqa: S608 (names of columns)
        f"AND NEW.{column}->>'candidates' = '[]' "
        f"AND EXISTS (SELECT 1 FROM erasure WHERE id::text = NEW.{column}->>'erased')"
        for column in ("before", "after")
    )
    empty = "NEW.raw = '' AND NEW.value IS NULL AND EXISTS (SELECT 1 FROM erasure)"
    for table, allowed in (("decision", blank), ("inspection_answer", empty)):
        same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in SAME[table])
        op.execute(
            f"CREATE FUNCTION {table}_only_blanked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF coalesce({same} AND {allowed}, FALSE) THEN RETURN NEW; END IF; "
            f"RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_only_blanked()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
        )


def downgrade() -> None:
    """What was erased could be read into the database again."""
    raise NotImplementedError("The tables of erasures cannot be taken back.")
