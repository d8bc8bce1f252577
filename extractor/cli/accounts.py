"""Accounts of the people who work in the review application, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import DatabaseOption, JsonOption, existing_store, say
from extractor.cli.root import app

if TYPE_CHECKING:
    from extractor.store import Account, Role

account_app = typer.Typer(help="The people who work in the review application.", no_args_is_help=True)
app.add_typer(account_app, name="account")

OutArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")]
LoginArgument = Annotated[str, typer.Argument(help="What the person signs in with.")]
RoleOption = Annotated[
    list[str],
    typer.Option(
        help="operator, reviewer, adjudicator, approver, auditor, researcher, administrator, author; may be repeated."
    ),
]
BookOption = Annotated[
    list[int] | None, typer.Option(min=1, help="Number of the only book the account opens; may be given several times.")
]

_BY = "command line"


@account_app.command("add")
def account_add(
    out_dir: OutArgument,
    login: LoginArgument,
    person: Annotated[str, typer.Option(help="The person's name, as it stands beside decisions.")],
    role: RoleOption,
    book: BookOption = None,
    db: DatabaseOption = None,
) -> None:
    """Make an account and print a password that is good for one thing: choosing another.

    Example: extractor account add ket-qua an.nguyen --person 'Nguyễn Văn An' --role reviewer
    """
    from extractor.store import Accounts, first_password

    roles = _roles(role)
    password = first_password()
    with existing_store(out_dir, db) as store:
        account = Accounts(store).add(login, person, roles, password, books=book, by=_BY)
    say(f"{account.login}\t{password}")


@account_app.command("list")
def account_list(out_dir: OutArgument, db: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List all accounts with their roles and books."""
    import json

    from extractor.store import Accounts

    with existing_store(out_dir, db) as store:
        accounts = Accounts(store).all()
    for account in accounts:
        line = _line(account)
        say(json.dumps(line, ensure_ascii=False) if as_json else "\t".join(str(part) for part in line.values()))


@account_app.command("change")
def account_change(
    out_dir: OutArgument,
    login: LoginArgument,
    person: Annotated[str | None, typer.Option(help="Another name; earlier decisions keep the earlier one.")] = None,
    role: RoleOption = [],  # noqa: B006 - typer copies it
    book: BookOption = None,
    all_books: Annotated[bool, typer.Option("--all-books", help="Open all books.")] = False,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether the person may sign in; disabling signs out.")
    ] = None,
    db: DatabaseOption = None,
) -> None:
    """Change an account; roles and books that are given replace those it had.

    Example: extractor account change ket-qua an.nguyen --role reviewer --role adjudicator
    """
    from extractor.store import Accounts

    with existing_store(out_dir, db) as store:
        accounts = Accounts(store)
        account = accounts.change(
            accounts.find(login).id,
            by=_BY,
            person=person,
            roles=_roles(role) if role else None,
            books=None if all_books else book or False,
            enabled=enable,
        )
    say("\t".join(str(part) for part in _line(account).values()))


@account_app.command("password")
def account_password(out_dir: OutArgument, login: LoginArgument, db: DatabaseOption = None) -> None:
    """Give an account a new password and print it: for whoever forgot the own, the administrator too.

    Example: extractor account password ket-qua an.nguyen
    """
    from extractor.store import Accounts, first_password

    password = first_password()
    with existing_store(out_dir, db) as store:
        accounts = Accounts(store)
        accounts.set_password(accounts.find(login).id, password, by=_BY, must_change=True)
    say(password)


def _roles(given: list[str]) -> set[Role]:
    from extractor.errors import SettingsError
    from extractor.store import Role

    unknown = [text for text in given if text not in set(Role)]
    if unknown:
        raise SettingsError(f"--role {unknown[0]}: not known.", mend=f"Roles: {', '.join(Role)}.")
    return {Role(text) for text in given}


def _line(account: Account) -> dict[str, str]:
    state = "disabled" if account.disabled_at else "password not chosen yet" if account.must_change else "in use"
    return {
        "login": account.login,
        "person": account.person,
        "roles": " ".join(sorted(account.roles)),
        "books": "all" if account.books is None else " ".join(str(book) for book in sorted(account.books)),
        "state": state,
    }
