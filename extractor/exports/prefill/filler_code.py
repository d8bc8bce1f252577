"""The form filler as a bookmarklet and as a user script, put together from its plain JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import resources
from typing import Literal
from urllib.parse import quote

import extractor
from extractor.exports.prefill.columns import load_data
from extractor.exports.prefill.lighter import lighter
from extractor.exports.prefill.mapping import MappingProfile

_PARTS = ("text.js", "page.js", "controls.js", "values.js", "put.js", "match.js", "check.js", "panel.js", "start.js")

MOST_CHARACTERS = 65_536
"""Longest address that all browsers in use keep as a bookmark (Firefox: 65,536 characters)."""

_SAFE = "!'()*,-./:;=@[]_~$&+{}|^`\\<> "
"""Characters besides letters and digits that stay as they are. A question mark would begin another part of the address,
in which browsers write every space as three characters."""


def filler_code(
    profiles: Sequence[MappingProfile] = (),
    *,
    start: Literal["openPanel", "waitForKey"] = "openPanel",
    shadow: Literal["closed", "open"] = "closed",
    settle_ms: int = 350,
) -> str:
    """The whole filler as one script that loads nothing.

    Args:
        profiles: mapping profiles it carries.
        start: what it does when it is run.
        shadow: whether scripts of the page can look into the panel; only tests open it.
        settle_ms: how long a page may take to change what was filled, before it is read back.
    """
    body = "".join(_read(name) for name in _PARTS).replace("__SHADOW__", shadow)
    known = json.dumps([profile.for_page() for profile in profiles], ensure_ascii=False, separators=(",", ":"))
    style = json.dumps(re.sub(r"\s*\n\s*", " ", _read("panel.css")).strip(), ensure_ascii=False)
    words = json.dumps(load_data("words.yaml"), ensure_ascii=False, separators=(",", ":"))
    head = f"const PROFILES = {known};\nconst STYLE = {style};\nconst WORDS = {words};\nconst SETTLE = {settle_ms};\n"
    return f'(() => {{\n"use strict";\n{head}{body}{start}();\n}})();\n'


def bookmarklet(code: str) -> str:
    """The script as an address for the bookmarks bar."""
    return "javascript:" + quote(lighter(code), safe=_SAFE)


def user_script(profiles: Sequence[MappingProfile] = ()) -> str:
    """The script as a file for a user script manager; it waits for its menu entry or Ctrl+Alt+D."""
    head = (
        ("name", "Bộ điền biểu mẫu hộ tịch"),
        ("namespace", "extractor"),
        ("version", extractor.__version__),
        ("description", "Điền bản ghi hộ tịch vào trang nhập liệu; không bao giờ tự gửi."),
        ("match", "*://*/*"),
        ("match", "file:///*"),
        ("noframes", ""),
        ("grant", "GM_registerMenuCommand"),
        ("run-at", "document-idle"),
    )
    lines = [f"// @{name:<12} {value}".rstrip() for name, value in head]
    block = "\n".join(["// ==UserScript==", *lines, "// ==/UserScript=="])
    return f"{block}\n\n{filler_code(profiles, start='waitForKey')}"


def _read(name: str) -> str:
    return resources.files("extractor.exports.prefill.filler").joinpath(name).read_text(encoding="utf-8")
