"""Switching between normal and tightened inspection."""

import pytest

from extractor.exports.acceptance.plans import Severity
from extractor.exports.acceptance.switching import NextLot, next_lot

NORMAL, TIGHTENED = NextLot(Severity.NORMAL), NextLot(Severity.TIGHTENED)


@pytest.mark.parametrize(
    ("lots", "following"),
    [
        ("", NORMAL),
        ("+-+++", NORMAL),
        ("-+++-", TIGHTENED),
        ("-++++-", NORMAL),
        ("--", TIGHTENED),
        ("--++++", TIGHTENED),
        ("--+++++", NORMAL),
        ("--++++-+++++", NORMAL),
        ("--+++++-", NORMAL),
        ("--+++++--", TIGHTENED),
        ("------", TIGHTENED),
        ("-------", NextLot(Severity.TIGHTENED, discontinued=True)),
        ("-------+", TIGHTENED),
        ("-------++++", TIGHTENED),
        ("-------+++++", NORMAL),
        ("--+-+-+-+-", TIGHTENED),
        ("--+-+-+-+--", NextLot(Severity.TIGHTENED, discontinued=True)),
    ],
)
def test_the_next_lot_follows_from_those_before(lots, following):
    assert next_lot([lot == "+" for lot in lots]) == following
