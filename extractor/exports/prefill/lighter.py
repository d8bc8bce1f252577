"""The filler's JavaScript in fewer characters: no comments, no needless blanks, short names, single quotes, ASCII.

It knows as much of the language as the filler's own code needs. A newline goes only where no statement can end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SIGN = r"[-+*/%=<>!&|?:;,.(){}\[\]~^]"
# A plus after a plus, or a minus after a minus, with the blank gone would be another sign.
_BLANKS = re.compile(rf"(?<={_SIGN})[ \t]+(?![-+])|[ \t]+(?={_SIGN})(?![-+])")


def lighter(code: str) -> str:
    """The same script, shorter; what is not ASCII as escapes: it all stands in texts and patterns."""
    parts = [(kind, _plain(part) if kind == "code" else _literal(part)) for kind, part in _parts(code)]
    kept = "".join(_renamed(parts))
    kept = re.sub(
        r"(?<=[;{,(\[])\n|\n(?=[})\].?:])", "", "\n".join(line.strip() for line in kept.split("\n") if line.strip())
    )
    return "".join(c if c.isascii() else _escaped(c) for c in kept)


def _plain(code: str) -> str:
    return _BLANKS.sub("", re.sub(r"\s*\n\s*", "\n", code))


def _renamed(parts: list[tuple[str, str]]) -> Iterator[str]:
    """The parts with short names for what the code declares; a name that may also be that of a property stays."""
    plain = "\0".join(part for kind, part in parts if kind == "code")
    declared = re.findall(r"\b(?:const|let|function|async function) (\w{4,})", plain)
    counts = Counter(re.findall(rf"(?<![\w$])(?:{'|'.join(set(declared)) or '-'})(?![\w$])", plain))
    taken = set(re.findall(r"[\w$]+", plain))
    short: dict[str, str] = {}
    fresh = (
        f"{a}{b}" for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" for b in "0123456789_abcdefghijkl"
    )
    properties = {*re.findall(r"[{,]\s*(\w+)(?=\s*[,}=:])", plain), *re.findall(r"\n\s*(\w+):", plain)}
    for name, _ in sorted(counts.items(), key=lambda each: -each[1] * len(each[0])):
        if name not in properties:
            short[name] = next(new for new in fresh if new not in taken)
    word = re.compile(rf"(?:(?<![\w$.])|(?<=\.\.\.))(?:{'|'.join(short) or '-'})(?![\w$])")
    for kind, part in parts:
        yield word.sub(lambda found: short[found[0]], part) if kind == "code" else part


def _literal(text: str) -> str:
    if text.startswith('"') and "'" not in text and "\\" not in text:
        return f"'{text[1:-1]}'"
    return text


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}"


def _parts(code: str) -> Iterator[tuple[str, str]]:
    """The code in pieces, each ``code`` or ``literal``; comments are left out."""
    start = at = 0
    depths: list[int] = []
    while at < len(code):
        sign, end = code[at], at
        if sign in "\"'" and (found := _STRING.match(code, at)):
            end = found.end()
        elif code.startswith(("//", "/*"), at) and (found := _COMMENT.match(code, at)):
            yield "code", code[start:at]
            start = at = found.end()
            continue
        elif sign == "/" and _begins_pattern(code[start:at]) and (found := _PATTERN.match(code, at)):
            end = found.end()
        elif sign == "`" or (sign == "}" and depths and depths[-1] == 0):
            # A template up to its end or to the next piece of code in it.
            end = at + 1
            while code[end] != "`" and not code.startswith("${", end):
                end += 2 if code[end] == "\\" else 1
            if sign == "}":
                depths.pop()
            if code[end] == "`":
                end += 1
            else:
                end += 2
                depths.append(0)
        elif depths and sign in "{}":
            depths[-1] += 1 if sign == "{" else -1
        if end > at:
            yield "code", code[start:at]
            yield "literal", code[at:end]
            start = at = end
        else:
            at += 1
    yield "code", code[start:]


def _begins_pattern(before: str) -> bool:
    """Whether a slash after this code begins a pattern; after a value it divides."""
    last = before.rstrip()
    return bool(last) and (last[-1] in "(,=:[!&|?{};+" or last.endswith(("=>", "return")))
