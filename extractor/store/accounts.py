"""Accounts of the people who work in the review room: who they are, what they may do, which books they open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, text

from extractor.errors import NotStoredError, SettingsError
from extractor.store import audit, passwords
from extractor.store.account_tables import AccountRow, SessionRow
from extractor.store.convert import person_key, person_name
from extractor.store.saving import Writer
from extractor.store.store import Store

_LONGEST_NAME = 80
_NAMED = "'extractor account list' names them."
_LOCK = 0x6163_636F
_FREE_FAILURES = 5
_FIRST_WAIT, _LONGEST_WAIT = 30.0, 900.0


class Role(StrEnum):
    """What a person is there for; one person may have several."""

    OPERATOR = "operator"
    """Brings scans in, runs them, sees to pages that could not be read."""
    REVIEWER = "reviewer"
    """Verifies fields, re-keys blind, inspects."""
    ADJUDICATOR = "adjudicator"
    """Settles what two persons read differently."""
    APPROVER = "approver"
    """Approves what is to be handed over."""
    AUDITOR = "auditor"
    """Sees everything, changes nothing."""
    RESEARCHER = "researcher"
    """Sees figures and fields without what tells whose they are."""
    ADMINISTRATOR = "administrator"
    """Manages accounts."""
    AUTHOR = "author"
    """Draws and changes page templates."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person.

    Args:
        login: what the person signs in with, in lower case.
        person: the name that stands beside decisions.
        former_names: names the account had before, under which decisions may stand.
        books: numbers of the only books it opens; none means all.
        must_change: the password was given by somebody else and is good for one thing: choosing another.
    """

    id: int
    login: str
    person: str
    former_names: tuple[str, ...]
    roles: frozenset[Role]
    books: frozenset[int] | None
    must_change: bool
    created_at: datetime
    signed_in_at: datetime | None = None
    disabled_at: datetime | None = None

    def opens(self, book_id: int) -> bool:
        """Whether the account is for that book."""
        return self.books is None or book_id in self.books


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """Login or password is wrong, or too many wrong ones came before.

    Args:
        wait_seconds: how long nothing is compared any more; 0 where the next try may come at once.
    """

    wait_seconds: float = 0.0


class Accounts:
    """The accounts of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def any(self) -> bool:
        """Whether there is an account at all."""
        with self._store.reading() as session:
            return session.scalar(select(AccountRow.id).limit(1)) is not None

    def all(self) -> tuple[Account, ...]:
        """All accounts ever made, in the order of their logins."""
        with self._store.reading() as session:
            return tuple(to_account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.login)))

    def get(self, account_id: int) -> Account:
        """One account.

        Raises:
            NotStoredError: there is no such account.
        """
        with self._store.reading() as session:
            row = session.get(AccountRow, account_id)
            if row is None:
                raise _no_account(account_id)
            return to_account(row)

    def find(self, login: str) -> Account:
        """The account with that login.

        Raises:
            NotStoredError: there is none.
        """
        with self._store.reading() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.login == _login_key(login)))
            if row is None:
                raise NotStoredError(
                    "There is no account with that login.", mend="'extractor account list' names them."
                )
            return to_account(row)

    def add(
        self,
        login: str,
        person: str,
        roles: Collection[Role],
        password: str,
        *,
        books: Collection[int] | None = None,
        must_change: bool = True,
        by: str,
        only_first: bool = False,
    ) -> Account:
        """Make an account.

        Args:
            by: who makes it; stands in the log.
            only_first: refuse where there is an account already, also one made at this very moment.

        Raises:
            SettingsError: login, name or roles are not usable or taken.
            PasswordError: the password is not taken.
        """
        key, name = checked_login(login), checked_name(person)
        wanted = _checked_roles(roles)
        passwords.check_password(password, about=(key, name))
        kept = passwords.hash_password(password)
        with self._store.writing() as writer:
            _alone(writer)
            if only_first and writer.session.scalar(select(AccountRow.id).limit(1)) is not None:
                raise SettingsError("There is an account already.", mend="Sign in with it.")
            if writer.session.scalar(select(AccountRow.id).where(AccountRow.login == key)) is not None:
                raise SettingsError("The login is taken.", mend="Choose another login.")
            _check_name_is_free(writer, name)
            row = AccountRow(
                login=key,
                person=name,
                person_key=person_key(name),
                former_names=[],
                roles=wanted,
                books=_book_list(books),
                password_hash=kept,
                must_change=must_change,
                failures=0,
                locked_until=None,
                created_at=writer.now,
            )
            writer.session.add(row)
            writer.session.flush()
            _note(writer, row, "account_added", by=by, content=_content(row))
            return to_account(row)

    def change(
        self,
        account_id: int,
        *,
        by: str,
        person: str | None = None,
        roles: Collection[Role] | None = None,
        books: Collection[int] | bool | None = False,
        enabled: bool | None = None,
    ) -> Account:
        """Change what an account is; what is not given stays.

        A new name stands beside decisions from now on; earlier ones keep the name they were made under. Whoever is
        disabled or loses a role is signed out at once.

        Args:
            books: numbers of the only books, none for all; ``False`` leaves them.

        Raises:
            NotStoredError: there is no such account.
            SettingsError: a name or role is not usable, or no administrator would be left.
        """
        with self._store.writing() as writer:
            _alone(writer)
            row = _locked(writer, account_id)
            before = set(row.roles)
            if person is not None and (name := checked_name(person)) != row.person:
                _check_name_is_free(writer, name, of=row.id)
                row.former_names = [*row.former_names, row.person]
                row.person, row.person_key = name, person_key(name)
            if roles is not None:
                row.roles = _checked_roles(roles)
            if not isinstance(books, bool):
                row.books = _book_list(books)
            if enabled is not None and enabled != (row.disabled_at is None):
                row.disabled_at = None if enabled else writer.now
            writer.session.flush()
            _check_administrator_is_left(writer)
            if row.disabled_at is not None or before - set(row.roles) or not isinstance(books, bool):
                _sign_out(writer, row.id)
            _note(writer, row, "account_changed", by=by, content=_content(row))
            return to_account(row)

    def set_password(self, account_id: int, password: str, *, by: str, must_change: bool) -> None:
        """Give an account a new password; every browser that is signed in with it has to sign in again.

        Raises:
            NotStoredError: there is no such account.
            PasswordError: the password is not taken.
        """
        account = self.get(account_id)
        passwords.check_password(password, about=(account.login, account.person, *account.former_names))
        kept = passwords.hash_password(password)
        with self._store.writing() as writer:
            row = _locked(writer, account_id)
            row.password_hash, row.must_change = kept, must_change
            row.failures, row.locked_until = 0, None
            _sign_out(writer, row.id)
            _note(writer, row, "password_set", by=by)

    def is_password(self, account_id: int, password: str) -> bool:
        """Whether the password is the account's, for asking again before something that matters."""
        with self._store.reading() as session:
            kept = session.scalar(select(AccountRow.password_hash).where(AccountRow.id == account_id))
        return passwords.fits(password, kept or passwords.nobody())

    def sign_in(self, login: str, password: str) -> Account | SignInRefused:
        """Compare login and password.

        Wrong login, wrong password and a disabled account cannot be told apart by the answer or by the time it takes.
        After five wrong passwords in a row an account waits, longer each time, up to a quarter of an hour.
        """
        with self._store.reading() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.login == _login_key(login)))
            found = None if row is None else (row.id, row.password_hash)
        right = passwords.fits(password, found[1] if found else passwords.nobody())
        if found is None:
            return SignInRefused()
        renewed = passwords.hash_password(password) if right and passwords.outdated(found[1]) else None
        with self._store.writing() as writer:
            row = _locked(writer, found[0])
            # Looked at now, so that many tries at the same moment are no way around it.
            if row.locked_until is not None and row.locked_until > writer.now:
                return SignInRefused((row.locked_until - writer.now).total_seconds())
            if not right or row.password_hash != found[1] or row.disabled_at is not None:
                return _failed(writer, row)
            row.failures, row.locked_until, row.signed_in_at = 0, None, writer.now
            if renewed is not None:
                row.password_hash = renewed
            _note(writer, row, "signed_in", by=row.person)
            return to_account(row)


def to_account(row: AccountRow) -> Account:
    """The account a row holds."""
    known = set(Role)
    return Account(
        id=row.id,
        login=row.login,
        person=row.person,
        former_names=tuple(row.former_names),
        roles=frozenset(Role(role) for role in row.roles if role in known),
        books=None if row.books is None else frozenset(row.books),
        must_change=row.must_change,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        disabled_at=row.disabled_at,
    )


def checked_login(login: str) -> str:
    """A login in its one spelling.

    Raises:
        SettingsError: it is empty, too long, or holds more than letters, digits, dots, dashes, and @.
    """
    key = _login_key(login)
    if not key or len(key) > _LONGEST_NAME or not all(char.isalnum() or char in ".-_@" for char in key):
        raise SettingsError(
            "The login is not usable.", mend=f"Give 1 to {_LONGEST_NAME} letters, digits or signs of '.-_@'."
        )
    return key


def checked_name(person: str) -> str:
    """A person's name in its one spelling.

    Raises:
        SettingsError: it is empty, too long, or holds a slash, which parts client and person in the log.
    """
    name = person_name(person)
    if not name or len(name) > _LONGEST_NAME or "/" in name:
        raise SettingsError(
            "The person's name is not usable.", mend=f"Give 1 to {_LONGEST_NAME} characters without a slash."
        )
    return name


def _login_key(login: str) -> str:
    return person_key(person_name(login[: 4 * _LONGEST_NAME]))


def _checked_roles(roles: Collection[Role]) -> list[str]:
    if not roles:
        raise SettingsError("The account has no role.", mend=f"Give at least one of: {', '.join(Role)}.")
    return [role.value for role in Role if role in roles]


def _book_list(books: Collection[int] | None) -> list[int] | None:
    return None if books is None else sorted(set(books))


def _alone(writer: Writer) -> None:
    """Let no two transactions look over all accounts and add to them at once; SQLite never does."""
    if writer.session.get_bind().dialect.name == "postgresql":
        writer.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _check_name_is_free(writer: Writer, name: str, *, of: int | None = None) -> None:
    """No two accounts share a name, also not a former one: decisions under it would be either's."""
    key = person_key(name)
    rows: Sequence[AccountRow] = writer.session.scalars(select(AccountRow)).all()
    for row in rows:
        if row.id != of and key in {row.person_key, *map(person_key, row.former_names)}:
            raise SettingsError("Another account has that name.", mend="Add what tells the two persons apart.")


def _check_administrator_is_left(writer: Writer) -> None:
    rows = writer.session.scalars(select(AccountRow).where(AccountRow.disabled_at.is_(None)))
    if not any(Role.ADMINISTRATOR.value in row.roles for row in rows):
        raise SettingsError("No administrator would be left.", mend="Make somebody else administrator first.")


def _locked(writer: Writer, account_id: int) -> AccountRow:
    row = writer.session.scalar(select(AccountRow).where(AccountRow.id == account_id).with_for_update())
    if row is None:
        raise _no_account(account_id)
    return row


def _no_account(account_id: int) -> NotStoredError:
    return NotStoredError(f"There is no account {account_id}.", mend=_NAMED)


def _sign_out(writer: Writer, account_id: int) -> None:
    writer.session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))


def _failed(writer: Writer, row: AccountRow) -> SignInRefused:
    row.failures += 1
    # A disabled account waits like any other, so that waiting does not tell which it is.
    over = row.failures - _FREE_FAILURES
    wait = min(_FIRST_WAIT * 2 ** min(over, 20), _LONGEST_WAIT) if over >= 0 else 0.0
    row.locked_until = writer.now + timedelta(seconds=wait) if wait else None
    _note(writer, row, "sign_in_failed", by=audit.MACHINE)
    return SignInRefused(wait)


def _note(writer: Writer, row: AccountRow, action: str, *, by: str, content: object = None) -> None:
    audit.append(
        writer.session,
        writer.key,
        at=writer.now,
        actor=by,
        action=action,
        subject=f"account:{row.id}",
        content=content,
    )


def _content(row: AccountRow) -> list[object]:
    return [row.login, row.person, row.former_names, row.roles, row.books, row.disabled_at is not None]
