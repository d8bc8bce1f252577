"""The sampling plans against a published copy, and by what they must do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import SettingsError
from extractor.exports.acceptance.plans import Severity, load_tables, named_aql, named_level, plan_for
from extractor.exports.acceptance.risk import acceptance_probability, exact_interval, quality_at

TABLES = load_tables()
LETTERS = "ABCDEFGHJKLMNPQR"

# Read from MIL-STD-105E, Table I: code letters by lot size, S-1, S-2, S-3, S-4, I, II, III.
TABLE_I = """
8       A A A A A A B
15      A A A A A B C
25      A A B B B C D
50      A B B C C D E
90      B B C C C E F
150     B B C D D F G
280     B C D E E G H
500     B C D E F H J
1200    C C E F G J K
3200    C D E G H K L
10000   C D F G J L M
35000   C D F H K M N
150000  D E G J L N P
500000  D E G J M P Q
9999999 D E H K N Q R
"""

# Rejection numbers as AC-TABLE.ASC of the US National Institute of Building Sciences prints them, developed from
# MIL-STD-105E, Table II-A: letter, sample, then AQL 0.65 to 15; v and ^ are arrows.
NORMAL = """
A 2    v  v  v  v  v  1  v  v
B 3    v  v  v  v  1  ^  v  2
C 5    v  v  v  1  ^  v  2  3
D 8    v  v  1  ^  v  2  3  4
E 13   v  1  ^  v  2  3  4  6
F 20   1  ^  v  2  3  4  6  8
G 32   ^  v  2  3  4  6  8  11
H 50   v  2  3  4  6  8  11 15
J 80   2  3  4  6  8  11 15 22
K 125  3  4  6  8  11 15 22 ^
L 200  4  6  8  11 15 22 ^  ^
M 315  6  8  11 15 22 ^  ^  ^
N 500  8  11 15 22 ^  ^  ^  ^
P 800  11 15 22 ^  ^  ^  ^  ^
Q 1250 15 22 ^  ^  ^  ^  ^  ^
"""

# The same for tightened inspection, from Table II-B (rows A and from M on are not in it).
TIGHTENED = """
B 3    v  v  v  v  v  1  v  v
C 5    v  v  v  v  1  v  v  2
D 8    v  v  v  1  v  v  2  3
E 13   v  v  1  v  v  2  3  4
F 20   v  1  v  v  2  3  4  6
G 32   1  v  v  2  3  4  6  9
H 50   v  v  2  3  4  6  9  13
J 80   v  2  3  4  6  9  13 19
K 125  2  3  4  6  9  13 19 ^
L 200  3  4  6  9  13 19 ^  ^
"""
PRINTED_AQLS = ("0.65", "1.0", "1.5", "2.5", "4.0", "6.5", "10", "15")


def lines(text):
    return [line.split() for line in text.strip().splitlines()]


@pytest.mark.parametrize("line", lines(TABLE_I), ids=lambda line: line[0])
def test_code_letters_are_those_of_the_published_table(line):
    lot, *letters = line
    levels = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
    assert [plan_for(int(lot), level, "6.5").code_letter for level in levels] == letters
    if int(lot) < 9999999:  # the next larger lot is in the next range
        above = [TABLES.levels[level][TABLES.lots_up_to.index(int(lot)) + 1] for level in levels]
        assert [plan_for(int(lot) + 1, level, "6.5").code_letter for level in levels] == above


@pytest.mark.parametrize(
    ("severity", "line"),
    [
        *((Severity.NORMAL, line) for line in lines(NORMAL)),
        *((Severity.TIGHTENED, line) for line in lines(TIGHTENED)),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_cells_are_those_of_the_published_tables(severity, line):
    letter, size, *cells = line
    assert TABLES.sample_sizes[letter] == int(size)
    ours = [TABLES.cell(severity, letter, aql) for aql in PRINTED_AQLS]
    assert [cell if cell in "v^" else str(int(cell) + 1) for cell in ours] == cells


@pytest.mark.parametrize("severity", Severity)
def test_every_column_is_the_published_sequence_with_arrows_to_the_nearest_plan(severity):
    sequence = {
        Severity.NORMAL: (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44),
        Severity.TIGHTENED: (0, 1, 2, 3, 5, 8, 12, 18, 27, 41),
    }[severity]
    rows = TABLES.tables[severity]
    for aql in TABLES.aqls:
        column = [TABLES.cell(severity, letter, aql) for letter in rows]
        numbers = [int(cell) for cell in column if cell not in "v^"]
        start = sequence.index(numbers[0])
        assert tuple(numbers) == sequence[start : start + len(numbers)], aql
        assert all(len(rows[letter].split()) == len(TABLES.aqls) for letter in rows)


@pytest.mark.parametrize("aql", [aql for aql in TABLES.aqls if float(aql) <= 10])
def test_a_lot_at_the_aql_is_nearly_always_accepted(aql):
    # The standard's plans accept at the AQL with about 0.88 (Ac 0) to 0.995.
    for letter in LETTERS:
        at = LETTERS.index(letter)
        lot = (*TABLES.lots_up_to, 900000)[min(at, 14)]
        level = "II" if letter != "R" else "III"
        plan = plan_for(lot, level, aql)
        probability = acceptance_probability(TABLES.sample_sizes[plan.plan_letter], plan.acceptance, float(aql) / 100)
        assert 0.86 < probability < 0.9999


def test_tightened_inspection_is_never_milder():
    for aql in TABLES.aqls[:15]:
        for lot in (20, 200, 2000, 20000, 200000):
            normal, tight = (plan_for(lot, "II", aql, severity) for severity in Severity)
            share = 3 * float(aql) / 100
            sizes = [TABLES.sample_sizes[plan.plan_letter] for plan in (normal, tight)]
            passed = [
                acceptance_probability(size, plan.acceptance, share)
                for size, plan in zip(sizes, (normal, tight), strict=True)
            ]
            assert passed[1] <= passed[0]


def test_an_arrow_leads_to_another_sample_size_and_a_small_lot_is_inspected_whole():
    assert (plan := plan_for(24, "II", "1.0")).code_letter == "C"
    assert (plan.plan_letter, plan.sample_size, plan.acceptance, plan.rejection) == ("E", 13, 0, 1)
    assert plan_for(100, "II", "0.65", Severity.TIGHTENED).sample_size == 32
    assert plan_for(10, "II", "1.0").everything
    assert plan_for(600000, "III", "0.025", Severity.TIGHTENED).sample_size == 3150
    known = plan_for(5000, "ii", "1")
    assert (known.code_letter, known.sample_size, known.acceptance) == ("L", 200, 5)


@pytest.mark.parametrize(
    ("lot", "level", "aql", "named"),
    [(1, "II", "1.0", "lot"), (9, "IV", "1.0", "IV"), (9, "II", "0.9", "0.9"), (9, "II", "15", "per hundred")],
)
def test_what_is_not_in_the_tables_is_refused(lot, level, aql, named):
    with pytest.raises(SettingsError, match=named):
        plan_for(lot, level, aql)


def test_levels_and_aqls_are_understood_as_people_write_them():
    assert [named_level(text) for text in ("s1", "S-3", "iii ")] == ["S-1", "S-3", "III"]
    assert [named_aql(text) for text in ("1", "0,65", "2.50%", "10.0")] == ["1.0", "0.65", "2.5", "10"]


def test_known_risks():
    # Clopper-Pearson intervals as tabulated: 0 of 10, 3 of 20, 10 of 10.
    assert exact_interval(0, 10).high == pytest.approx(0.3085, abs=5e-5)
    assert (exact_interval(3, 20).low, exact_interval(3, 20).high) == pytest.approx((0.0321, 0.3789), abs=5e-5)
    assert exact_interval(10, 10).low == pytest.approx(0.6915, abs=5e-5)
    assert (exact_interval(0, 0).low, exact_interval(0, 0).high) == (0.0, 1.0)
    assert acceptance_probability(13, 0, 0.01) == pytest.approx(0.99**13)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(0, 20), st.floats(0.05, 0.95))
def test_limiting_quality_is_where_the_curve_says(size, acceptance, probability):
    if acceptance < size:
        share = quality_at(size, acceptance, probability)
        assert acceptance_probability(size, acceptance, share) == pytest.approx(probability, abs=1e-6)
