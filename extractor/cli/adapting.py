"""Adapt the reader to the hands of books."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    TemplatesOption,
    existing_store,
    progress,
    say,
    template_folders,
)
from extractor.cli.common import err as errors
from extractor.cli.root import app
from extractor.errors import ExitCode

_WORDS = {
    "adapted": "adapted to the book's hand",
    "current": "nothing was decided since it was adapted",
    "few": "too few verified lines yet",
    "no_gain": "the verified lines show no gain, so the usual reader goes on",
    "nothing_open": "nothing is open any more",
    "forgotten": "the usual reader reads it again",
}


@app.command()
def adapt(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of 'extractor run'.")],
    book: Annotated[str, typer.Option(help="Book, by its name (KS.2017.01) or number (3); or all.")],
    least: Annotated[
        int, typer.Option("--lines-at-least", min=4, help="Verified lines below which a book is left as it is.")
    ] = 10,
    forget: Annotated[bool, typer.Option("--forget", help="Go back to the usual reader.")] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate of the last run, where it was not the shipped one.")
    ] = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adapt the handwriting reader to a book's hand by what people verified, and read what is open anew.

    What people decided stays; proposals that nobody decided are replaced, and wait for a person. Run it again when more
    is verified. Exit code 3: a page could not be read anew and is set aside.

    Example: extractor adapt ket-qua --book KS.2017.01
    """
    from extractor.confidence import load_certificate
    from extractor.learning.adapting_books import adapt_books

    existing_store(out_dir, db).close()
    known = load_certificate(certificate) if certificate else None
    with progress(as_json) as on_progress:
        done = adapt_books(
            out_dir, db or "", template_folders(templates), book, on_progress, least=least, forget=forget,
            certificate=known,
        )  # fmt: skip
    if as_json:
        sys.stdout.write(json.dumps(asdict(done), ensure_ascii=False) + "\n")
    else:
        for item in done.books:
            say(f"{item.book}: {_WORDS[item.what]}; {item.lines} verified lines, {item.open_fields} open fields")
            if item.loss_before is not None and item.loss_after is not None:
                gain = f"loss a character {item.loss_before:.3f} before, {item.loss_after:.3f} after"
                say(f"  {gain}, on verified lines that the reader had not learnt; {item.seconds:.0f} s")
            if item.pages:
                say(f"  {item.pages} pages read anew, {item.changed} proposals changed")
    for page in done.set_aside:
        say(f"Set aside: {page['file']}, page {page['page']}: {page['message']} {page['mend']}".rstrip(), to=errors)
    if done.set_aside:
        raise typer.Exit(int(ExitCode.SET_ASIDE))
