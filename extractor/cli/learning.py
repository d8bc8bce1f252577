"""Sets of lines to learn from: make them of what people decided, look at them, check them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import DatabaseOption, JsonOption, err, existing_store, out, progress, say
from extractor.cli.root import app
from extractor.errors import ExitCode, LineSetError, SettingsError

dataset_app = typer.Typer(help="Sets of lines to learn from, made of what people decided.", no_args_is_help=True)
app.add_typer(dataset_app, name="dataset")

SetArgument = Annotated[Path, typer.Argument(metavar="SET", help="Folder of a set.")]
FromOption = Annotated[Path, typer.Option("--from", help="Output folder of a run.")]


@dataset_app.command("export")
def dataset_export(
    folder: Annotated[Path, typer.Argument(metavar="SET", help="Folder to make; it must not exist yet.")],
    purpose: Annotated[str, typer.Option(help="What the lines may be used for; stands in the set.")],
    consent: Annotated[str, typer.Option(help="On which decision or consent they are given out; stands in the set.")],
    person: Annotated[str, typer.Option(help="Who makes the set; stands in the set and the log.")],
    out_dir: FromOption = Path(),
    withhold: Annotated[
        list[str] | None,
        typer.Option(help="Leave out 'names', 'numbers', 'addresses' or a kind of field by its name; repeatable."),
    ] = None,
    record_numbers: Annotated[
        bool,
        typer.Option(
            "--with-record-numbers",
            help="Keep fields that number the record or the book; for sets that do not leave the office.",
        ),
    ] = False,
    hands: Annotated[
        Path | None,
        typer.Option(help="List of clerks, CSV 'book,hand'; without it each book counts as one hand of its own."),
    ] = None,
    previous: Annotated[
        list[Path] | None, typer.Option(help="An earlier set: its books and hands keep their parts; repeatable.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
    db: DatabaseOption = None,
) -> None:
    """Make a set of the lines that people confirmed or corrected, without a sign of their book, record or reader.

    A book and a hand are wholly in the part to train with, the part to tune by or the part that is held out, in this
    set and in all later ones. What the machine accepted alone, what is inspected and what waits is left out and
    counted.

    Exit code 3: some pages could not be used; they are named.

    Example: extractor dataset export tap-dong-1 --from ket-qua --purpose 'Huấn luyện bộ đọc chữ viết tay' --consent
    'Quyết định 12/QĐ-STP' --person 'Lê Thị Thử' --withhold names
    """
    from datetime import UTC, datetime

    from extractor.batch.run import only_run
    from extractor.learning.exporting import ExportTerms, export_line_set, told
    from extractor.learning.showing import advice
    from extractor.learning.withholding import always_withheld, withheld_kinds

    for option, text in (("--purpose", purpose), ("--consent", consent), ("--person", person)):
        if not text.strip():
            raise SettingsError(f"{option}: it is empty.", mend="Say it in words: it stands in the set.")
    withheld = withheld_kinds(withhold or ()) | (frozenset() if record_numbers else always_withheld())
    terms = ExportTerms(
        purpose=purpose.strip(),
        consent=consent.strip(),
        by=person.strip(),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        withheld=withheld,
        hands=hands,
        previous=tuple(previous or ()),
    )
    notes: list[str] = []
    with existing_store(out_dir, db) as store, only_run(out_dir), progress(quiet) as on_progress:
        made = export_line_set(store, out_dir, folder, terms, on_progress=on_progress, on_note=notes.append)
    counts = ", ".join(f"{part} {number}" for part, number in made.counts.items())
    say(f"{folder}: {len(made.lines)} lines ({counts}), version {made.manifest.version[:16]}")
    say(told(made.manifest.left_out))
    for sentence in (*advice(made), *notes):
        say(sentence, to=err)
    if notes:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@dataset_app.command("books")
def dataset_books(out_dir: FromOption = Path(), db: DatabaseOption = None) -> None:
    """List the books of a run as CSV: number, name, agency, decided fields, name in sets, part.

    With the columns 'book' and 'hand' filled in by who knows the clerks, the list serves as --hands.

    Example: extractor dataset books --from ket-qua > so-va-nguoi-ghi.csv
    """
    import csv
    import sys

    from extractor.learning.choosing import books_of
    from extractor.learning.naming import book_names
    from extractor.learning.parts import read_parts
    from extractor.learning.withholding import always_withheld
    from extractor.records import short_name

    with existing_store(out_dir, db) as store:
        books = books_of(store, always_withheld())
    parts = read_parts(out_dir)
    names = book_names(out_dir, books, None, expected=bool(parts))
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["book", "hand", "name", "agency", "decided", "name_in_sets", "part"])
    for book in books:
        name = names[book.id].book
        rows.writerow(
            [book.id, "", short_name(book.key) or "-", book.key.agency, book.fields, name, parts.get(name, "")]
        )


@dataset_app.command("show")
def dataset_show(
    folder: SetArgument,
    as_json: JsonOption = False,
    sheet: Annotated[
        Path | None, typer.Option("--contact-sheet", help="Draw crops with their texts into this PNG, for looking at.")
    ] = None,
    number: Annotated[int, typer.Option("--lines", min=1, max=600, help="Lines on the contact sheet.")] = 60,
) -> None:
    """Show how many lines a set has, of what, on which terms, and what was left out of it.

    Example: extractor dataset show tap-dong-1 --contact-sheet xem.png
    """
    from extractor.learning.line_set import read_line_set
    from extractor.learning.showing import as_dict, render_set

    made = read_line_set(folder, pictures=False)
    if as_json:
        say(json.dumps(as_dict(made), ensure_ascii=False))
    else:
        for shown in render_set(made):
            if isinstance(shown, str):
                say(shown)
            else:
                out.print(shown)
    if sheet is not None:
        from extractor.learning.contact_sheet import draw_sheet

        if sheet.suffix.lower() != ".png":
            raise SettingsError(
                f"--contact-sheet {sheet}: it is drawn as PNG.", mend="Give a name that ends with .png."
            )
        sheet.write_bytes(draw_sheet(made, number=number))
        say(f"{sheet}: written; it shows what stands in registers.")


@dataset_app.command("check")
def dataset_check(
    folder: SetArgument,
    out_dir: Annotated[
        Path | None, typer.Option("--from", help="Output folder it was made from: ask its log for the set, too.")
    ] = None,
    db: DatabaseOption = None,
) -> None:
    """Check a set: every row and picture as it was made, no book and no hand in two parts.

    Example: extractor dataset check tap-dong-1 --from ket-qua
    """
    from extractor.learning.exporting import AUDITED, subject_of, vouched
    from extractor.learning.line_set import read_line_set

    made = read_line_set(folder)
    if out_dir is not None:
        with existing_store(out_dir, db) as store:
            known = store.audit_vouches(action=AUDITED, subject=subject_of(made), content=vouched(made))
        if not known:
            raise LineSetError(
                f"{folder}: the log of {out_dir} does not know this set.",
                mend="Compare with the folder it was made of.",
            )
    say(f"{folder}: {len(made.lines)} lines and their pictures are as they were made.")
