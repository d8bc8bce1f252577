"""Result files: what an engine reached on a track, with all that is needed to judge and to repeat it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from extractor.errors import EvaluationError

from .answers import Answers
from .scoring import Figures, Score, score
from .tracks import TrackFolder

Result = dict[str, Any]


def make_result(folder: TrackFolder, answers: Answers, date: str) -> Result:
    """The result of an engine's answers to a track.

    Args:
        date: of the measurement, ISO 8601.
    """
    track, about = folder.track, answers.about
    pictures = len({task.picture for task in folder.tasks})
    return {
        "benchmark": track.benchmark,
        "version": track.version,
        "set": track.set,
        "track": track.track,
        "compare": track.compare,
        "pixels": track.pixels,
        "drawn_with": track.made_with,
        "engine": about.engine,
        "engine_version": about.version,
        "note": about.note,
        "date": date,
        "machine": about.machine,
        "pictures": pictures,
        "seconds_each": None if about.seconds is None else round(about.seconds / pictures, 4),
        "score": _rounded(asdict(score(track, folder.truth, answers.texts))),
    }


def write_result(folder: Path, result: Result) -> Path:
    """Write a result under the name that its track and engine give it, in place of an older one."""
    slug = re.sub(r"[^a-z0-9]+", "-", result["engine"].lower()).strip("-")
    path = folder / f"{result['set']}-{result['track']}-{slug}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def read_results(folder: Path) -> list[Result]:
    """All results of a folder, by the names of their files.

    Raises:
        EvaluationError: a file is no result.
    """
    results = []
    for path in sorted(folder.glob("*.json")):
        try:
            result: Result = json.loads(path.read_text(encoding="utf-8"))
            scored = to_score(result)
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(
                f"{path}: this is no result.", mend="Write it with 'registers_bench.py score'."
            ) from error
        results.append({**result, "score": scored})
    return results


def to_score(result: Result) -> Score:
    """The figures of a result that was read."""
    found = result["score"]
    groups = {
        name: {key: _figures(part) for key, part in found[name].items()} for name in ("scripts", "kinds", "strengths")
    }
    return Score(all=_figures(found["all"]), **groups)


def _figures(found: dict[str, Any]) -> Figures:
    return Figures(**{field.name: _tuple(found[field.name]) for field in fields(Figures)})


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) else value


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(part) for part in value]
    return round(value, 5) if isinstance(value, float) else value
