"""Connections to PostgreSQL whose server went away meanwhile."""

import psycopg
import pytest

from extractor.store import Store, engine

pytestmark = pytest.mark.postgres


def test_connections_that_died_in_a_pause_are_made_anew(request, tmp_path, monkeypatch):
    server, base = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_base")
    with psycopg.connect(server, autocommit=True) as command:
        command.execute(f"CREATE DATABASE pauses TEMPLATE {base}")
        try:
            url = server.replace("/postgres?", "/pauses?")
            monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.0)
            with Store.open(url, audit_key_file=tmp_path / "key") as store:
                assert store.books() == ()
                command.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'pauses'")
                assert store.held("Thử Một") == ()
                assert store.books() == ()
        finally:
            command.execute("DROP DATABASE pauses WITH (FORCE)")
