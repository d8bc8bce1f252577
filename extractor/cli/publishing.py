"""Publish what an output folder hands over in object storage, and fetch it from there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import progress, say
from extractor.cli.root import app

UrlArgument = Annotated[str, typer.Argument(metavar="URL", help="Such as s3://bucket/folder; holds no password.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")]


@app.command()
def publish(
    out_dir: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of a run.")],
    url: UrlArgument,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Pictures of pages and overlays, too.")
    ] = True,
    prune: Annotated[
        bool, typer.Option("--prune", help="Take away contents that no file has any more, as after an erasure.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Even where another folder's state is published, or it is not known whose."),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Publish records, workbooks, packages, report and pictures of an output folder; never its database or keys.

    Only what is not there yet is sent, and read back. The manifest is written last: until then readers see the former
    state. It can be stopped and started again. Not while a run writes to the folder (exit code 2).

    Where another output folder's state is published already, nothing is sent and the command refuses (exit code 7): a
    folder is known by its audit.key, also after it was moved or restored. --replace has that state give way.

    Example: extractor publish ket-qua s3://tinh-a/ket-qua/xa-minh-tan
    """
    from extractor.batch.publishing import publish as publish_now
    from extractor.batch.run import only_run
    from extractor.errors import PublishError
    from extractor.remote.address import parse_address

    address = parse_address(url)
    if not out_dir.is_dir():
        raise PublishError(f"{out_dir} is no folder.", mend="Name the output folder of 'extractor run'.")
    with only_run(out_dir), progress(quiet, "Files") as on_progress:
        done = publish_now(out_dir, address, pictures=pictures, prune=prune, replace=replace, on_progress=on_progress)
    if not quiet:
        state = "a new state" if done.changed else "the state that was there already"
        say(f"{address}: {state}, {done.files} files, {done.sent} sent, {done.removed} taken away")


@app.command("fetch-published")
def fetch_published(
    url: UrlArgument,
    to: Annotated[Path, typer.Option("--to", help="Folder; made if missing.")],
    quiet: QuietOption = False,
) -> None:
    """Fetch what was published, each file compared with its hash.

    Nothing is written through links in the folder: one in the place of a file, or on the way there, is refused (exit
    code 7).

    Example: extractor fetch-published s3://tinh-a/ket-qua/xa-minh-tan --to ban-sao
    """
    from extractor.batch.publishing import fetch_published as fetch_now
    from extractor.remote.address import parse_address

    address = parse_address(url)
    with progress(quiet, "Files") as on_progress:
        files = fetch_now(address, to, on_progress=on_progress)
    if not quiet:
        say(f"{to}: {files} files as they were published")
