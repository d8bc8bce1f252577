"""Look at the queue, serve the review application, verify the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    LogFormatOption,
    MetricsHostOption,
    MetricsPortOption,
    err,
    existing_store,
    metrics_place,
    out,
    progress,
    say,
    set_up_log,
    share,
    warn,
)
from extractor.cli.root import audit_app, queue_app, review_app
from extractor.errors import ExitCode

if TYPE_CHECKING:
    from extractor.settings import Settings
    from extractor.store import Store


@queue_app.command("status")
def queue_status(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")], db: DatabaseOption = None
) -> None:
    """Show how many fields wait, and how far each book is."""
    from extractor.batch.summary import render_queue

    with existing_store(out_dir, db) as store:
        out.print(render_queue(store))


@queue_app.command("answer")
def queue_answer(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    truth: Annotated[Path, typer.Option(help="Truth file in JSON lines.")],
    db: DatabaseOption = None,
) -> None:
    """Let a truth file answer all waiting fields: to try out what comes after verification, never for real books.

    The decisions stand in the log under names that say so.

    Example: extractor queue answer demo-output --truth sample_book/truth.jsonl
    """
    from extractor.batch.answering import answer_from_truth
    from extractor.evaluation.truth import read_truth

    known = read_truth(truth)
    with existing_store(out_dir, db) as store, progress(False, "Fields") as on_progress:
        done = answer_from_truth(store, known, on_progress=on_progress)
    say(f"{done.answered} fields answered from {truth}; of {done.unknown} it says nothing.")


@queue_app.command("learning")
def queue_learning(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    count: Annotated[
        int | None, typer.Option(min=0, max=100_000, help="Mark so many fields, instead of those marked before.")
    ] = None,
    part: Annotated[
        str | None, typer.Option("--share", help="Share of the queue that comes from them: 10% or 0.1.")
    ] = None,
    reader: Annotated[
        Path | None, typer.Option(help="Folder of the reader that is to learn; by default the one in use.")
    ] = None,
    rule: Annotated[Path | None, typer.Option(help="Rule (YAML) by which to choose; by default the shipped one.")] = (
        None
    ),
    db: DatabaseOption = None,
) -> None:
    """Mark the waiting fields that a reader would learn most from, and mix them into the queue at a share.

    Without options it says what is marked. Fields that are re-keyed blindly or disputed are left alone. Marks change
    nothing but the order in which fields are handed out one by one.

    Example: extractor queue learning ket-qua --count 200 --share 10%
    """
    from extractor.learning.sharing import MOST, load_share, save_share
    from extractor.settings import get_settings
    from extractor.store import Learning

    wanted = None if part is None else share("--share", part, most=MOST)
    with existing_store(out_dir, db) as store:
        if count is not None:
            from extractor.learning.marking import mark_for_learning
            from extractor.learning.selecting import load_rule, shipped_rule
            from extractor.readers.handwriting.in_use import model_in_use

            model = reader or model_in_use(get_settings()).checked()
            by = shipped_rule() if rule is None else load_rule(rule)
            with progress(False, "Fields") as on_progress:
                done = mark_for_learning(store, out_dir, model, count, by, on_progress=on_progress)
            kinds = ", ".join(f"{name} {number}" for name, number in sorted(done.kinds.items()))
            say(f"{done.marked} of {done.waiting} waiting fields marked, {done.looked_at} looked at. {kinds}".rstrip())
            if done.pages_missing:
                say(f"{done.pages_missing} pages were left out: their pictures are missing.", to=err)
        if wanted is not None:
            save_share(out_dir, wanted)
        now, marks = load_share(out_dir), Learning(store).counts()
    say(f"Marked for learning: {marks.waiting} wait, {marks.settled} are settled. Share of the queue: {now:.0%}.")
    if now and not marks.waiting:
        say("None waits: the queue is as without a share. Mark some with --count.")


@review_app.command("serve")
def review_serve(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    db: DatabaseOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; anything but loopback opens it to the network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 chooses a free one.")] = 8600,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="TLS certificate with its chain (PEM); the server then speaks https alone.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Key of the certificate (PEM).")] = None,
    idle_minutes: Annotated[
        float, typer.Option(min=1, max=720, help="A browser in which nobody does anything for so long is signed out.")
    ] = 30,
    new: Annotated[bool, typer.Option("--new", help="Make the folder and its database where there are none.")] = False,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    log_format: LogFormatOption = None,
) -> None:
    """Start the review application and print its address.

    The first time, the address is one for making the first account, in the browser; or EXTRACTOR_ADMIN_LOGIN,
    EXTRACTOR_ADMIN_PERSON and EXTRACTOR_ADMIN_PASSWORD make it. Either has all roles but auditor and researcher.

    Example: extractor review serve ket-qua
    """
    from extractor.batch.run import prepare_folder
    from extractor.batch.storage import open_store
    from extractor.review import serve
    from extractor.review.headers import LOOPBACK
    from extractor.settings import get_settings

    set_up_log(log_format)
    if tls_certificate is None and host not in LOOPBACK:
        warn("Passwords and registers will cross the network unprotected: better give --tls-certificate.")
    if new:
        prepare_folder(out_dir)
    with open_store(out_dir, db or "") if new else existing_store(out_dir, db) as store:
        _first_account(store, get_settings())
        serve(
            store,
            out_dir,
            database=db or "",
            host=host,
            port=port,
            idle_seconds=60 * idle_minutes,
            certificate=tls_certificate,
            key=tls_key,
            metrics=metrics_place(metrics_host, metrics_port),
        )


def _first_account(store: Store, settings: Settings) -> None:
    """Make the account that the environment names, where there is none yet."""
    from extractor.errors import SettingsError
    from extractor.review.access import FIRST_ROLES
    from extractor.store import Accounts

    accounts = Accounts(store)
    if not settings.admin_login or accounts.any():
        return
    if not settings.admin_person or not settings.admin_password.get_secret_value():
        raise SettingsError(
            "EXTRACTOR_ADMIN_LOGIN is set, but not all of the first account.",
            mend="Set EXTRACTOR_ADMIN_PERSON and EXTRACTOR_ADMIN_PASSWORD too.",
        )
    accounts.add(
        settings.admin_login,
        settings.admin_person,
        FIRST_ROLES,
        settings.admin_password.get_secret_value(),
        by="environment",
        only_first=True,
    )


@audit_app.command("verify")
def audit_verify(
    out_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.")],
    db: DatabaseOption = None,
    head: Annotated[str | None, typer.Option(help="Head noted earlier; finds entries cut off since.")] = None,
) -> None:
    """Check the log of decisions for edits, re-ordering and truncation."""
    with existing_store(out_dir, db) as store:
        report = store.verify_audit(head=head)
    for fault in report.faults:
        say(fault, to=err)
    say(f"{report.events} events, head {report.head}")
    if report.erased:
        say(f"{report.erased} entries erased by order; see 'extractor erasures {out_dir}'.")
    if not report.ok:
        raise typer.Exit(int(ExitCode.STORE))
