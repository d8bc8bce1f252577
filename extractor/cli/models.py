"""Readers: hold a candidate against the one in use, make it the one in use, go back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli.common import DatabaseOption, JsonOption, err, existing_store, out, progress, say
from extractor.cli.root import app
from extractor.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from extractor.learning.registry import Registry, Version
    from extractor.readers.handwriting.in_use import Switch

model_app = typer.Typer(help="Versions of the handwriting reader: compare, promote, go back.", no_args_is_help=True)
app.add_typer(model_app, name="model")

PersonOption = Annotated[str, typer.Option(help="Who decides this.")]
StoreOption = Annotated[
    Path | None,
    typer.Option("--log-in", metavar="DIR", help="Output folder of a run, whose audit log is to hold the change."),
]


@model_app.command()
def evaluate(
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Model folder, or a version of the registry.")],
    on: Annotated[Path, typer.Option("--on", metavar="SET", help="Set of lines, as 'dataset export' makes them.")],
    against: Annotated[
        str, typer.Option(metavar="MODEL", help="Model folder or version; default: the model in use.")
    ] = "",
    part: Annotated[str, typer.Option(help="Part of the set.")] = "held_out",
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Folder for evaluation.json and differences.png.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the same kept lines with a candidate and the model in use, and show the differences with intervals.

    Lines that one of them learned from are refused. The files hold no text of the lines.

    Example: extractor model evaluate candidate --on corrections-2026-11 --out evaluation
    """
    from extractor.learning.comparison import COMPARISON_FILE
    from extractor.learning.comparison_views import PLOT_FILE, draw_differences, render_comparison
    from extractor.learning.evaluating import evaluate_candidate, read_kept
    from extractor.settings import get_settings

    registry = _registry()
    first = registry.model(candidate)
    second = registry.model(against) if against else registry.in_use.checked()
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)  # before the lines are read, which takes long
    kept = read_kept(on, part)
    with progress(as_json, "Lines") as on_progress:
        found = evaluate_candidate(first, second, kept, precision=get_settings().precision, on_progress=on_progress)
    if out_dir is not None:
        from extractor.exports.files import part_of

        drawing = part_of(out_dir / PLOT_FILE).with_suffix(".part.png")
        draw_differences(found, drawing)
        drawing.replace(out_dir / PLOT_FILE)
        part_of(out_dir / COMPARISON_FILE).write_text(found.to_json(), "utf-8")
        part_of(out_dir / COMPARISON_FILE).replace(out_dir / COMPARISON_FILE)
    if as_json:
        sys.stdout.write(found.to_json())
        return
    out.print(render_comparison(found))
    if out_dir is not None:
        say(f"{out_dir / COMPARISON_FILE}, {out_dir / PLOT_FILE}")


@model_app.command()
def promote(
    candidate: Annotated[Path, typer.Argument(metavar="CANDIDATE", help="Model folder of the candidate.")],
    evaluation: Annotated[
        Path, typer.Option("--evaluation", metavar="FILE", help="evaluation.json against the model in use.")
    ],
    person: PersonOption,
    rule: Annotated[Path | None, typer.Option(help="Rule (YAML) instead of the product's own.")] = None,
    log_in: StoreOption = None,
    db: DatabaseOption = None,
) -> None:
    """Make a candidate the model in use, if its evaluation shows that it is better and no important kind gets worse.

    Certificates that were proved with another reader do not hold for it: every field goes to people until a new one is
    made. 'extractor model rollback' goes back, and former certificates hold again.

    Example: extractor model promote candidate --evaluation evaluation/evaluation.json --person 'Tổ số hóa'
    """
    from extractor.learning.comparison import read_comparison
    from extractor.learning.promotion import shipped_rule

    by, comparison = _named(person), read_comparison(evaluation)

    def change(registry: Registry) -> Switch:
        return registry.promote(candidate, comparison, rule or shipped_rule(), by=by, at=_now())

    _change(change, log_in, db, {"evaluation": comparison.digest, "set": comparison.on.set})


@model_app.command()
def rollback(
    person: PersonOption,
    version: Annotated[
        str, typer.Argument(help="Version, or the beginning of its digest; default: the one before; 0: as shipped.")
    ] = "",
    log_in: StoreOption = None,
    db: DatabaseOption = None,
) -> None:
    """Go back to a former model; certificates that were proved with it hold again.

    Example: extractor model rollback --person 'Tổ số hóa'
    """
    by = _named(person)
    _change(lambda registry: registry.roll_back(version, by=by, at=_now()), log_in, db, {})


@model_app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """Show all versions: which is in use, since when, and what it was promoted on."""
    from extractor.settings import get_settings

    settings, registry = get_settings(), _registry()
    rows = [_row(version) for version in registry.versions()]
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"Handwriting readers in {registry.folder}", box=SIMPLE_HEAD)
    table.add_column("version", no_wrap=True)
    for heading in ("in use", "since", "exact then", "CER then", "promoted on", "by"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*_cells(row))
    out.print(table)
    current = registry.current()
    if current.base != settings.handwriting_model and current.switches:
        say(
            f"EXTRACTOR_HANDWRITING_MODEL names '{settings.handwriting_model}', which is in use now; versions were "
            f"promoted over '{current.base}'.",
            to=err,
        )
    for line in _certificate(registry):
        say(line)


def _row(version: Version) -> dict[str, Any]:
    from extractor.readers.handwriting.runtime import inspect_folder

    comparison = version.comparison
    return {
        "version": version.version,
        "digest": inspect_folder(version.folder).digest,
        "folder": str(version.folder),
        "in_use": version.in_use,
        "since": version.since.isoformat(timespec="seconds") if version.since else None,
        "by": version.by,
        "set": comparison.on.set if comparison else None,
        "lines": comparison.on.lines if comparison else None,
        "exact": comparison.whole.exact.model_dump() if comparison else None,
        "cer": comparison.whole.cer.model_dump() if comparison else None,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    def figures(name: str) -> str:
        found = row[name]
        return f"{100 * found['current']:.1f} > {100 * found['candidate']:.1f} %" if found else ""

    return [
        "0 (shipped)" if row["version"] == "0" else row["version"],
        "yes" if row["in_use"] else "",
        (row["since"] or "")[:16].replace("T", " "),
        figures("exact"),
        figures("cer"),
        f"{row['lines']} lines of {row['set'][:8]}" if row["set"] else "",
        row["by"],
    ]


def _named(person: str) -> str:
    """Refuse a change that nobody answers for."""
    if not person.strip():
        raise SettingsError("--person: it is empty.", mend="Say who decides this: it stands in the registry.")
    return person.strip()


def _change(change: Callable[[Registry], Switch], log_in: Path | None, db: str | None, content: dict[str, str]) -> None:
    """Change the model in use, note it in the audit log where one is named, and say what follows."""
    from contextlib import ExitStack

    registry = _registry()
    with ExitStack() as stack:
        # A log that cannot be opened is told before anything changes.
        store = stack.enter_context(existing_store(log_in, db)) if log_in is not None else None
        switch = change(registry)
        if store is not None:
            store.append_audit(
                actor=switch.by,
                action=f"model_{switch.how}",
                subject=f"model:{switch.version}",
                content={"version": switch.version, "replaced": switch.replaced, **content},
            )
    say(f"In use now: {switch.version}, in place of {switch.replaced}. Servers that run must be started anew.")
    for line in _certificate(registry):
        say(line)


def _certificate(registry: Registry) -> Iterator[str]:
    """Whether the shipped certificate holds for the model in use, in words."""
    from extractor.confidence import load_certificate
    from extractor.errors import ModelError
    from extractor.readers.handwriting.runtime import inspect_folder
    from extractor.settings import get_settings

    try:
        proved = load_certificate(get_settings().certificate).readers.get("handwriting")
    except ModelError:
        return
    precision = get_settings().precision
    version = inspect_folder(registry.in_use.folder).digest + ("" if precision == "float32" else f"-{precision}")
    if proved == version:
        yield "The shipped certificate was proved with this model, and holds for it."
        return
    yield (
        "The shipped certificate and all others that were proved with another model do not hold for it: from the next "
        "run on, every field goes to people. Make a new one with 'extractor certify'."
    )


def _registry() -> Registry:
    from extractor.learning.registry import Registry
    from extractor.settings import get_settings

    return Registry(get_settings())


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
