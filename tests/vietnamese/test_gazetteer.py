import unicodedata

import pytest

from extractor.vietnamese.gazetteer import Unit, communes, successors
from extractor.vietnamese.places import provinces


def test_all_units_of_both_systems_are_there():
    legacy, today = communes("legacy"), communes("2025")
    assert len(legacy) == 10035
    assert len({commune.province for commune in legacy}) == 63
    assert len({(commune.province, commune.district) for commune in legacy}) == 691
    assert len(today) == 3321
    assert len({commune.province for commune in today}) == 34
    assert all(commune.district is None for commune in today)


def test_names_are_taken_apart_and_composed():
    assert Unit.of("Thị trấn Đồng Văn") == Unit("Thị trấn", "Đồng Văn")
    assert Unit.of("Ea Kao") == Unit("", "Ea Kao")
    for commune in (*communes("legacy"), *communes("2025")):
        for unit in commune.levels:
            assert unit.kind
            assert unit.name == unicodedata.normalize("NFC", unit.name).strip()


def test_every_province_is_in_the_table_of_provinces():
    assert [c.province.name for c in communes("legacy") if provinces().province(c.province.name) is None] == []


def test_every_commune_of_june_2025_has_a_successor_and_471_were_divided():
    found = [successors(commune) for commune in communes("legacy")]
    assert all(found)
    assert sum(len(now) > 1 for now in found) == 471
    known = set(communes("2025"))
    assert all(commune in known for now in found for commune in now)
    assert successors(communes("2025")[0]) == ()


def test_an_unknown_system_is_an_error():
    with pytest.raises(ValueError, match="legacy, earlier and 2025"):
        communes("1975")
