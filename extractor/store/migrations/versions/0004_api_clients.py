"""Programs that work over the HTTP interface: keys, uploads, jobs, answers to requests sent twice."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Create the tables."""
    _create_keys()
    _create_uploads()
    _create_jobs()


def downgrade() -> None:
    """Keys and jobs would be lost."""
    raise NotImplementedError("The tables of clients cannot be taken back.")


def _create_keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("client", sa.String(80), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("books", JSON, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_index("ix_api_key_client", "api_key", ["client"])
    op.create_table(
        "api_reply",
        sa.Column("key_id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("resource", sa.String(32), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_api_reply_key_id_api_key"),
        sa.PrimaryKeyConstraint("key_id", "name", name="pk_api_reply"),
    )
    op.create_index("ix_api_reply_begun_at", "api_reply", ["begun_at"])


def _create_uploads() -> None:
    op.create_table(
        "api_upload",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("client", sa.String(80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_upload"),
    )
    op.create_index("ix_api_upload_client", "api_upload", ["client", "created_at", "id"])


def _create_jobs() -> None:
    op.create_table(
        "api_job",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("client", sa.String(80), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("mend", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_job"),
    )
    op.create_index("ix_api_job_next", "api_job", ["folder", "state", "created_at", "id"])
    op.create_index("ix_api_job_client", "api_job", ["client", "kind", "created_at", "id"])
