"""The first account, where the environment names it, and what the command line says of roles."""

import sys

import pytest

from extractor import review
from extractor.batch.storage import open_store
from extractor.cli import main
from extractor.review.access import FIRST_ROLES
from extractor.settings import get_settings
from extractor.store import Accounts, Role


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["extractor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    return run


def test_the_environment_s_account_may_do_what_the_browser_s_may(tmp_path, call, monkeypatch):
    for name, value in {"LOGIN": "le.a", "PERSON": "Lê A", "PASSWORD": "hoa-ban-no-trang-doi-xa"}.items():
        monkeypatch.setenv(f"EXTRACTOR_ADMIN_{name}", value)
    monkeypatch.setattr(review, "serve", lambda *_, **__: None)
    get_settings.cache_clear()
    try:
        call("review", "serve", tmp_path, "--new")
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    with open_store(tmp_path) as store:
        (account,) = Accounts(store).all()
    assert account.roles == frozenset(FIRST_ROLES) == set(Role) - {Role.AUDITOR, Role.RESEARCHER}


def test_the_help_names_every_role(call):
    code, shown = call("account", "add", "--help")
    assert (code, [role for role in Role if role not in shown]) == (0, [])
