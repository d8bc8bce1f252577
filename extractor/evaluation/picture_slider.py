"""A slider over pictures for notebooks, where looking beats reading; it needs neither a kernel nor a widget package."""

from __future__ import annotations

import base64
import html
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import EvaluationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAGE = """<div id="{name}" style="max-width: {width}px">
<input type="range" min="0" max="{last}" value="{start}" step="1" style="width: 100%" aria-label="{label}">
<div class="caption" aria-live="polite" style="min-height: 2.6em; white-space: pre-wrap"></div>
<img alt="" style="max-width: 100%; min-height: 56px; object-fit: contain; object-position: left">
</div>
<script>
(() => {{
  const place = document.getElementById({name_json}), pictures = {pictures}, captions = {captions};
  const [slider, caption, image] = [place.querySelector("input"), place.querySelector(".caption"),
    place.querySelector("img")];
  const show = () => {{
    caption.textContent = captions[slider.value];
    image.alt = captions[slider.value];
    image.src = "data:image/png;base64," + pictures[slider.value];
  }};
  slider.addEventListener("input", show);
  show();
}})();
</script>"""


@dataclass(frozen=True, slots=True)
class PictureSlider:
    """Pictures with captions, one at a time; the arrow keys move on.

    In a notebook it shows itself as HTML that holds all pictures, so it also works in an exported page.

    Args:
        pictures: PNG files' contents.
        captions: beside each.
        start: which is shown first.
        label: what the slider moves through, for those who hear it.
        width: of the whole, in pixels of the screen.
    """

    pictures: tuple[bytes, ...]
    captions: tuple[str, ...]
    start: int = 0
    label: str = "picture"
    width: int = 900

    def __post_init__(self) -> None:
        """See that there is something to show.

        Raises:
            EvaluationError: there is no picture, or not a caption for each.
        """
        if not self.pictures or len(self.pictures) != len(self.captions):
            raise EvaluationError(
                f"{len(self.pictures)} pictures and {len(self.captions)} captions.",
                mend="Give at least one picture, and a caption for each.",
            )
        if not 0 <= self.start < len(self.pictures):
            raise EvaluationError(f"There is no picture {self.start}.", mend="Count from 0.")

    def __repr__(self) -> str:
        return f"slider over {len(self.pictures)} pictures; the first: {self.captions[self.start]}"

    def _repr_html_(self) -> str:
        name = f"pictures-{uuid.uuid4().hex}"  # several notebooks may lie open in one page
        return _PAGE.format(
            name=name,
            name_json=json.dumps(name),
            label=html.escape(self.label, quote=True),
            width=self.width,
            last=len(self.pictures) - 1,
            start=self.start,
            pictures=_script([base64.b64encode(picture).decode() for picture in self.pictures]),
            captions=_script(list(self.captions)),
        )


def slide(
    pictures: Sequence[NDArray[Any] | Figure], captions: Sequence[str], *, start: int = 0, label: str = "picture",
    width: int = 900,
) -> PictureSlider:  # fmt: skip
    """Put pictures under a slider.

    Args:
        pictures: grey or BGR arrays of 8 bits, or figures of matplotlib.
        captions: a text for each, shown as it is.
        start: which is shown first.
        label: what the slider moves through.
        width: of the whole, in pixels of the screen.

    Raises:
        EvaluationError: there is no picture, or not a caption for each.
    """
    return PictureSlider(tuple(_png(picture) for picture in pictures), tuple(captions), start, label, width)


def _png(picture: NDArray[Any] | Figure) -> bytes:
    content = io.BytesIO()
    if isinstance(picture, np.ndarray):
        from PIL import Image

        shown = picture if picture.ndim == 2 else picture[:, :, ::-1]
        Image.fromarray(np.ascontiguousarray(shown)).save(content, "PNG")
    else:
        picture.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _script(value: list[str]) -> str:
    """A value inside a script; ``</script>`` in a text must not end it."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
