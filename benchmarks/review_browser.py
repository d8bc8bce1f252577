"""Drive the review room and the plain form in a real Chromium, as the modelled reviewer would."""

from __future__ import annotations

import shutil
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from review_book import InventedBook, Truth
from review_model import Plan, in_form, in_room

FORM_WAY = "plain form"
LATENCY_MS, BITS = 50, 1_000_000
WINDOW = {"width": 1366, "height": 657}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]

# Notes, within the page, the time from a key that answers to the frame after the next field was ready.
_CLOCK = """
window.answered = [];
let pressed = 0;
const keys = ["Enter", "F2", "F3", "F4", "F6"];
addEventListener("keydown", (event) => { if (keys.includes(event.key)) pressed = event.timeStamp; }, true);
new MutationObserver(() => {
  const since = pressed;
  pressed = 0;
  if (since) requestAnimationFrame(() => window.answered.push(performance.now() - since));
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });
"""


@dataclass
class Measured:
    """What one way of working took over one network.

    Args:
        waits: milliseconds from the key that answers to the next field or record on the screen.
        received: bytes received, headers included, by the first part of the address.
        first: milliseconds from opening the page with an empty cache to the first field.
        asked: fields a person looked at; the records' other fields had been accepted.
    """

    way: str
    network: str
    waits: list[float] = field(default_factory=list)
    received: dict[str, list[int]] = field(default_factory=dict)
    first: float = 0.0
    asked: int = 0

    @property
    def bytes_a_field(self) -> float:
        """Bytes received for a field: of the room crop and answers, of the form scan and page shared by its fields."""
        if self.way == FORM_WAY:
            return sum(map(sum, self.received.values())) / max(1, self.asked)
        crops, answers = self.received.get("crop", []), self.received.get("api", [])
        return (sum(crops) + sum(answers)) / max(1, len(crops))  # some fetched ahead were never asked

    def sizes(self, part: str) -> tuple[float, float]:
        """Median and 95th percentile of what came from addresses that begin so; bytes."""
        found = sorted(self.received.get(part, []))
        return (statistics.median(found), most(found)) if found else (0.0, 0.0)


def most(values: Sequence[float]) -> float:
    """What 95 of 100 stay below."""
    return sorted(values)[int(0.95 * (len(values) - 1))] if values else 0.0


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium without a window.

    Raises:
        SystemExit: it is not installed.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("Chromium is not installed; this benchmark needs it.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield browser
        browser.close()


def verify(
    browser: Any,
    address: str,
    cookie: str,
    truths: Mapping[int, Truth],
    *,
    fields: int,
    pause: float,
    weak: bool,
) -> Measured:
    """Answer so many fields of the room, each ``pause`` seconds after it was on the screen."""
    found = Measured("room", _name(weak))
    with _page(browser, weak) as (page, received):
        page.context.add_cookies([{"name": "extractor_session", "value": cookie, "url": address}])
        page.add_init_script(_CLOCK)
        # The queue has all numbers of records first, then all names: so many of each kind as in the whole book.
        for place, (kind, number) in enumerate(shares(truths, fields).items()):
            page.goto(f"{address}/verify?kind={kind}")
            page.wait_for_selector("body[data-ready]")
            if place == 0:
                found.first = page.evaluate("performance.now()")
            page.wait_for_timeout(1000 * pause)
            for _ in range(number):
                task = page.get_attribute("body", "data-ready")
                page.wait_for_timeout(1000 * pause)
                _answer(page, truths[int(task)])
                page.wait_for_selector(f"body:not([data-ready='{task}'])")
            page.wait_for_selector("#saved:has-text('✓')")
            page.wait_for_load_state("networkidle")
            found.waits += page.evaluate("window.answered")
        found.asked, found.received = len(found.waits), dict(received)
    return found


def _answer(page: Any, truth: Truth) -> None:
    """Put what is written into the room's box, by the model's keys, and go on."""
    shown = page.input_value("#box")
    choices = page.locator("#choices button").all_text_contents()
    # The texts without the number of their key.
    _follow(page, in_room(truth.raw, shown, tuple(choice[1:] for choice in choices))[1])
    page.keyboard.press("Enter")


def fill_in(browser: Any, address: str, book: InventedBook, *, records: int, pause: float, weak: bool) -> Measured:
    """Go through so many records of the plain form."""
    found = Measured(FORM_WAY, _name(weak))
    with _page(browser, weak) as (page, received):
        page.goto(f"{address}/0")
        page.wait_for_function("document.getElementById('scan').complete")
        found.first = page.evaluate("performance.now()")
        received.clear()
        for number in range(records):
            page.keyboard.press("Tab")
            for truth in book.of_record(number).values():
                _follow(page, in_form(truth.raw, truth.machine.raw)[1])
                page.keyboard.press("Tab")
            page.mouse.move(200, 300)
            page.mouse.wheel(0, 500)
            page.wait_for_timeout(1000 * pause)
            begun = page.evaluate("performance.timeOrigin + performance.now()")
            page.keyboard.press("Enter")
            page.wait_for_function(f"document.title === '{number + 1}' && document.getElementById('scan')?.complete")
            found.waits.append(page.evaluate("performance.timeOrigin + performance.now()") - begun)
            found.asked += len(book.of_record(number))
        found.received = dict(received)
    return found


def shares(truths: Mapping[int, Truth], fields: int) -> dict[str, int]:
    """How many of so many fields are of each kind, as in the whole book; at least one, the commonest kinds first."""
    kinds = Counter(truth.kind for truth in truths.values() if truth.waits)
    return {kind: max(1, round(fields * number / kinds.total())) for kind, number in kinds.most_common(fields)}


def _follow(page: Any, way: Plan) -> None:
    for key in way.keys:
        page.keyboard.press(key)
    if way.text:
        page.keyboard.insert_text(way.text)


def _name(weak: bool) -> str:
    return f"{BITS // 1_000_000} Mbit/s, {LATENCY_MS} ms" if weak else "loopback"


@contextmanager
def _page(browser: Any, weak: bool) -> Iterator[tuple[Any, dict[str, list[int]]]]:
    """A page with an empty cache, over a weak network if wanted, and the bytes it receives by part of the address."""
    received: dict[str, list[int]] = {}
    context = browser.new_context(viewport=WINDOW, locale="vi-VN")
    page = context.new_page()
    page.set_default_timeout(30_000)
    protocol = context.new_cdp_session(page)
    protocol.send("Network.enable")
    parts: dict[str, str] = {}

    def note_address(event: Any) -> None:
        parts[event["requestId"]] = urlsplit(event["response"]["url"]).path.split("/")[1]

    def note_size(event: Any) -> None:
        part = parts.get(event["requestId"], "")
        received.setdefault(part, []).append(int(event["encodedDataLength"]))

    protocol.on("Network.responseReceived", note_address)
    protocol.on("Network.loadingFinished", note_size)
    if weak:
        speed = {"downloadThroughput": BITS / 8, "uploadThroughput": BITS / 8}
        protocol.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **speed})
    try:
        yield page, received
    finally:
        context.close()
