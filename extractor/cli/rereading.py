"""Read pages anew, as a person says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    DatabaseOption,
    JsonOption,
    TemplatesOption,
    end_with_set_aside,
    existing_store,
    progress,
    say,
    template_folders,
)
from extractor.cli.root import app
from extractor.errors import SettingsError

if TYPE_CHECKING:
    from extractor.page_instruction import PageInstruction

_TURNS = {0: 0, 90: 1, 180: 2, 270: 3}


@app.command()
def reread(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of 'extractor run'.")],
    file: Annotated[str, typer.Argument(help="File, as the records name it.")],
    page: Annotated[list[int], typer.Option("--page", min=1, help="Page of the file; may be given several times.")],
    form: Annotated[str, typer.Option(help="The form that the page is of.")] = "",
    turn: Annotated[int | None, typer.Option(help="Turn clockwise that brings it upright: 0, 90, 180, 270.")] = None,
    pages: Annotated[int | None, typer.Option(min=1, max=2, help="Facing pages in the picture: 1 or 2.")] = None,
    is_: Annotated[
        str, typer.Option("--is", help="What a page without records is: cover, closing, blank, not_register.")
    ] = "",
    instruction: Annotated[
        Path | None, typer.Option(help="File with a whole instruction as JSON, see docs/pages.md.")
    ] = None,
    automatic: Annotated[bool, typer.Option("--automatic", help="Leave the page to the machine again.")] = False,
    person: Annotated[str, typer.Option(help="Who says so; needed where anything is said of the page.")] = "",
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate of the last run, where it was not the shipped one.")
    ] = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read pages anew, with what a person says of them; what people decided stays.

    Exit code 3: a page could not be read and is set aside.

    Example: extractor reread ket-qua KS.2017.01.pdf --page 7 --form ks-2016 --turn 90 --person 'Lò Thị Thử'
    """
    from extractor.batch.rereading import reread as read_anew
    from extractor.confidence import load_certificate
    from extractor.page_instruction import PageInstruction
    from extractor.store import Instructions

    said = _instruction(form, turn, pages, is_, instruction)
    if automatic and said is not None:
        raise SettingsError("--automatic says that nothing is said of the page.", mend="Leave the other options out.")
    said = PageInstruction() if automatic else said
    with existing_store(out_dir, db) as store:
        instructions = Instructions(store)
        found = [instructions.find(file, number) for number in page]
        if said is not None:
            if not person.strip():
                raise SettingsError("--person is missing.", mend="Name who says what the page is.")
            _check_form(said, templates)
            for stored in found:
                instructions.say(stored.id, said, person.strip())
    known = load_certificate(certificate) if certificate else None
    with progress(as_json) as on_progress:
        result = read_anew(
            out_dir,
            db or "",
            template_folders(templates),
            [(file, number) for number in page],
            on_progress,
            certificate=known,
        )
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        for item in result["pages"]:
            became = item["problem"] or f"{item['records']} records"
            say(f"{item['file']}, page {item['page']}: {became}")
    end_with_set_aside(result["set_aside"])


def _instruction(form: str, turn: int | None, pages: int | None, is_: str, file: Path | None) -> PageInstruction | None:
    """What the options say of the page; none where they say nothing.

    Raises:
        SettingsError: the file cannot be read, or a turn is none of a quarter.
        InstructionError: it contradicts itself.
    """
    from extractor.page_instruction import read_instruction

    if turn is not None and turn not in _TURNS:
        raise SettingsError(f"--turn {turn}: no quarter turn.", mend="Give 0, 90, 180 or 270.")
    content: dict[str, object] = {}
    if file is not None:
        try:
            content = dict(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(f"--instruction {file}: no JSON object that can be read.", mend="Mend it.") from error
    content |= {"form": form} if form else {}
    content |= {"turn": _TURNS[turn]} if turn is not None else {}
    content |= {"pages": pages} if pages is not None else {}
    content |= {"is": is_} if is_ else {}
    return read_instruction(content) if content else None


def _check_form(said: PageInstruction, templates: list[Path] | None) -> None:
    from extractor.templates import find_form, load_forms

    if said.form:
        find_form(load_forms(template_folders(templates)), said.form)
