"""The HTTP interface for other programs: serve it, hand out keys, describe it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    LogFormatOption,
    MetricsHostOption,
    MetricsPortOption,
    TemplatesOption,
    err,
    existing_store,
    metrics_place,
    say,
    set_up_log,
    template_folders,
    warn,
)
from extractor.cli.root import app
from extractor.errors import SettingsError

if TYPE_CHECKING:
    from extractor.store import ApiKey, Scope, Store

api_app = typer.Typer(help="The HTTP interface for other programs.", no_args_is_help=True)
key_app = typer.Typer(help="Keys of the programs that may use it.", no_args_is_help=True)
app.add_typer(api_app, name="api")
api_app.add_typer(key_app, name="key")

OutArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of the runs; made if missing.")]


@api_app.command("serve")
def api_serve(
    out_dir: OutArgument,
    db: DatabaseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; anything but loopback opens it to the network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 chooses a free one.")] = 8700,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Private key, PEM.")] = None,
    templates: TemplatesOption = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    log_format: LogFormatOption = None,
) -> None:
    """Serve the interface, and carry out the runs and exports that programs ask for.

    A server that was killed goes on with the jobs it had when it is started again.

    Example: extractor api serve ket-qua --port 8700
    """
    from extractor.api.serving import serve

    set_up_log(log_format)
    if (tls_cert is None) != (tls_key is None):
        raise SettingsError("--tls-cert and --tls-key belong together.", mend="Give both or neither.")
    tls = (tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None
    if tls is None and host not in {"127.0.0.1", "localhost", "::1"}:
        warn("Without --tls-cert, keys and records cross the network unencrypted.")
    with _store(out_dir, db) as store:
        serve(
            store,
            out_dir,
            database=db or "",
            templates=template_folders(templates),
            host=host,
            port=port,
            tls=tls,
            announce=say,
            metrics=metrics_place(metrics_host, metrics_port),
        )


@api_app.command("schema")
def api_schema(
    out: Annotated[Path, typer.Option("--out", help="File to write; '-' for standard output.")] = Path("openapi.json"),
    templates: TemplatesOption = None,
) -> None:
    """Write the description of the interface (OpenAPI 3.1).

    Example: extractor api schema --out openapi.json
    """
    import sys
    import tempfile

    from extractor.api.app import create_app
    from extractor.api.description import as_text
    from extractor.batch.storage import open_store
    from extractor.exports.files import part_of, put_in_place

    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        text = as_text(create_app(store, Path(folder), templates=template_folders(templates)).openapi())
    if str(out) == "-":
        sys.stdout.write(text)
        return
    if out.is_dir():
        raise SettingsError(f"--out {out}: is a folder.", mend="Name a file, such as openapi.json.")
    try:
        part_of(out).write_text(text, encoding="utf-8")
        put_in_place(out)
    except OSError as error:
        raise SettingsError(
            f"--out {out}: cannot be written ({type(error).__name__}).", mend="Name a file, such as openapi.json."
        ) from error
    say(str(out))


@key_app.command("add")
def key_add(
    out_dir: OutArgument,
    name: Annotated[str, typer.Option(help="The program that gets the key.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; may be given several times.")],
    book: Annotated[
        list[str] | None,
        typer.Option(
            help="The only book it may see, by its name (KS.2017.01) or number (3); repeatable. Not for uploads, runs,"
            " exports."
        ),
    ] = None,
    expires: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="First day on which it is void.")] = None,
    db: DatabaseOption = None,
) -> None:
    """Make a key and print it, once: only a hash of it is kept.

    Scopes: uploads:write, runs:read, runs:write, records:read, crops:read, decisions:write, exports:read,
    exports:write.

    A key is a password: keep it in a file for its owner only (umask 077).

    Example: extractor api key add ket-qua --name 'một cửa' --scope records:read --scope crops:read
    """
    from extractor.records import find_book
    from extractor.store import ApiKeys, Scope

    scopes = _scopes(scope)
    until = _day(expires)
    with _store(out_dir, db) as store:
        known = {found.id: found.key for found in store.books()} if book else {}
        books = sorted({find_book(known, one, said=f"--book {one}") for one in book or ()})
        _, text = ApiKeys(store).add(name, scopes, books=books or None, expires_at=until)
    if Scope.DECISIONS_WRITE in scopes and Scope.EXPORTS_READ in scopes:
        say("Exports hold what the machine read of fields that people key blindly: better two keys.", to=err)
    if book and (wide := sorted(scope for scope in scopes if scope.folder_wide)):
        say(f"A key for some books cannot use {', '.join(wide)}: they act on all books of the folder.", to=err)
    say(text)


@key_app.command("list")
def key_list(out_dir: OutArgument, db: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List all keys by the part of them that may be shown."""
    import json

    from extractor.store import ApiKeys

    with existing_store(out_dir, db) as store:
        keys = ApiKeys(store).all()
        now = store.now()
    for key in keys:
        line = _line(key, now)
        say(json.dumps(line, ensure_ascii=False) if as_json else "\t".join(str(part) for part in line.values()))


@key_app.command("revoke")
def key_revoke(
    out_dir: OutArgument,
    prefix: Annotated[str, typer.Argument(metavar="KEY", help="The part of the key that 'list' shows.")],
    db: DatabaseOption = None,
) -> None:
    """Put a key out of force, at once and for good."""
    from extractor.store import ApiKeys

    with existing_store(out_dir, db) as store:
        key = ApiKeys(store).revoke(prefix)
    say(f"{key.prefix}\t{key.client}\trevoked")


def _store(out_dir: Path, db: str | None) -> Store:
    from extractor.batch.run import prepare_folder
    from extractor.batch.storage import open_store

    prepare_folder(out_dir)
    return open_store(out_dir, db or "")


def _scopes(given: list[str]) -> set[Scope]:
    from extractor.store import Scope

    unknown = [text for text in given if text not in set(Scope)]
    if unknown:
        raise SettingsError(f"--scope {unknown[0]}: not known.", mend=f"Scopes: {', '.join(Scope)}.")
    return {Scope(text) for text in given}


def _day(text: str | None) -> datetime | None:

    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise SettingsError(f"--expires {text}: no date.", mend="Give it like 2027-12-31.") from None
    if day <= datetime.now(UTC):
        raise SettingsError(f"--expires {text}: is past already.", mend="Give a later day.")
    return day


def _line(key: ApiKey, now: datetime) -> dict[str, object]:
    over = key.expires_at is not None and key.expires_at <= now
    return {
        "key": key.prefix,
        "client": key.client,
        "state": "revoked" if key.revoked_at else "expired" if over else "in force",
        "scopes": " ".join(sorted(key.scopes)),
        "books": "all" if key.books is None else " ".join(str(book) for book in sorted(key.books)),
        "expires": key.expires_at.date().isoformat() if key.expires_at else "never",
    }
