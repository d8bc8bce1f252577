"""First schema: books, pages, records, fields, tasks, decisions, audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORT_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)

APPEND_ONLY = ("audit_event", "decision")


def upgrade() -> None:
    """Create all tables and the triggers that keep history as it was written."""
    _create_sources()
    _create_records()
    _create_work()
    _create_history()
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            _guard_postgresql(table)
        else:
            _guard_sqlite(table)


def downgrade() -> None:
    """History is never thrown away by a command."""
    raise NotImplementedError("The first schema cannot be taken back.")


def _create_sources() -> None:
    op.create_table(
        "book",
        sa.Column("id", ID, nullable=False),
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("year", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("commune", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_book"),
        sa.UniqueConstraint(
            "register", "year", "number", "agency", "commune", "district", "province", name="uq_book_identity"
        ),
    )
    op.create_table(
        "source_file",
        sa.Column("id", ID, nullable=False),
        sa.Column("path", SORT_TEXT, nullable=False),
        sa.Column("sort_key", SORT_TEXT, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_file"),
        sa.UniqueConstraint("path", name="uq_source_file_path"),
    )
    op.create_index("ix_source_file_sort_key", "source_file", ["sort_key"])
    op.create_table(
        "page",
        sa.Column("id", ID, nullable=False),
        sa.Column("file_id", ID, nullable=False),
        sa.Column("book_id", ID, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("image_to_source", JSON, nullable=True),
        sa.Column("pipeline_version", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("registration", JSON, nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.Column("superseded_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.ForeignKeyConstraint(["file_id"], ["source_file.id"], name="fk_page_file_id_source_file"),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name="fk_page_book_id_book"),
        sa.UniqueConstraint("file_id", "page", "sha256", name="uq_page_file_id_page_sha256"),
    )
    op.create_index("ix_page_book_id_status", "page", ["book_id", "status"])
    op.create_table(
        "page_problem",
        sa.Column("id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("registration", JSON, nullable=True),
        sa.Column("overlay", sa.String(), nullable=True),
        sa.Column("resolution", sa.String(16), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=False),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_page_problem"),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_page_problem_page_id_page"),
        sa.UniqueConstraint("page_id", name="uq_page_problem_page_id"),
    )


def _create_records() -> None:
    op.create_table(
        "record",
        sa.Column("id", ID, nullable=False),
        sa.Column("page_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("registration", sa.JSON(), nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_record_page_id_page"),
        sa.UniqueConstraint("page_id", "number", name="uq_record_page_id_number"),
    )
    op.create_table(
        "field",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("reader", sa.String(64), nullable=False),
        sa.Column("box", JSON, nullable=True),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("char_confidences", sa.JSON(), nullable=False),
        sa.Column("reader_version", sa.String(), nullable=False),
        sa.Column("template_version", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("retired_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_field"),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_field_record_id_record"),
        sa.UniqueConstraint("record_id", "code", name="uq_field_record_id_code"),
    )
    op.create_index("ix_field_code_decision", "field", ["code", "decision"])
    op.create_index("ix_field_decision", "field", ["decision"])
    op.create_table(
        "rule_warning",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_warning"),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_rule_warning_record_id_record"),
    )
    op.create_index("ix_rule_warning_record_id", "rule_warning", ["record_id"])


def _create_work() -> None:
    op.create_table(
        "task",
        sa.Column("id", ID, nullable=False),
        sa.Column("field_id", ID, nullable=False),
        sa.Column("book_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("key_rank", sa.Integer(), nullable=False),
        sa.Column("ease", sa.Float(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("leased_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.ForeignKeyConstraint(["field_id"], ["field.id"], name="fk_task_field_id_field"),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name="fk_task_book_id_book"),
        sa.UniqueConstraint("field_id", name="uq_task_field_id"),
    )
    op.create_index("ix_task_next", "task", ["status", "key_rank", "ease", "id"])
    op.create_index("ix_task_book_next", "task", ["book_id", "status", "key_rank", "ease", "id"])
    op.create_index("ix_task_person", "task", ["person", "status"])
    op.create_table(
        "task_skip",
        sa.Column("task_id", ID, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "person", name="pk_task_skip"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_skip_task_id_task"),
    )


def _create_history() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("field_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("reverses", ID, nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.ForeignKeyConstraint(["field_id"], ["field.id"], name="fk_decision_field_id_field"),
        sa.ForeignKeyConstraint(["reverses"], ["decision.id"], name="fk_decision_reverses_decision"),
        sa.UniqueConstraint("reverses", name="uq_decision_reverses"),
    )
    op.create_index("ix_decision_field_id", "decision", ["field_id"])
    op.create_index("ix_decision_person_action", "decision", ["person", "action", "id"])
    op.create_table(
        "audit_event",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_event"),
    )


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
