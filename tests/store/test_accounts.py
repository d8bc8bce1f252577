"""Accounts, passwords and sessions."""

import threading

import pytest
from sqlalchemy import text

from extractor.errors import NotStoredError, SettingsError
from extractor.store import Accounts, PasswordError, Role, Sessions, SignInRefused, Weakness
from extractor.store.account_tables import AccountRow, SessionRow
from extractor.store.passwords import LONGEST, check_password, first_password, fits, hash_password

PASSWORD = "con trâu gỗ ngậm bút chì xanh"
OTHER = "năm chiếc thuyền giấy ngoài hiên"


@pytest.fixture
def accounts(store):
    return Accounts(store)


@pytest.fixture
def admin(accounts):
    return accounts.add(
        "quan.tri", "Quản Trị Mẫu", [Role.ADMINISTRATOR], PASSWORD, must_change=False, by="Quản Trị Mẫu"
    )


def test_the_right_password_signs_in_however_login_and_marks_are_typed(accounts, admin):
    import unicodedata

    assert accounts.sign_in("quan.tri", PASSWORD).id == admin.id
    assert accounts.sign_in(" QUAN.TRI ", unicodedata.normalize("NFD", PASSWORD)).id == admin.id


def test_nothing_tells_a_wrong_login_from_a_wrong_password_or_a_closed_account(accounts, admin):
    closed = accounts.add("hai", "Người Hai", [Role.REVIEWER], PASSWORD, by="Quản Trị Mẫu")
    accounts.change(closed.id, enabled=False, by="Quản Trị Mẫu")
    assert accounts.sign_in("khong.co", PASSWORD) == SignInRefused()
    assert accounts.sign_in("quan.tri", OTHER) == SignInRefused()
    assert accounts.sign_in("hai", PASSWORD) == SignInRefused()


def test_after_five_wrong_passwords_even_the_right_one_waits_longer_each_time(accounts, admin, clock):
    for _ in range(4):
        assert accounts.sign_in("quan.tri", OTHER) == SignInRefused()
    assert accounts.sign_in("quan.tri", OTHER).wait_seconds == 30
    assert 0 < accounts.sign_in("quan.tri", PASSWORD).wait_seconds <= 30
    clock.forward(31)
    assert accounts.sign_in("quan.tri", OTHER).wait_seconds == 60
    clock.forward(61)
    assert accounts.sign_in("quan.tri", PASSWORD).id == admin.id
    assert accounts.sign_in("quan.tri", OTHER) == SignInRefused()


def test_of_a_password_only_a_salted_hash_is_kept(accounts, admin, store):
    accounts.add("hai", "Người Hai", [Role.REVIEWER], PASSWORD, by="Quản Trị Mẫu")
    with store.reading() as session:
        hashes = session.execute(text("SELECT password_hash FROM account")).scalars().all()
    assert len(set(hashes)) == 2
    assert all(kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for kept in hashes)


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("ngắn quá", Weakness.SHORT),
        ("a" * (LONGEST + 1), Weakness.LONG),
        ("matkhau12345", Weakness.GUESSABLE),
        ("Mật khẩu 2026", Weakness.GUESSABLE),
        ("1234567890", Weakness.GUESSABLE),
        ("Nguyễn Mẫu 1990", Weakness.GUESSABLE),
        ("mau.nguyen!!", Weakness.GUESSABLE),
    ],
)
def test_passwords_that_others_would_try_are_refused(password, weakness):
    with pytest.raises(PasswordError) as refused:
        check_password(password, about=("mau.nguyen", "Nguyễn Mẫu"))
    assert refused.value.weakness is weakness
    assert password not in str(refused.value)


def test_a_given_password_is_random_strong_and_fits_its_hash():
    given = {first_password() for _ in range(20)}
    assert len(given) == 20
    for password in list(given)[:2]:
        check_password(password)
        assert fits(password, hash_password(password))
    assert not fits("x" * 100_000, hash_password("x" * 30))
    assert not fits(PASSWORD, "no hash")


def test_no_two_accounts_share_a_login_or_a_name_not_even_a_former_one(accounts, admin):
    with pytest.raises(SettingsError, match="taken"):
        accounts.add("Quan.Tri", "Khác", [Role.REVIEWER], PASSWORD, by="x")
    with pytest.raises(SettingsError, match="has that name"):
        accounts.add("ba", "quản  trị mẫu", [Role.REVIEWER], PASSWORD, by="x")
    renamed = accounts.change(admin.id, person="Tên Mới", by="x")
    assert (renamed.person, renamed.former_names) == ("Tên Mới", ("Quản Trị Mẫu",))
    with pytest.raises(SettingsError, match="has that name"):
        accounts.add("ba", "Quản Trị Mẫu", [Role.REVIEWER], PASSWORD, by="x")


@pytest.mark.parametrize("login", ["", "  ", "có dấu cách", "a/b", "x" * 81, "<b>"])
def test_logins_hold_letters_digits_and_few_signs(accounts, login):
    with pytest.raises(SettingsError, match="login is not usable"):
        accounts.add(login, "Người Mẫu", [Role.REVIEWER], PASSWORD, by="x")
    assert not accounts.any()


def test_an_account_needs_a_role_and_one_administrator_must_be_left(accounts, admin):
    with pytest.raises(SettingsError, match="no role"):
        accounts.add("ba", "Người Ba", [], PASSWORD, by="x")
    for change in ({"roles": [Role.REVIEWER]}, {"enabled": False}):
        with pytest.raises(SettingsError, match="No administrator"):
            accounts.change(admin.id, by="x", **change)
    assert accounts.get(admin.id) == admin


def test_only_one_of_two_who_make_the_first_account_at_once_makes_it(accounts):
    made, refused = [], []

    def make(number):
        try:
            made.append(
                accounts.add(f"n{number}", f"Người {number}", [Role.ADMINISTRATOR], PASSWORD, by="x", only_first=True)
            )
        except SettingsError:
            refused.append(number)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused), len(accounts.all())) == (1, 3, 1)


def test_a_session_ends_by_idleness_by_age_by_signing_out_and_with_its_account(accounts, admin, store, clock):
    sessions = Sessions(store, idle_seconds=600, longest_seconds=3600)
    secret = sessions.begin(admin)
    for _ in range(5):
        clock.forward(500)
        assert sessions.find(secret).account == admin
    clock.forward(601)
    assert sessions.find(secret) is None

    secret = sessions.begin(admin)
    for _ in range(6):
        clock.forward(590)
        assert sessions.find(secret) is not None
    clock.forward(590)
    assert sessions.find(secret) is None

    secret, other = sessions.begin(admin), sessions.begin(admin)
    sessions.end(secret)
    sessions.end(secret)
    assert sessions.find(secret) is None
    assert sessions.find(other) is not None
    accounts.set_password(admin.id, OTHER, by="x", must_change=False)
    assert sessions.find(other) is None
    assert sessions.find("") is sessions.find("rubbish") is None


def test_what_a_page_does_by_itself_keeps_no_session_alive(admin, store, clock):
    sessions = Sessions(store, idle_seconds=600)
    secret = sessions.begin(admin)
    for _ in range(3):
        clock.forward(250)
        found = sessions.find(secret, active=False)
    assert found is None


def test_losing_a_role_or_a_book_signs_out_and_gaining_one_does_not(accounts, admin, store):
    sessions = Sessions(store)
    account = accounts.add("hai", "Người Hai", [Role.REVIEWER], PASSWORD, by="x")
    secret = sessions.begin(account)
    accounts.change(account.id, roles=[Role.REVIEWER, Role.ADJUDICATOR], by="x")
    assert sessions.find(secret).account.roles == {Role.REVIEWER, Role.ADJUDICATOR}
    accounts.change(account.id, roles=[Role.ADJUDICATOR], by="x")
    assert sessions.find(secret) is None
    secret = sessions.begin(account)
    accounts.change(account.id, books=[7], by="x")
    assert sessions.find(secret) is None
    assert accounts.get(account.id).books == {7}
    assert (accounts.get(account.id).opens(7), accounts.get(account.id).opens(8)) == (True, False)


def test_secrets_and_passwords_are_nowhere_in_the_database(accounts, admin, store):
    secret = Sessions(store).begin(admin)
    accounts.sign_in("quan.tri", "mật khẩu gõ sai nhưng vẫn bí mật")
    with store.reading() as session:
        rows = [*session.query(AccountRow), *session.query(SessionRow)]
        kept = [repr(row.__dict__) for row in rows]
        log = session.execute(text("SELECT actor, action, subject FROM audit_event")).all()
    everything = "".join(kept) + repr(log)
    assert secret not in everything
    assert PASSWORD not in everything
    assert "bí mật" not in everything
    assert {"account_added", "sign_in_failed"} <= {row.action for row in log}
    assert store.verify_audit().ok


def test_unknown_accounts_are_named_as_such(accounts):
    with pytest.raises(NotStoredError):
        accounts.get(5)
    with pytest.raises(NotStoredError):
        accounts.find("khong.co")
