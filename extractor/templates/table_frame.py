"""The frame of a table on a page: its column edges as curves, its head, and a straightened view of its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.templates.rulings import Ruling, find_rulings
from extractor.templates.table_match import EdgeMatch, ruling_weights
from extractor.templates.table_template import HeaderSpec, TableTemplate

Floats = NDArray[np.float64]

_FRAME = 0.013
"""The lines of a double or triple frame stand closer than this, in table widths."""


_LEAST_MATCHED = 2
"""So many edges with rulings bend the others between them."""


@dataclass(frozen=True, slots=True, eq=False)
class TableFrame:
    """Where a table lies on an image, in that image's pixels.

    Args:
        levels: rising y, ``(levels,)``.
        edges: x of each edge at each level, ``(edges, levels)``.
        shares: place of each edge as a share of the table's width, as found, ``(edges,)``.
        inner: places of rulings inside columns, as shares of the width, ``(n,)``.
        top: y of the table's top line, where it was found, else as the template has it.
        head: y of the line below the headings at each share of ``head_shares``.
        head_shares: rising shares of the width, ``(n,)``.
        bottom: y at which the rulings end.
        width: the table's width.
        found_top: whether the top line was found.
        found_head: whether the line below the headings was found.
        head_error: distance of that line from where the template puts it, pixels.
    """

    levels: Floats
    edges: Floats
    shares: Floats
    inner: Floats
    top: float
    head: Floats
    head_shares: Floats
    bottom: float
    width: float
    found_top: bool
    found_head: bool
    head_error: float

    def scaled(self, factor: float) -> TableFrame:
        """The same frame on an image ``factor`` times as large."""
        return TableFrame(
            self.levels * factor,
            self.edges * factor,
            self.shares,
            self.inner,
            self.top * factor,
            self.head * factor,
            self.head_shares,
            self.bottom * factor,
            self.width * factor,
            self.found_top,
            self.found_head,
            self.head_error * factor,
        )

    def edge_at(self, edge: int, y: Floats | float) -> Floats:
        """Place of an edge at the given heights."""
        return np.asarray(np.interp(y, self.levels, self.edges[edge]), np.float64)

    def point(self, share: Floats | float, drop: Floats | float) -> Floats:
        """x, y of places inside the table, ``(n, 2)``.

        Args:
            share: place across, as a share of the width; between edges it is interpolated.
            drop: distance below the line under the headings, in table widths.
        """
        across, down = np.broadcast_arrays(np.asarray(share, np.float64), np.asarray(drop, np.float64))
        across, down = across.ravel(), down.ravel()
        y = np.interp(across, self.head_shares, self.head) + down * self.width
        edges = np.stack([np.interp(y, self.levels, edge) for edge in self.edges])
        return np.stack([_stretch(across, self.shares, edges), y], axis=1)

    def straightened(self, grey: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
        """The table's body with vertical edges at ``shares * (width - 1)`` and the head's line as its top row.

        Args:
            grey: the image the frame was found on.
            width: pixels across the table.
        """
        unit = self.width / (width - 1)
        height = max(8, int((self.bottom - float(np.mean(self.head))) / unit))
        shares = np.linspace(0.0, 1.0, width)
        rise = np.interp(shares, self.head_shares, self.head)
        # The edges are smooth, so a coarse mesh is enough; between its knots the map is linear.
        knots = np.linspace(0, height - 1, max(2, height // 24 + 1))
        coarse = np.arange(0, width, 8) if width > 16 else np.arange(width)
        coarse = np.unique(np.concatenate([coarse, [width - 1]]))
        ys = rise[coarse][None, :] + knots[:, None] * unit
        at_level = np.stack([np.interp(ys.ravel(), self.levels, edge) for edge in self.edges])
        xs = _stretch(np.tile(shares[coarse], len(knots)), self.shares, at_level).reshape(ys.shape)
        map_x = _densify(xs, knots, coarse, height, width)
        map_y = _densify(ys, knots, coarse, height, width)
        return np.asarray(cv2.remap(grey, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _stretch(share: Floats, shares: Floats, edges: Floats) -> Floats:
    """Places across the table in pixels, each with its own row ``edges[:, n]``.

    Beyond the frame the outer columns' pace goes on.
    """
    column = np.clip(np.searchsorted(shares, share, side="right") - 1, 0, len(shares) - 2)
    left, right = shares[column], shares[column + 1]
    number = np.arange(len(share))
    start, end = edges[column, number], edges[column + 1, number]
    return np.asarray(start + (end - start) * (share - left) / (right - left), np.float64)


def _densify(values: Floats, knots: Floats, columns: NDArray[np.intp], height: int, width: int) -> NDArray[np.float32]:
    across = np.stack([np.interp(np.arange(width), columns, row) for row in values]).astype(np.float32)
    rows = np.arange(height)
    lower = np.clip(np.searchsorted(knots, rows, side="right") - 1, 0, len(knots) - 2)
    part = ((rows - knots[lower]) / (knots[lower + 1] - knots[lower])).astype(np.float32)[:, None]
    return np.asarray(across[lower] * (1 - part) + across[lower + 1] * part, np.float32)


def find_frame(
    grey: NDArray[np.uint8],
    rulings: Sequence[Ruling],
    match: EdgeMatch,
    starts_below: Sequence[float],
    header: HeaderSpec,
    *,
    faint: bool = False,
) -> TableFrame:
    """Build the frame from matched rulings: missing edges are interpolated, the head is looked for at the top.

    Args:
        grey: the image the rulings were found on.
        starts_below: for each edge how far below the top it begins, in table widths.
        header: the head as the template has it.
        faint: look for faint lines too.
    """
    chosen = _inner_frame(rulings, match)
    levels = np.linspace(0, grey.shape[0] - 1, 97)
    have = [edge for edge, number in enumerate(chosen) if number >= 0]
    known = np.stack([rulings[chosen[edge]].at(levels) for edge in have])
    edges = np.empty((len(chosen), len(levels)))
    for edge in range(len(chosen)):
        if edge in have:
            edges[edge] = known[have.index(edge)]
        else:
            edges[edge] = _between(match.places[edge], match.found[have], known)
    long = [edge for edge in have if starts_below[edge] == 0.0] or have
    first = float(np.median([rulings[chosen[edge]].start for edge in long]))
    bottom = float(np.quantile([rulings[chosen[edge]].end for edge in have], 0.75))
    middle = (first + bottom) / 2.0
    width = float(np.interp(middle, levels, edges[-1] - edges[0]))
    shares = np.array([float(np.interp(middle, levels, edge)) for edge in edges])
    shares = (shares - shares[0]) / (shares[-1] - shares[0])
    lines, inside = _head_lines(grey, levels, edges, first, header, faint=faint)
    top, head = _pair(lines, first, width, header)
    expected_top = float(np.median(top)) if top is not None else first
    expected_head = expected_top + header.height * width
    error = 0.0
    if head is not None:
        drop = head
        error = abs(float(np.median(head)) - expected_head)
        if top is None:
            expected_top = float(np.median(head)) - header.height * width
    else:
        drop = expected_head + (top - np.median(top) if top is not None else np.zeros(len(inside)))
    return TableFrame(
        levels,
        edges,
        shares,
        _inner_rulings(rulings, chosen, levels, edges, shares),
        expected_top,
        np.asarray(drop, np.float64),
        inside,
        max(bottom, float(np.max(drop)) + 8.0),
        width,
        top is not None,
        head is not None,
        error,
    )


def frame_by_hand(
    grey: NDArray[np.uint8],
    rulings: Sequence[Ruling],
    match: EdgeMatch,
    corners: Floats,
    template: TableTemplate,
) -> TableFrame:
    """Build the frame from the corners a person gave; rulings that were found near the edges bend them.

    Args:
        grey: the image the rulings were found on.
        match: rulings of the edges, as far as there are any near their places.
        corners: of the ruled frame, clockwise from the top left, pixels of the image, ``(4, 2)``.
        template: the form's template.
    """
    header = template.header
    bottom = float(corners[2:, 1].mean())
    if match.matched.sum() >= _LEAST_MATCHED:
        starts_below = [edge.below for edge in template.edges]
        frame = find_frame(grey, rulings, match, starts_below, header, faint=True)
        top_line = np.interp(frame.head_shares, [0.0, 1.0], corners[:2, 1])
        head = frame.head if frame.found_head else top_line + header.height * frame.width
        return replace(frame, head=head, bottom=max(bottom, float(np.max(head)) + 8.0))
    levels = np.linspace(0, grey.shape[0] - 1, 97)
    shares = (match.places - match.places[0]) / (match.places[-1] - match.places[0])
    left = np.interp(levels, corners[[0, 3], 1], corners[[0, 3], 0])
    right = np.interp(levels, corners[[1, 2], 1], corners[[1, 2], 0])
    edges = left[None, :] + (right - left)[None, :] * shares[:, None]
    inside = np.linspace(0.01, 0.99, 25)
    head = np.interp(inside, [0.0, 1.0], corners[:2, 1]) + header.height * match.width
    top = float(corners[:2, 1].mean())
    bottom = max(bottom, float(np.max(head)) + 8.0)
    return TableFrame(levels, edges, shares, np.zeros(0), top, head, inside, bottom, match.width, False, False, 0.0)


def _inner_frame(rulings: Sequence[Ruling], match: EdgeMatch) -> list[int]:
    """The chosen rulings, with the innermost line of the frame where several stand side by side."""
    chosen = list(match.chosen)
    weights = ruling_weights(rulings)
    for edge, inwards in ((0, 1.0), (len(chosen) - 1, -1.0)):
        number = chosen[edge]
        if number < 0:
            continue
        own = rulings[number]
        for other, ruling in enumerate(rulings):
            gap = inwards * (float(ruling.at(own.middle)) - float(own.at(own.middle)))
            best = inwards * (float(rulings[chosen[edge]].at(own.middle)) - float(own.at(own.middle)))
            if best < gap <= _FRAME * match.width and weights[other] >= 0.8 * weights[number]:
                chosen[edge] = other
    return chosen


def _inner_rulings(
    rulings: Sequence[Ruling], chosen: Sequence[int], levels: Floats, edges: Floats, shares: Floats
) -> Floats:
    """Places of the long rulings inside the table that are no edges, as shares of its width."""
    places = []
    for number, (ruling, weight) in enumerate(zip(rulings, ruling_weights(rulings), strict=True)):
        if number in chosen or weight < 0.5:
            continue
        middle = (ruling.start + ruling.end) / 2.0
        row = np.array([float(np.interp(middle, levels, edge)) for edge in edges])
        share = float(np.interp(float(ruling.at(middle)), row, shares, left=-1.0, right=-1.0))
        if share > 0.0:
            places.append(share)
    return np.array(places)


def _between(place: float, places: Floats, known: Floats) -> Floats:
    """Curve of a missing edge from the curves of those found; beyond the outermost it follows their fit."""
    if places[0] <= place <= places[-1]:
        right = min(max(int(np.searchsorted(places, place)), 1), len(places) - 1)
        left = right - 1
        part = (place - places[left]) / (places[right] - places[left])
        return np.asarray(known[left] * (1 - part) + known[right] * part, np.float64)
    design = np.stack([places, np.ones_like(places)], axis=1)
    fit = np.linalg.lstsq(design, known, rcond=None)[0]
    nearest = 0 if place < places[0] else len(places) - 1
    return np.asarray(known[nearest] + fit[0] * (place - places[nearest]), np.float64)


def _head_lines(
    grey: NDArray[np.uint8], levels: Floats, edges: Floats, first: float, header: HeaderSpec, *, faint: bool
) -> tuple[list[tuple[Floats, Ruling]], Floats]:
    """Horizontal lines of the upper part of the table, each as y at the shares of the width returned with them."""
    width = float(np.interp(first, levels, edges[-1] - edges[0]))
    inside = np.linspace(0.01, 0.99, 25)
    upper = int(max(0, first - 0.12 * width))
    lower = int(min(grey.shape[0], first + (header.height + header.tolerance + 0.12) * width))
    if lower - upper < 20 or width < 60:
        return [], inside
    rows = np.arange(upper, lower, dtype=np.float64)
    left = np.interp(rows, levels, edges[0])
    right = np.interp(rows, levels, edges[-1])
    across = np.linspace(0.01, 0.99, round(width))
    map_x = (left[:, None] + (right - left)[:, None] * across[None, :]).astype(np.float32)
    map_y = np.repeat(rows[:, None], len(across), axis=1).astype(np.float32)
    view = cv2.remap(grey, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    band = np.asarray(view, np.uint8)
    found = find_rulings(band, vertical=False, least_extent=0.6, degree=2, limit=14, faint=faint)
    places = (inside - 0.01) / 0.98 * (len(across) - 1)
    return [(ruling.at(places) + upper, ruling) for ruling in found], inside


def _pair(
    lines: Sequence[tuple[Floats, Ruling]], first: float, width: float, header: HeaderSpec
) -> tuple[Floats | None, Floats | None]:
    """The top line and the head's lower line that fit the template and the rulings' beginning best."""
    strong = [(line, ruling) for line, ruling in lines if ruling.extent >= 0.75]
    heads = [(line, _line_worth(ruling)) for line, ruling in strong]
    tops = [
        (line, worth - 0.5 * abs(float(np.median(line)) - first) / (0.04 * width))
        for line, worth in heads
        if abs(float(np.median(line)) - first) < 0.04 * width
    ]
    best: tuple[float, Floats | None, Floats | None] = (0.0, None, None)
    for head, head_worth in heads:
        for top, top_worth in [*tops, (None, 0.0)]:
            start = first if top is None else float(np.median(top))
            error = abs(float(np.median(head)) - start - header.height * width) / (header.tolerance * width)
            if error < 1.0:
                worth = head_worth * (1.0 - 0.6 * error**2) + 0.6 * max(0.0, top_worth)
                if worth > best[0]:
                    best = (worth, top, head)
    if best[2] is None and tops:
        return max(tops, key=lambda each: each[1])[0], None
    return best[1], best[2]


def _line_worth(ruling: Ruling) -> float:
    """How much a horizontal line looks like one of the form's own: bold and unbroken."""
    return ruling.extent * min(1.0, 0.4 + 0.6 * ruling.strength)
