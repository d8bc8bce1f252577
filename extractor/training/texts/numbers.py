"""Identity numbers and papers; all invented."""

from __future__ import annotations

import datetime as dt
from random import Random

from extractor.training.texts.dates import DateStyle, date_digits, date_style
from extractor.training.texts.places import Unit, make_unit
from extractor.training.texts.sample import Sample, data, plain


def personal_number(rng: Random, born: int, sex: str, code: str) -> str:
    """A 12-digit personal number: province, century and sex, year of birth, six more digits."""
    century = (born - 1900) // 100 * 2 + (0 if sex == "1" else 1)
    return f"{code}{century}{born % 100:02d}{rng.randint(0, 999_999):06d}"


def old_card_number(rng: Random, prefix: str) -> str:
    """A 9-digit number of the old identity card (CMND)."""
    return prefix + "".join(str(rng.randint(0, 9)) for _ in range(9 - len(prefix)))


def identity_number(rng: Random, born: int | None = None, sex: str | None = None, unit: Unit | None = None) -> Sample:
    """A 12-digit personal number, as written in its own blank."""
    unit = unit or make_unit(rng)
    return plain(personal_number(rng, born or rng.randint(1930, 2022), sex or rng.choice("12"), unit.code))


def identity_paper(
    rng: Random,
    unit: Unit | None = None,
    *,
    issued: dt.date | None = None,
    born: int | None = None,
    sex: str | None = None,
    style: DateStyle | None = None,
) -> Sample:
    """An identity paper with its number and often with date and place of issue."""
    unit = unit or make_unit(rng)
    issued = issued or dt.date(1980, 1, 1) + dt.timedelta(days=rng.randint(0, 16_000))
    style = style or date_style(rng)
    people = data("people")
    if issued >= dt.date(2016, 1, 1) and rng.random() < 0.55:
        name = rng.choice(("CCCD", "CCCD số", "Thẻ CCCD số", "Căn cước công dân số"))
        number = personal_number(rng, born or rng.randint(1950, 1998), sex or rng.choice("12"), unit.code)
        office = rng.choice(people["national_police"])
    else:
        name = rng.choice(("CMND", "CMND số", "CMND số:", "Giấy CMND số", "CMND:", "Số CMND", "CMT"))
        number = old_card_number(rng, unit.idcard)
        province = unit.province.removeprefix("TP. ")
        office = f"{rng.choice(people['police_north'])} {'TP. ' + province if unit.city else province}"
        if unit.city:
            office = office.replace("tỉnh ", "")
    text = f"{name} {number}"
    if rng.random() < 0.8:
        date = date_digits(rng, issued, style).raw.removeprefix("ngày ")
        if rng.random() < 0.5:
            text = f"{text} {rng.choice(('do ', ', '))}{office} cấp ngày {date}"
        else:
            text = f"{text}{rng.choice((', ', ' '))}{rng.choice(('cấp ngày', 'ngày cấp', 'cấp'))} {date}"
            text += f"{rng.choice((', ', ' tại ', ' '))}{office}" if rng.random() < 0.8 else ""
    return plain(text.replace(" , ", ", "))
