"""Telex and VNI typed on a plain keyboard, in a real browser; input methods of the computer beside them."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import yaml
from support.keys import steps, take_apart, telex, vni

pytestmark = pytest.mark.browser

TABLE = yaml.safe_load((Path(__file__).parent / "data" / "typing.yaml").read_text(encoding="utf-8"))
LISTS = Path(__file__).parents[2] / "extractor"
NAMES = [
    "vietnamese/data/communes.tsv", "vietnamese/data/provinces.yaml", "vietnamese/data/surnames.yaml",
    "vietnamese/data/ethnic_groups.yaml", "vietnamese/data/relations.yaml", "vietnamese/data/titles.yaml",
    "training/texts/names.yaml", "training/texts/people.yaml", "training/texts/places.yaml",
    "training/texts/addresses.yaml",
]  # fmt: skip

CANNOT = {"Lêê", "Dêê", "Êê", "Pơơ", "Đắklắk", "Êñuôl", "Miầu", "Nguơn", "Chamaléa", "Neáng", "Néang", "Buăn", "Kuăng"}
"""Words of other languages with marks where no key puts them, or that show another until the next letter ("Buăn")."""

SYLLABLE = re.compile(
    "(ngh?|nh|gh?|gi|kh?|ph|qu|t[hr]?|ch?|[bdđhlmnrsvx])?"
    "([aăâeêioôơuưy]|[aâoôơuư]i|a[ouy]|âu|ây|e[ou]|êu|i[aêu]|iêu|o[aăe]|oa[iy]|u[aâêôy]|uyê?|uây|uôi|ưa|ưu|ươi?|ươu)"
    "(ch|n[gh]?|[cmpt])?"
)

LOOK = """async ([words, method, modern]) => {
  const { makeTyping } = await import("/static/telex.js");
  return words.map((steps) => {
    const typing = makeTyping(() => ({ method, modern }));
    let text = "";
    const press = (key) => {
      const made = typing.press(text, "", key);
      text = made ? made[0] : text + key;
    };
    for (const [keys, shown] of steps) {
      for (const key of keys) press(key);
      // Whoever sees a mark that is not wanted presses its key again.
      if (text !== shown) press(keys.at(-1));
    }
    return text;
  });
}"""

WRITE = """async ([pairs, method, modern]) => {
  const { makeTyping } = await import("/static/telex.js");
  return pairs.map((keys) => {
    const typing = makeTyping(() => ({ method, modern }));
    let text = "";
    for (const key of keys) {
      const before = /[\\p{L}\\p{M}]*$/u.exec(text)[0];
      const made = /[\\p{L}0-9]/u.test(key) ? typing.press(before, "", key) : null;
      text = made ? text.slice(0, text.length - before.length) + made[0] : text + key;
    }
    return text;
  });
}"""


def texts_of(content: object) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from texts_of(key)
            yield from texts_of(value)
    elif isinstance(content, list):
        for each in content:
            yield from texts_of(each)
    else:
        yield str(content)


def words_of_lists() -> list[str]:
    """Every word of the project's lists of names and places."""
    found: set[str] = set()
    for name in NAMES:
        text = (LISTS / name).read_text(encoding="utf-8")
        lines = text.splitlines() if name.endswith(".tsv") else texts_of(yaml.safe_load(text))
        for line in lines:
            if not line.startswith("#"):
                found.update(re.findall(r"[^\W\d_]+", line))
    return sorted(found)


def steps_of(words, method):
    return [steps(word, method) for word in words]


@pytest.fixture
def page(visitor, office):
    page = visitor(office, "Thử Một")
    page.goto(urljoin(page.url, "/verify"))
    page.wait_for_selector("body[data-ready]")
    return page


@pytest.fixture
def script(chromium, office):
    """A page in which the module can be asked, without anybody signed in."""
    page = chromium.new_page()
    page.goto(urljoin(office.url, "/sign-in"))
    yield page
    page.close()


def write(page, keys, method, modern=False):
    return page.evaluate(WRITE, [list(keys), method, modern])


def test_keys_write_what_the_table_says(script):
    for kind in TABLE:
        assert misses(script, kind) == {}, kind


def misses(script, kind):
    method, _, style = kind.partition(" ")
    return {
        keys: (made, text)
        for (keys, text), made in zip(
            TABLE[kind].items(), write(script, TABLE[kind], method, style == "modern"), strict=True
        )
        if made != text
    }


def test_every_word_of_the_lists_can_be_typed(script):
    words = words_of_lists()
    assert len(words) > 2500
    missed = {
        method: [
            word
            for word, old, modern in zip(
                words, *(script.evaluate(LOOK, [steps_of(words, method), method, style]) for style in (False, True)),
                strict=True,
            )
            if word not in (old, modern)
        ]
        for method in ("telex", "vni")
    }  # fmt: skip
    assert {method: sorted(set(found) - CANNOT) for method, found in missed.items()} == {"telex": [], "vni": []}


def test_marks_may_come_last(script):
    words = [word for word in words_of_lists() if SYLLABLE.fullmatch(take_apart(word)[0].lower()) and word != "Qưới"]
    assert len(words) > 1500
    for method, keys_of in (("telex", telex), ("vni", vni)):
        keys = [keys_of(word, late=True) for word in words]
        made = zip(words, write(script, keys, method), write(script, keys, method, modern=True), strict=True)
        assert [word for word, *texts in made if word not in texts] == [], method


def switch(page, method):
    while method not in page.inner_text("#typing"):
        page.keyboard.press("F10")


def retype(page, keys):
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(keys)
    return page.input_value("#box")


def test_the_switch_is_a_key_and_is_remembered_for_the_person(page, visitor, office):
    assert page.inner_text("#typing") == "Bộ gõ: tắt"
    assert retype(page, "Nguyeenx") == "Nguyeenx"
    page.keyboard.press("F10")
    assert page.inner_text("#typing") == "Bộ gõ: Telex"
    assert retype(page, "Nguyeenx Thij Thuyr") == "Nguyễn Thị Thủy"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.inner_text("#typing") == "Bộ gõ: Telex"
    page.keyboard.press("F1")
    page.select_option("#typing-style", "modern")
    page.keyboard.press("Escape")
    assert retype(page, "Hoaf") == "Hoà"
    page.keyboard.press("F10")
    assert retype(page, "D9inh5 Tie6n1 12") == "Định Tiến 12"
    page.goto(urljoin(page.url, "/verify/records"))
    page.wait_for_selector("body[data-ready]")
    assert page.inner_text("#typing") == "Bộ gõ: VNI"
    page.keyboard.press("Control+a")
    page.keyboard.type("Thu7")
    assert page.evaluate("document.activeElement.value") == "Thư"


def test_the_machines_reading_is_corrected_where_the_caret_stands(page):
    switch(page, "Telex")
    retype(page, "Nguyên Van An")
    for _ in range(len(" Van An")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.type("x")
    assert page.input_value("#box") == "Nguyễn Van An"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.type("w")
    assert page.input_value("#box") == "Nguyễn Văn An"
    page.keyboard.press("Control+z")
    assert page.input_value("#box") == "Nguyễn Van An"


def test_the_same_key_again_or_ctrl_keeps_the_letters(page):
    switch(page, "Telex")
    assert retype(page, "Rossa") == "Rosa"
    assert retype(page, "Ross") == "Ros"
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Control")
    assert "tạm dừng" in page.inner_text("#typing")
    page.keyboard.type("Rosa Boos ")
    assert page.input_value("#box") == "Rosa Bố "
    assert "tạm dừng" not in page.inner_text("#typing")


def test_enter_after_a_word_saves_it(page, office):
    switch(page, "Telex")
    field = office.store.held("Thử Một")[0].field_id
    retype(page, "muwowif hai")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved:has-text('✓')")
    assert office.store.field_context(field).field.raw == "mười hai"


def test_what_an_input_method_composes_is_left_alone(page):
    switch(page, "Telex")
    session = page.context.new_cdp_session(page)
    retype(page, "")
    for text in ("a", "aa", "aas"):
        session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    assert page.input_value("#box") == "aas"
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    session.send("Input.dispatchKeyEvent", enter)
    session.send("Input.insertText", {"text": "aas"})
    assert page.input_value("#box") == "aas"
    assert page.inner_text("#saved") == ""


@pytest.mark.parametrize("method", ["tắt", "Telex"])
def test_an_input_method_that_takes_letters_back_is_left_alone(page, method):
    """As UniKey does: the letters are taken back with Backspace, and others come in their place."""
    switch(page, method)
    retype(page, "tie")
    page.keyboard.press("Backspace")
    page.keyboard.insert_text("ê")
    page.keyboard.type("ng")
    for _ in "êng":
        page.keyboard.press("Backspace")
    for letter in "ếng":
        page.keyboard.insert_text(letter)
    assert page.input_value("#box") == "tiếng"
