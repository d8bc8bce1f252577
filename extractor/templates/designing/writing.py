"""Write a form's files as people write them: one field, label or column a line, remarks kept where they stood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

_KEPT = "# Kept from the version before:"
_NAMED = re.compile(r"(?:code|text|field|name|at): *(?:\"([^\"]*)\"|'([^']*)'|([^,}\s][^,}]*))")
_BREAK = re.compile(r"[\n\r\x85\u2028\u2029]")
_HASH = re.compile(r"(?<![^ \t\n\r])#")
_KEY = re.compile(r"^(\w+):")


def schema_text(data: dict[str, Any], before: str = "") -> str:
    """Text of ``form.yaml``.

    Args:
        data: checked data, without what has its usual value.
        before: text of the version before, whose remarks are kept.
    """
    lines = [_pair(name, part) for name, part in data.items() if name != "fields"]
    lines.append("fields:")
    lines += [f"  - {flow(field)}" for field in data["fields"]]
    return _with_remarks(lines, before)


def template_text(data: dict[str, Any], before: str = "") -> str:
    """Text of ``template.yaml``; see :func:`schema_text`."""
    lines: list[str] = []
    for name, part in data.items():
        if name == "blocks":
            lines.append("blocks:")
            for block in part:
                lines += _block(block)
        elif name in ("edges", "columns") or (name in ("tells", "denies") and len(flow(part)) > 90):
            lines.append(f"{name}:")
            lines += [f"  - {flow(item)}" for item in part]
        else:
            lines.append(_pair(name, part))
    return _with_remarks(lines, before)


def flow(data: Any) -> str:
    """Data on one line; whole numbers without a point."""
    text = yaml.dump(
        _whole(data), Dumper=_OneLine, default_flow_style=True, allow_unicode=True, sort_keys=False, width=1_000_000
    )
    return text.removesuffix("\n").removesuffix("\n...")


class _OneLine(yaml.SafeDumper):
    """Writes words with line breaks in double quotes, where a break is two signs and the line goes on."""


def _words(dumper: _OneLine, words: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", words, style='"' if _BREAK.search(words) else None)


_OneLine.add_representer(str, _words)


def _pair(name: str, part: Any) -> str:
    return f"{name}: {flow(part)}"


def _whole(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _whole(part) for name, part in data.items()}
    if isinstance(data, list):
        return [_whole(part) for part in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data


def _block(block: dict[str, Any]) -> Iterator[str]:
    dash = "  - "
    for name, part in block.items():
        if name == "lines":
            continue
        yield f"{dash}{_pair(name, part)}"
        dash = "    "
    yield "    lines:"
    for line in block["lines"]:
        if len(line["labels"]) == 1 and len(flow(line)) < 110:
            yield f"      - {flow(line)}"
            continue
        yield f"      - y: {flow(line['y'])}"
        yield "        labels:"
        for label in line["labels"]:
            yield f"          - {flow(label)}"


def _with_remarks(lines: list[str], before: str) -> str:
    """The lines with the remarks of the text before: on top, beside or above what they stood at, else at the end."""
    top, beside, above = _remarks(before)
    written: list[str] = list(top)
    for line in lines:
        name = _name(line)
        written += [f"{' ' * (len(line) - len(line.lstrip()))}{remark}" for remark in above.pop(name, ())]
        tail = beside.pop(name, ())
        written.append("  ".join([line, *tail]))
    left = [remark for part in (above, beside) for remarks in part.values() for remark in remarks]
    left = [remark for remark in left if remark != _KEPT]
    return "\n".join([*written, *([_KEPT, *left] if left else [])]) + "\n"


def _remarks(text: str) -> tuple[list[str], dict[str, list[str]], dict[str, list[str]]]:
    """Remarks of a text: at its top; on a line, by what the line is about; above a line, by the same."""
    top: list[str] = []
    beside: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    waiting: list[str] = []
    begun = False
    starts = _remark_starts(text)
    for number, line in enumerate(text.split("\n")):
        start = starts.get(number)
        if start is not None and not line[:start].strip():
            (waiting if begun else top).append(line[start:].rstrip())
            continue
        if not line.strip():
            continue
        begun = True
        name = _name(line if start is None else line[:start])
        above.setdefault(name, []).extend(waiting)
        waiting = []
        if start is not None:
            beside.setdefault(name, []).append(line[start:].rstrip())
    above.setdefault("", []).extend(waiting)
    return top, beside, above


def _name(line: str) -> str:
    """What a line is about: the name in it, else its key."""
    found = _NAMED.search(line)
    if found:
        return next(part for part in found.groups() if part is not None).strip()
    key = _KEY.match(line)
    return f"{key[1]}:" if key else line.strip()


def _remark_starts(text: str) -> dict[int, int]:
    """Where on which line of YAML a remark begins, both from 0; what stands in a value is none."""
    values = [
        (token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if isinstance(token, yaml.ScalarToken)
    ]
    starts: dict[int, int] = {}
    within = 0
    for found in _HASH.finditer(text):
        at = found.start()
        while within < len(values) and values[within][1] <= at:
            within += 1
        inside = within < len(values) and values[within][0] <= at
        if not inside:
            starts.setdefault(text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1))
    return starts
