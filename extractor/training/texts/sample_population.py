"""The extract that goes with the sample book: ``python -m extractor.training.texts.sample_population sample_book``.

Made from the book's truth and many invented others. ``PLAN`` says what becomes of which record; all others agree.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from extractor.exports import files
from extractor.training.texts.numbers import personal_number
from extractor.training.texts.population import PopulationMaker
from extractor.training.texts.sample import data
from extractor.vietnamese.text import canonical_tones

NAME = "population.csv"
_SEED, _OTHERS = 2025, 300


def sample_population(truth: Path) -> list[dict[str, str]]:
    """The rows of the extract, by header, in its order."""
    plan: Mapping[str, Any] = data("sample_population")
    headers: dict[str, str] = plan["headers"]
    rng = Random(_SEED)
    rows: list[dict[str, str]] = []
    for line in truth.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        values = {code: field["value"] or "" for code, field in record["fields"].items()}
        rows += _family(rng, values, plan["records"].get(values["so"], {}))
    for family in PopulationMaker(Random(_SEED)).families():
        rows += family.rows
        if len(rows) > _OTHERS:
            break
    rng.shuffle(rows)
    table = [{header: row.get(attribute, "") for attribute, header in headers.items()} for row in rows]
    for place, spoilt in plan["unusable"].items():
        table.insert(int(place), {header: spoilt.get(attribute, "") for attribute, header in headers.items()})
    return table


def _family(rng: Random, values: Mapping[str, str], plan: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """The child with its parents as the extract has them; what the plan says is put over the book's values."""
    year = int(values["nksNgaySinh"][-4:])
    born = values["nksNgaySinh"].replace(".", "/")
    mother = _parent(rng, values, "me", "2", year)
    father = _parent(rng, values, "cha", "1", year)
    child = {
        "identity": values.get("nksSoDinhDanh") or personal_number(rng, year, values["nksGioiTinh"], "070"),
        "name": canonical_tones(values["nksHoTen"].title(), "new"),
        "birth": born,
        "sex": {"1": "Nam", "2": "Nữ"}[values["nksGioiTinh"]],
        "ethnic_group": values["nksDanToc"],
        "nationality": values["nksQuocTich"],
        "origin": values["nksQueQuan"],
        "mother_name": mother.get("name", ""),
        "mother_birth": mother.get("birth", "")[-4:],
        "mother_identity": mother.get("identity", ""),
        "father_name": father.get("name", ""),
        "father_birth": father.get("birth", "")[-4:],
        "father_identity": father.get("identity", ""),
        "residence": plan.get("residence", mother.get("residence", "")),
    }
    mother["spouse_name"], father["spouse_name"] = father.get("name", ""), mother.get("name", "")
    yield from (parent for parent in (mother, father) if parent.get("name"))
    if not plan.get("absent"):
        yield child | plan.get("differs", {})
    for other in plan.get("also", ()):
        sex = other.get("sex", child["sex"])
        yield child | {"identity": personal_number(rng, year, "1" if sex == "Nam" else "2", "070")} | other


def _parent(rng: Random, values: Mapping[str, str], prefix: str, sex: str, year: int) -> dict[str, str]:
    name = values.get(f"{prefix}HoTen", "")
    if not name:
        return {}
    born = values.get(f"{prefix}NgaySinh", "").replace(".", "/") or f"{rng.randint(1, 28):02d}/04/{year - 27}"
    return {
        "identity": personal_number(rng, int(born[-4:]), sex, "070"),
        "name": name,
        "birth": born,
        "sex": {"1": "Nam", "2": "Nữ"}[sex],
        "ethnic_group": values.get(f"{prefix}DanToc", ""),
        "nationality": values.get(f"{prefix}QuocTich", ""),
        "residence": values.get(f"{prefix}NoiCuTru", ""),
    }


def main(folder: Path) -> None:
    """Write ``population.csv`` beside ``truth.jsonl``."""
    rows = sample_population(folder / "truth.jsonl")
    path = folder / NAME
    with files.part_of(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    files.part_of(path).replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
