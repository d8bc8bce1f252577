"""Read scans: the main job, single lines, places."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    BOOK_KEYS,
    DatabaseOption,
    JsonOption,
    LogFormatOption,
    TemplatesOption,
    book_from,
    err,
    out,
    progress,
    say,
    set_up_log,
    share,
    warn,
)
from extractor.cli.root import app
from extractor.errors import ExitCode

if TYPE_CHECKING:
    from extractor.confidence import Certificate


@app.command()
def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="PDF, TIFF, JPEG, PNG, ZIP, or folders of these; paths, or s3:// URLs."
        ),
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Output folder; made if missing.")],
    form: Annotated[str, typer.Option(help="All pages are of this form; default: each page is identified.")] = "",
    book: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help=f"What is known of the book: {', '.join(BOOK_KEYS)}."),
    ] = None,
    db: DatabaseOption = None,
    templates: TemplatesOption = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one for each processor.")] = 0,
    certificate: Annotated[
        str, typer.Option(help="Certificate file, 'shipped', or 'none': then a person verifies every field.")
    ] = "shipped",
    recheck: Annotated[
        str, typer.Option(help="Share of the accepted fields that people key again blindly: 0% to 100%.")
    ] = "5%",
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Read on the Ray cluster at HOST:PORT, or auto; see docs/cluster.md.")
    ] = "",
    redo: Annotated[bool, typer.Option("--redo", help="Read all pages again; what people decided stays.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
    log_format: LogFormatOption = None,
) -> None:
    """Run the main job: scans in, records, review queue, workbooks, packages and report out.

    Exit code 0: all inputs were used; 3: some were set aside, which the summary and report.html name.

    Example: extractor run so-2017.pdf anh-chup/ --book agency='UBND xã Minh Tân' --out ket-qua
    """
    from extractor.remote.address import as_input

    known = book_from(book or [])
    places = tuple(as_input(text) for text in inputs)
    as_json = set_up_log(log_format)

    from extractor.scans.decoding import warm_up

    warm_up()  # the process that decodes scans loads what it needs beside this one
    from extractor.batch.run import RunOptions
    from extractor.batch.run import run as run_job
    from extractor.cluster import ClusterOptions
    from extractor.pipeline import PipelineOptions
    from extractor.records import BookKey
    from extractor.settings import get_settings

    settings = get_settings()
    options = RunOptions(
        inputs=places,
        out=out_dir,
        pipeline=PipelineOptions(
            out=out_dir,
            templates=tuple(templates or (settings.templates_dir,)),
            form=form,
            book=BookKey(**known),
        ),
        certificate=_certificate(certificate),
        database=db or "",
        workers=workers or settings.worker_count,
        render_dpi=settings.render_dpi,
        redo=redo,
        recheck=share("--recheck", recheck),
        cluster=ClusterOptions(cluster, workers=workers) if cluster else None,
    )
    with progress(quiet or as_json) as on_progress:
        summary = run_job(options, on_progress=on_progress)
    if not quiet:
        from extractor.batch.summary import render_summary

        for part in render_summary(summary):
            out.print(part)
    for item in summary.set_aside:
        place = f"{item.file}, page {item.page}" if item.page else item.file
        warn(f"Set aside: {place}: {item.message} {item.mend}".rstrip())
    logging.getLogger(__name__).info(
        "run done: %d pages, %d of them new, %d inputs set aside",
        summary.pages, summary.pages_new, len(summary.set_aside),
    )  # fmt: skip
    if summary.set_aside:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


def _certificate(choice: str) -> Certificate | None:
    from extractor.confidence import load_certificate, shipped_certificate
    from extractor.settings import get_settings

    if choice == "none":
        return None
    if choice != "shipped":
        return load_certificate(Path(choice))
    place = get_settings().certificate
    found = shipped_certificate(place)
    if found is None:
        warn(f"There is no certificate at {place}: every field goes to a person.")
    return found


@app.command("read-lines")
def read_lines(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures of single text lines.")],
    reader: Annotated[str, typer.Option(help="Name of the reader.")] = "handwriting",
    as_json: JsonOption = False,
) -> None:
    """Read pictures of single lines; with --json one line of JSON each: path, text, confidence, candidates.

    A picture that cannot be read is reported with its reason; the rest goes on (exit code 3).

    Example: extractor read-lines dong1.png dong2.png --reader handwriting --json
    """
    from extractor.batch.lines import read_line_files

    failed = 0
    for item in read_line_files(images, reader):
        failed += bool(item.error)
        if as_json:
            sys.stdout.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")
        elif item.error:
            say(item.error, to=err)
        else:
            say(f"{item.path}\t{item.text}\t{item.confidence:.3f}")
    if failed:
        raise typer.Exit(int(ExitCode.SET_ASIDE))


@app.command()
def place(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Places as written in a register.")],
    year: Annotated[int | None, typer.Option(min=1900, max=2100, help="Year of the record, if known.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which commune, district and province places name, spelt so or nearly so, and what stands there today.

    Example: extractor place 'xã Hòa Ân, huyện Cầu Kè, tỉnh Trà Vinh' --year 2009
    """
    from extractor.vietnamese.understood import understand

    for text in texts:
        ways = understand(text, year)
        if as_json:
            sys.stdout.write(json.dumps({"text": text, "ways": ways}, ensure_ascii=False) + "\n")
            continue
        say(text if ways else f"{text}\tno known unit")
        for way in ways:
            now = " | ".join(way["today"])
            say(f"  {', '.join(way['units'])}  (differs by {way['differs']})" + (f"  now: {now}" if now else ""))
