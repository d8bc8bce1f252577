"""Entry forms with the values in place, and the filler for pages of web systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    TemplatesOption,
    book_from,
    err,
    existing_store,
    progress,
    say,
    template_folders,
)
from extractor.cli.root import app
from extractor.errors import ExitCode, SettingsError

_WRITE = "forms"


class _FormsByDefault(typer.core.TyperGroup):
    """``extractor prefill OUT`` is ``extractor prefill forms OUT``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asks_help = not args or args[0] in ctx.help_option_names
        if not asks_help and args[0] not in self.commands:
            args = [_WRITE, *args]
        return super().parse_args(ctx, args)


prefill_app = typer.Typer(
    cls=_FormsByDefault,
    help="Pre-filled entry forms beside the scan, and the form filler: 'extractor prefill OUT --out DIR'.",
    no_args_is_help=True,
)
app.add_typer(prefill_app, name="prefill")

ProfileOption = Annotated[
    list[Path] | None, typer.Option("--profile", help="Mapping profile, YAML or JSON; may be given several times.")
]


@prefill_app.command(_WRITE)
def prefill_forms(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")],
    target: Annotated[Path, typer.Option("--out", help="Folder that gets the pages; it will hold personal data.")],
    book: Annotated[list[str] | None, typer.Option("--book", help="Only books with KEY=VALUE, such as year=2017.")] = (
        None
    ),
    register: Annotated[str, typer.Option("--register", help="Only books of this register: KS, KH, KT ...")] = "",
    state: Annotated[
        str, typer.Option(help="'all': proposals stand in their boxes, marked; 'settled': only what is decided.")
    ] = "all",
    profile: ProfileOption = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Write an entry form for each record, with its values in place and the scan beside it.

    Where the office demands approval before anything leaves the house, only books approved as they stand get forms.

    Open index.html in the folder; it holds the form filler as a bookmark, too.

    Example: extractor prefill ket-qua --out phieu-nhap --register GH
    """
    from extractor.batch.policy import follow
    from extractor.exports.policy import Policy
    from extractor.exports.prefill.mapping import known_columns, load_mappings
    from extractor.exports.prefill.writing import write_entry_forms
    from extractor.records import BookKey
    from extractor.store import Approvals
    from extractor.templates import load_forms

    if state not in ("all", "settled"):
        raise SettingsError(f"--state {state}: not known.", mend="Choose 'all' or 'settled'.")
    asked = {**book_from(book or []), **({"register": register.upper()} if register else {})}

    if target.resolve() == out_dir.resolve():
        raise SettingsError("--out: this is the run's own folder.", mend="Choose another, such as OUT/forms.")

    def plain(text: str) -> str:
        return text.lstrip("0") if text.isdecimal() else text.casefold()

    def wanted(key: BookKey) -> bool:
        return all(plain(getattr(key, part)) == plain(value) for part, value in asked.items())

    forms = {form.name: form.schema for form in load_forms(template_folders(templates, out_dir))}
    profiles = load_mappings(profile or [], known_columns(forms.values()))
    with existing_store(out_dir, db) as store, progress(quiet, "Records") as on_progress:
        only_approved = follow(store, out_dir) is Policy.APPROVED
        opened = set(Approvals(store).in_force()) if only_approved else None
        done = write_entry_forms(
            store,
            out_dir,
            target,
            forms,
            profiles,
            settled=state == "settled",
            wanted=wanted,
            opened=opened,
            progress=on_progress,
        )
    for fault in done.faults:
        file, page, number = fault.key
        say(f"{file}, page {page}, record {number}: {fault.message}", to=err)
    say(
        f"{done.index}: {done.records} records in {done.books} books, {done.doubtful} of them with fields that nobody "
        f"has decided; {done.changed} pages are new or changed."
    )
    if only_approved:
        say(f"Only approved books get forms; {done.left_out} are not approved as they stand.")
    if done.faults:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@prefill_app.command("profiles")
def prefill_profiles(
    profile: ProfileOption = None,
    templates: TemplatesOption = None,
    as_json: JsonOption = False,
) -> None:
    """List and check the mapping profiles of the filler: those that ship, and those given.

    Example: extractor prefill profiles --profile trang-khai-tu.yaml
    """
    import json

    from extractor.exports.prefill.mapping import known_columns, load_mappings
    from extractor.templates import load_forms

    columns = known_columns(form.schema for form in load_forms(template_folders(templates)))
    profiles = load_mappings(profile or [], columns)
    if as_json:
        say(json.dumps([each.for_page() for each in profiles], ensure_ascii=False, indent=1))
        return
    for each in profiles:
        registers = ", ".join(each.registers) or "all registers"
        say(f"{each.name}\t{each.title} ({registers}, {len(each.targets)} columns)")


@prefill_app.command("filler")
def prefill_filler(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="'bookmarklet' or 'userscript'.")] = "bookmarklet",
    profile: ProfileOption = None,
    templates: TemplatesOption = None,
) -> None:
    """Print the form filler alone, to put it into a browser by hand or by the office's administration.

    Example: extractor prefill filler userscript --profile trang-khai-tu.yaml > bo-dien.user.js
    """
    from extractor.exports.prefill.filler_code import bookmarklet, filler_code, user_script
    from extractor.exports.prefill.mapping import known_columns, load_mappings
    from extractor.templates import load_forms

    if kind not in ("bookmarklet", "userscript"):
        raise SettingsError(f"{kind}: there is no such filler.", mend="Choose 'bookmarklet' or 'userscript'.")
    columns = known_columns(form.schema for form in load_forms(template_folders(templates)))
    profiles = load_mappings(profile or [], columns)
    typer.echo(bookmarklet(filler_code(profiles)) if kind == "bookmarklet" else user_script(profiles))
