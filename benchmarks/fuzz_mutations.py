"""Ways to spoil a file: bits, lengths, pieces, and what its own kind is built of. All by a seeded generator."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

Mutation = Callable[[bytearray, Random, Sequence[bytes]], bytearray]
"""Spoils content; gets the other seeds as well, to take pieces from."""

_NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    0xFFFFFFFF,
)
_LONGEST = 1 << 20
_TEXTS = (
    "", "0", "-1", "1e309", "NaN", "null", "true", "2020-02-31", "'", '"', "\\ud800", "\u202e", "=1+1", "<b>x</b>",
    "9" * 400, "../../x", "~", "!!python/object:os.system x", "&a [*a]", "1:99:99", "0x", "Lò Thị Mây", "\x00",
    "{}", "[]",
)  # fmt: skip


def _piece(data: bytes | bytearray, random: Random) -> tuple[int, int]:
    """Start and length of a piece, more often short."""
    if not data:
        return 0, 0
    start = random.randrange(len(data))
    return start, random.randint(1, random.choice((1, 4, 64, max(1, len(data) // 2))))


def flip_bits(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Turn up to eight bits over."""
    for _ in range(random.randint(1, 8) if data else 0):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def cut(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """End early."""
    return data[: random.randint(0, len(data))]


def drop(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Take a piece out."""
    start, length = _piece(data, random)
    del data[start : start + length]
    return data


def double(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Put a piece in again somewhere, up to sixty times."""
    start, length = _piece(data, random)
    at = random.randint(0, len(data))
    data[at:at] = (data[start : start + length] * random.choice((1, 1, 2, 60)))[:_LONGEST]
    return data


def splice(data: bytearray, random: Random, others: Sequence[bytes]) -> bytearray:
    """Put a piece of another file over this one, or go on with the other file."""
    other = random.choice(others)
    start, length = _piece(other, random)
    at = random.randint(0, len(data))
    if random.random() < 0.5:
        return data[:at] + other[start:]
    data[at : at + length] = other[start : start + length]
    return data


def put_number(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Write a number that programs stumble over, in either byte order."""
    width = random.choice((1, 2, 4))
    if len(data) < width:
        return data
    at = random.randrange(len(data) - width + 1)
    value = random.choice(_NUMBERS) & ((1 << 8 * width) - 1)
    data[at : at + width] = value.to_bytes(width, random.choice(("little", "big")))
    return data


PLAIN: tuple[Mutation, ...] = (flip_bits, cut, drop, double, splice, put_number)


def jpeg_segment(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change a segment's length or content, the frame's size, or take a segment out or put it in twice."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((at, length + 2))
        if data[at + 1] == 0xDA:
            break
        at += length + 2
    if not found:
        return data
    at, length = random.choice(found)
    way = random.randrange(5)
    if way == 0:
        data[at + 2 : at + 4] = (random.choice(_NUMBERS) & 0xFFFF).to_bytes(2, "big")
    elif way == 1 and 5 < length <= len(data) - at:
        data[at + 4 + random.randrange(length - 4)] = random.randrange(256)
    elif way == 2:
        del data[at : at + length]
    elif way == 3:
        data[at:at] = data[at : at + min(length, 4096)] * random.choice((1, 200))
    else:
        frame = next((start for start, _ in found if data[start + 1] in (0xC0, 0xC1, 0xC2)), at)
        for offset in (5, 7):
            data[frame + offset : frame + offset + 2] = (random.choice(_NUMBERS) & 0xFFFF).to_bytes(2, "big")
    return data


@cache
def _bomb(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def png_chunk(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change a chunk's content or length with a right check sum; take it out, double it, or let it unpack to much."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((bytes(data[at + 4 : at + 8]), bytes(data[at + 8 : at + 8 + length])))
        at += length + 12
        if length > len(data):
            break
    if not chunks:
        return data
    number = random.randrange(len(chunks))
    kind, content = chunks[number]
    way = random.randrange(6)
    if way == 0 and content:
        chunks[number] = (kind, bytes(flip_bits(bytearray(content), random, ())))
    elif way == 1:
        del chunks[number]
    elif way == 2:
        chunks.insert(random.randrange(len(chunks)), (kind, content))
    elif way == 3:
        head = bytearray(chunks[0][1].ljust(13, b"\0"))
        struct.pack_into(">II", head, 0, random.choice(_NUMBERS), random.choice(_NUMBERS[:12]))
        head[8], head[9] = random.choice((1, 2, 4, 8, 16, 3)), random.choice((0, 2, 3, 4, 6, 5))
        head[12] = random.choice((0, 1, 2))
        chunks[0] = (b"IHDR", bytes(head))
    elif way == 4:
        bomb = _bomb(random.choice((1 << 10, 1 << 22)))
        chunks.insert(1, (random.choice((b"zTXt", b"iCCP")), b"x\0\0" + bomb))
    else:
        chunks[number] = (random.choice((b"IDAT", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"fdAT", b"IEND")), content)
    out = bytearray(data[:8])
    for kind, content in chunks:
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out


def tiff_entry(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change an entry's tag, type, number or value, or where the next directory lies (perhaps in a circle)."""
    order = "<" if data[:2] == b"II" else ">"
    if len(data) < 14:
        return data
    (at,) = struct.unpack_from(order + "I", data, 4)
    for _ in range(random.randrange(3)):
        if at + 2 > len(data):
            return data
        (entries,) = struct.unpack_from(order + "H", data, at)
        following = at + 2 + 12 * entries
        if following + 4 > len(data) or not (after := struct.unpack_from(order + "I", data, following)[0]):
            break
        at = after
    if at + 6 > len(data):
        return data
    (entries,) = struct.unpack_from(order + "H", data, at)
    end = at + 2 + 12 * entries
    if random.random() < 0.2 and end + 4 <= len(data):
        struct.pack_into(order + "I", data, end, random.choice((4, 8, at, *_NUMBERS)))
        return data
    entry = at + 2 + 12 * random.randrange(max(1, min(entries, 60)))
    if entry + 12 > len(data):
        return data
    way = random.randrange(4)
    tags = (
        256,
        257,
        258,
        259,
        262,
        273,
        274,
        277,
        278,
        279,
        282,
        284,
        317,
        320,
        322,
        323,
        324,
        325,
        338,
        339,
        347,
        530,
    )
    if way == 0:
        struct.pack_into(order + "H", data, entry, random.choice(tags))
    elif way == 1:
        struct.pack_into(order + "H", data, entry + 2, random.randrange(18))
    elif way == 2:
        struct.pack_into(order + "I", data, entry + 4, random.choice(_NUMBERS))
    else:
        compressions = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34661, 34925, 50000, 50001)
        struct.pack_into(order + "I", data, entry + 8, random.choice((*_NUMBERS, *compressions)))
    return data


_PDF_NUMBER = re.compile(rb"(?<=[ \[/a-z])-?\d+(?:\.\d+)?")
_PDF_NAME = re.compile(rb"/[A-Z][A-Za-z]+")


def pdf_word(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change a number or a reference, swap two names, or put in nesting that does not end."""
    text, way = bytes(data), random.randrange(5)
    if way <= 1 and (numbers := list(_PDF_NUMBER.finditer(text))):
        found = random.choice(numbers)
        new = str(random.choice((*_NUMBERS, -1, 1e38, 0.0001))).encode()
        return bytearray(text[: found.start()] + new + text[found.end() :])
    names = list(_PDF_NAME.finditer(text))
    if way == 2 and names:
        found, other = random.choice(names), random.choice(names)
        return bytearray(text[: found.start()] + other[0] + text[found.end() :])
    if way == 3 and names:
        found, times = random.choice(names), random.choice((30, 3000))
        deep = random.choice((b"[" * times, b"<</A " * times, b"(" * times, b"q " * times))
        return bytearray(text[: found.end()] + b" " + deep + text[found.end() :])
    if names:
        found = random.choice(names)
        keys = (b"/Filter [/FlateDecode /FlateDecode]", b"/Rotate 45", b"/UserUnit 1e9", b"/Kids [1 0 R 2 0 R 3 0 R]",
                b"/Parent 1 0 R", b"/Decode [1 0]", b"/SMask 3 0 R", b"/Contents [1 0 R 1 0 R]", b"/Length 9 0 R",
                b"/CropBox [0 0 1e9 1e9]", b"/MediaBox [0 0 0 0]", b"/Encrypt 2 0 R")  # fmt: skip
        return bytearray(text[: found.start()] + random.choice(keys) + b" " + text[found.start() :])
    return data


def zip_header(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change a field of a header: sizes, method, flags, offsets, counts, lengths of names."""
    marks = [match.start() for match in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", bytes(data))]
    if not marks:
        return data
    at = random.choice(marks) + random.choice((4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 34, 38, 42))
    width = random.choice((2, 4))
    if at + width > len(data):
        return data
    value = random.choice((*_NUMBERS, 8, 12, 14, 93, 99, 0o120777 << 16)) & ((1 << 8 * width) - 1)
    data[at : at + width] = value.to_bytes(width, "little")
    return data


_NAMES = (
    "../x.jpg",
    "/etc/x.jpg",
    "a//b.jpg",
    "x" * 300 + ".jpg",
    "con.jpg",
    "a\\..\\x.jpg",
    "\U0001f600.jpg",
    ".x.jpg",
)


def zip_members(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Pack the archive again with a member spoilt, doubled, renamed, nested or grown out of all proportion."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()][:20]
    except Exception:  # spoilt before: whatever it raises, there is nothing to take apart
        return data
    if not members:
        return data
    number = random.randrange(len(members))
    name, content = members[number]
    way = random.randrange(6)
    if way <= 1:
        members[number] = (name, bytes(random.choice(PLAIN)(bytearray(content), random, [content])))
    elif way == 2:
        members.append((random.choice(_NAMES), content))
    elif way == 3:
        members.append(("inner.zip", bytes(data)))
    elif way == 4:
        members.append(("grown.png", content[:64] + bytes(random.choice((1 << 10, 3 << 20)))))
    else:
        del members[number]
    return bytearray(_packed(members, random))


def _packed(members: Sequence[tuple[str, bytes]], random: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)), compresslevel=1
    ) as archive:
        known = set()
        for name, content in members:
            if name not in known:
                archive.writestr(zipfile.ZipInfo(name), content)
                known.add(name)
    return out.getvalue()


_XML = (
    (rb'r="[A-Z]*\d+"', (b'r="A1048577"', b'r="XFD1"', b'r="99999999999"', b'r="0"', b'r=""', b'r="AAAA1"', b'r="-1"')),
    (rb't="\w+"', (b't="s"', b't="d"', b't="b"', b't="e"', b't="inlineStr"', b't="zz"', b't="n"')),
    (rb"<v>[^<]*</v>", (b"<v>99999999</v>", b"<v>-1</v>", b"<v>1e400</v>", b"<v>x</v>", b"<v/>", b"<f>1+1</f>")),
    (rb's="\d+"', (b's="99999"', b's="-1"', b's="x"')),
    (rb'ref="[^"]*"', (b'ref="A1:XFD1048576"', b'ref="x"', b'ref=""')),
    (rb"<sheetData>", (b"<sheetData>" + b"<row>" * 400, b"", b'<sheetData><row r="900000000"/>')),
    (rb"<\?xml[^>]*\?>", (b'<!DOCTYPE a [<!ENTITY x "yyy"><!ENTITY z "&x;&x;">]>', b'<?xml encoding="utf-7"?>', b"")),
    (rb"</?\w+", (b"<x:y", b"<row", b"</sheetData", b"<c")),
)  # fmt: skip


def sheet_xml(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change what a part of a workbook says, as only somebody who knows the format would."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()][:30]
    except Exception:  # spoilt before: whatever it raises, there is nothing to take apart
        return data
    if not members:
        return data
    likely = [n for n, (name, _) in enumerate(members) if "sheet" in name or "Strings" in name or "styles" in name]
    number = random.choice(likely or range(len(members)))
    name, content = members[number]
    for _ in range(random.randint(1, 3)):
        pattern, instead = random.choice(_XML)
        if places := list(re.finditer(pattern, content)):
            found = random.choice(places)
            content = content[: found.start()] + random.choice(instead) + content[found.end() :]
    members[number] = (name, content)
    return bytearray(_packed(members, random))


def text_line(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Change a value, a key or the depth of a line; take it out, double it, swap it with another."""
    lines = bytes(data).split(b"\n")
    at, way = random.randrange(len(lines)), random.randrange(7)
    line = lines[at]
    if way == 0:
        head, colon, _ = line.partition(b":")
        lines[at] = head + colon + b" " + random.choice(_TEXTS).encode("utf-8", "surrogatepass")
    elif way == 1:
        lines[at] = b" " * random.choice((1, 2, 40)) + line
    elif way == 2:
        del lines[at]
    elif way == 3:
        lines[at:at] = [line] * random.choice((1, 3))
    elif way == 4:
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif way == 5:
        lines[at] = line + random.choice((b"[", b"{a: ", b"- ", b"? ")) * random.choice((3, 200, 30_000))
    else:
        words = list(re.finditer(rb"[\w.-]+", line))
        if words:
            word = random.choice(words)
            new = random.choice(_TEXTS).encode("utf-8", "surrogatepass")
            lines[at] = line[: word.start()] + new + line[word.end() :]
    return bytearray(b"\n".join(lines))


def alias_bomb(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Let aliases stand for aliases."""
    levels = random.choice((2, 9))
    text = b"z0: &z0 [x, x, x, x, x, x, x, x]\n"
    text += b"".join(b"z%d: &z%d [%s]\n" % (n, n, b", ".join([b"*z%d" % (n - 1)] * 8)) for n in range(1, levels))
    at = bytes(data).find(b"\n", random.randrange(len(data) + 1)) + 1
    data[at:at] = text
    return data


def json_value(data: bytearray, random: Random, _others: Sequence[bytes]) -> bytearray:
    """Put something else in the place of a value of one line of JSON, or take the value out."""
    lines = bytes(data).split(b"\n")
    at = random.randrange(len(lines))
    try:
        whole = json.loads(lines[at])
    except (ValueError, RecursionError):
        return data
    places: list[tuple[dict | list, str | int]] = []
    waiting = [whole]
    while waiting:
        holder = waiting.pop()
        inner = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, value in inner:
            places.append((holder, key))
            waiting.append(value)
    if not places:
        return data
    holder, key = random.choice(places)
    values = (
        None,
        True,
        -1,
        0,
        1e308,
        10**40,
        "",
        "\ud800",
        [],
        {},
        [[]],
        "x" * 5000,
        0.5,
        "=1+1",
        {"a": 1},
        float("nan"),
    )
    if random.random() < 0.2:
        del holder[key]
    else:
        holder[key] = random.choice(values)
    lines[at] = json.dumps(whole, ensure_ascii=True).encode()
    return bytearray(b"\n".join(lines))


OF_KIND: dict[str, tuple[Mutation, ...]] = {
    "jpeg": (jpeg_segment,),
    "png": (png_chunk,),
    "tiff": (tiff_entry,),
    "pdf": (pdf_word,),
    "zip": (zip_header, zip_members),
    "yaml-template": (text_line, alias_bomb),
    "yaml-rules": (text_line, alias_bomb),
    "workbook": (sheet_xml, sheet_xml, zip_header),
    "records": (json_value, text_line),
    "line-set": (json_value, text_line),
}


def spoil(kind: str, seed: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """One to four mutations upon each other, half of them such as know the kind of file."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        data = random.choice(OF_KIND[kind] if random.random() < 0.5 else PLAIN)(data, random, others)
        del data[_LONGEST:]
    return bytes(data)
