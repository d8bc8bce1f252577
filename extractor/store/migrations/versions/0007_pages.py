"""What people say of pages: how one is to be read, and that one is missing."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; instructions are never changed, only followed by newer ones."""
    op.create_table(
        "page_instruction",
        sa.Column("id", ID, nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_page_instruction"),
    )
    op.create_index("ix_page_instruction_file_page", "page_instruction", ["file", "page", "sha256", "id"])
    op.create_table(
        "missing_page",
        sa.Column("id", ID, nullable=False),
        sa.Column("book_id", ID, nullable=False),
        sa.Column("after_page_id", ID, nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name="fk_missing_page_book_id_book"),
        sa.ForeignKeyConstraint(["after_page_id"], ["page.id"], name="fk_missing_page_after_page_id_page"),
        sa.PrimaryKeyConstraint("id", name="pk_missing_page"),
    )
    op.create_index("ix_missing_page_book_id", "missing_page", ["book_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER page_instruction_no_{verb.lower()} BEFORE {verb} ON page_instruction "
                "BEGIN SELECT RAISE(ABORT, 'page_instruction is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION page_instruction_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'page_instruction is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER page_instruction_no_change BEFORE UPDATE OR DELETE ON page_instruction "
        "FOR EACH ROW EXECUTE FUNCTION page_instruction_append_only()"
    )
    op.execute(
        "CREATE TRIGGER page_instruction_no_truncate BEFORE TRUNCATE ON page_instruction "
        "FOR EACH STATEMENT EXECUTE FUNCTION page_instruction_append_only()"
    )


def downgrade() -> None:
    """What people said would be lost."""
    raise NotImplementedError("The tables of instructions and missing pages cannot be taken back.")
