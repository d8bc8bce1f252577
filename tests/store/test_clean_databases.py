"""Databases that tests use one after the other tell nothing of the test before."""

import psycopg
import pytest
from support.clean_databases import CleanDatabases

from extractor.store import Store

pytestmark = pytest.mark.postgres


@pytest.fixture
def databases(postgres_server, migrated_base):
    return CleanDatabases(postgres_server, migrated_base)


def test_what_a_test_wrote_is_gone_and_numbers_begin_anew(databases, tmp_path, result):
    ids = []
    urls = []
    for key in ("one", "two"):
        with databases.one() as url, Store.open(url, audit_key_file=tmp_path / key) as store:
            assert store.books() == ()
            store.save_page(result())
            ids.append([book.id for book in store.books()])
            urls.append(url)
    assert urls[0] == urls[1]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE other (id int)",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DELETE FROM alembic_version",
    ],
)
def test_what_cannot_be_cleaned_is_not_used_again(databases, change):
    with databases.one() as first, psycopg.connect(first) as connection:
        connection.execute(change)
    with databases.one() as second:
        assert second != first


def test_one_that_somebody_holds_is_not_used_again(databases):
    with databases.one() as first:
        connection = psycopg.connect(first)
    with connection, databases.one() as second:
        assert second != first
