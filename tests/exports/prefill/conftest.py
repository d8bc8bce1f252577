"""A site of invented entry pages, and a browser that lets nothing else through."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from exports.prefill.visiting import SITE, Visit

HERE = Path(__file__).parent
STRICT = (
    "default-src 'none'; script-src 'none'; style-src 'none'; connect-src 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'"
)


def _answer(visit: Visit) -> Any:
    sample = Path(str(resources.files("extractor.exports.prefill.sample_pages")))

    def answer(route: Any) -> None:
        path, _, query = route.request.url.removeprefix(SITE).partition("?")
        name = path.lstrip("/")
        if name == "made":
            route.fulfill(body=visit.made, content_type="text/html; charset=utf-8")
            return
        file = next((f for f in (HERE / "pages" / name, HERE / name, sample / name) if name and f.is_file()), None)
        if file is None or route.request.method != "GET":
            if name != "favicon.ico":
                visit.asked.append(f"{route.request.method} {route.request.url}")
            route.abort()
            return
        kind = "text/javascript" if file.suffix == ".js" else "text/html"
        headers = {"Content-Security-Policy": STRICT} if query == "strict" else {}
        route.fulfill(body=file.read_text(encoding="utf-8"), content_type=f"{kind}; charset=utf-8", headers=headers)

    return answer


@pytest.fixture(scope="session")
def _visitor(chromium: Any) -> Iterator[Visit]:
    page = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN").new_page()
    page.set_default_timeout(10_000)
    made = Visit(page)
    page.on("pageerror", lambda error: made.troubles.append(str(error)))
    page.route("**/*", _answer(made))
    yield made
    page.context.close()


@pytest.fixture
def visit(_visitor: Visit) -> Iterator[Visit]:
    """A visit to the site; afterwards nothing may have been asked for or sent, and no script may have failed."""
    _visitor.asked.clear()
    _visitor.troubles.clear()
    yield _visitor
    assert _visitor.asked == []
    assert _visitor.troubles == []
