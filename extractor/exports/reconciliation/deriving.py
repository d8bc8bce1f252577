"""What pairs are found and compared by, derived in SQL from the plain attributes; the same for records and persons."""

from __future__ import annotations

from typing import Literal

DateOrder = Literal["dmy", "ymd", "mdy"]

_ORDERS = {
    "dmy": (r"^(?:(\d{1,2})[./ -])?(?:(\d{1,2})[./ -])?(\d{4})$", ("day", "month", "year")),
    "mdy": (r"^(?:(\d{1,2})[./ -])?(?:(\d{1,2})[./ -])?(\d{4})$", ("month", "day", "year")),
    "ymd": (r"^(\d{4})(?:[./ -](\d{1,2}))?(?:[./ -](\d{1,2}))?$", ("year", "month", "day")),
}
_NAMES = ("name", "mother", "father", "spouse")
PLACES = ("origin", "residence", "birthplace")
"""Attributes that are places; each is derived as words and as communes and provinces of today."""
_UNIT_WORDS = (
    "xa|phuong|thi tran|huyen|quan|thi xa|thanh pho|tinh|ap|thon|to|khu pho|dac khu|tp|tx|tt|so nha|so|khom|khoi|xom|"
    "buon|ban"
)


_PLAIN = "0123456789/.-"
_WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in _PLAIN)


def clean(expression: str) -> str:
    """Normal form C, single spaces, never null."""
    text = f"trim(nfc_normalize(coalesce({expression}, '')))"
    # Most texts are clean already, and looking is cheaper than replacing.
    spaces = r"[\s\x{00A0}]"
    found = rf"regexp_matches({text}, '{spaces}{{2}}|[\t\n\r\x{{00A0}}]')"
    return f"CASE WHEN {found} THEN trim(regexp_replace({text}, '{spaces}+', ' ', 'g')) ELSE {text} END"


def plain_digits(expression: str) -> str:
    """Digits and signs of full width, as some keyboards write them, as ordinary ones."""
    return f"translate({expression}, '{_WIDE}', '{_PLAIN}')"


def folded(expression: str) -> str:
    """Lower case without tones, marks and strokes."""
    return f"replace(strip_accents(lower({expression})), 'đ', 'd')"


def date_parts(expression: str, order: DateOrder) -> str:
    """A struct with ``year``, ``month`` and ``day``, each null where it is not told; a wrong date has no year.

    Dates that begin with four digits are taken as year, month, day whatever the order; parts of zeros are unknown. With
    two numbers the first is the month.
    """
    text = rf"regexp_replace({plain_digits(expression)}, '[ T]\d{{1,2}}:.*$', '')"
    ymd, parts = _ORDERS["ymd"]
    own, names = _ORDERS[order]

    def groups(pattern: str, names: tuple[str, ...]) -> str:
        return f"regexp_extract({text}, '{pattern}', [{', '.join(repr(name) for name in names)}])"

    if order == "ymd":
        found = groups(ymd, parts)
    else:
        found = f"CASE WHEN {text} SIMILAR TO '\\d{{4}}([./ -].*)?' "
        found += "THEN {'day': y.day, 'month': y.month, 'year': y.year} "
        # In dmy with two numbers the first group holds the month.
        first, second = names[0], names[1]
        found += f"WHEN o.{second} = '' THEN {{'day': '', 'month': o.{first}, 'year': o.year}} "
        found += "ELSE {'day': o.day, 'month': o.month, 'year': o.year} END"
        found = f"(SELECT {found} FROM (SELECT {groups(ymd, parts)} AS y, {groups(own, names)} AS o))"  # noqa: S608
    return found


def date_columns(struct: str) -> str:
    """Columns ``year``, ``month``, ``day`` of a struct of texts; all null where there is no such day."""
    year, month, day = (f"nullif(try_cast({struct}.{part} AS INTEGER), 0)" for part in ("year", "month", "day"))
    return (
        f"CASE WHEN {year} BETWEEN 1800 AND 2199 AND coalesce({month}, 1) BETWEEN 1 AND 12 "
        f"AND coalesce({day}, 1) BETWEEN 1 AND coalesce(day(last_day(make_date({year}, coalesce({month}, 1), 1))), 31) "
        f"THEN {year} END AS year, {month} AS month, CASE WHEN {month} IS NOT NULL THEN {day} END AS day"
    )


def place_words(expression: str) -> str:
    """A place without marks, signs and words for kinds of units."""
    return (
        f"trim(regexp_replace(regexp_replace({folded(expression)}, '[^a-z0-9]+', ' ', 'g'), "
        f"'\\b({_UNIT_WORDS})\\b\\s*', '', 'g'))"
    )


def _units(place: str) -> str:
    """The part of a place that names its units: what stands before the last two commas names houses and hamlets."""
    return f"regexp_extract({place}, '(?:[^,;]+[,;]){{0,2}}[^,;]+$')"


def _places(place: str) -> str:
    """Words of a place; communes and provinces of today as numbers; and a key for counting places."""

    def numbers(part: int) -> str:
        text = f"nullif(split_part({place}_units.forms, chr(9), {part}), '')"
        return f"CAST(string_split({text}, ',') AS INTEGER[])"

    return (
        f"nullif({place_words(place)}, '') AS {place}_words, {numbers(1)} AS {place}_communes, "
        f"{numbers(2)} AS {place}_provinces"
    )


def _year(column: str) -> str:
    return rf"try_cast(nullif(regexp_extract({plain_digits(column)}, '(\d{{4}})', 1), '') AS INTEGER)"


def _forms(name: str) -> str:
    prefix = name.removesuffix("_name") if name != "name" else "name"
    return f"name_forms(nullif({name}, '')) AS {prefix}_forms"


def derive(source: str, target: str) -> str:
    """SQL that makes ``target`` from a table with all attributes, ``year``, ``month`` and ``day``."""
    forms = ", ".join(_forms(name) for name in ("name", "mother_name", "father_name", "spouse_name"))
    names = ", ".join(
        f"nullif(split_part({name}_forms, chr(9), 1), '') AS {name}_key, "
        f"nullif(split_part({name}_forms, chr(9), 2), '') AS {name}_sound"
        for name in _NAMES
    )
    places = ", ".join(_places(place) for place in PLACES)
    keys = ", ".join(f"coalesce(CAST({p}_communes[1] AS VARCHAR), {p}_words) AS {p}_key" for p in PLACES)
    units = " ".join(
        f"LEFT JOIN units AS {place}_units ON {place}_units.text = {_units(f'{source}.{place}')}" for place in PLACES
    )
    told = " UNION ".join(f"SELECT {_units(place)} AS text FROM {source} WHERE {place} <> ''" for place in PLACES)  # noqa: S608
    # Words that few different ones stand for are understood once each.
    return f"""
        CREATE TABLE {target} AS
        WITH sexes AS (SELECT sex, nullif(sex_code(sex), '') AS sex_code FROM (SELECT DISTINCT sex FROM {source})),
        groups AS (
            SELECT ethnic_group, nullif(ethnic_key(ethnic_group), '') AS ethnic_key
            FROM (SELECT DISTINCT ethnic_group FROM {source})
        ), units AS MATERIALIZED (SELECT text, place_forms(text) AS forms FROM ({told})),
        formed AS (SELECT {source}.*, {forms}, {places} FROM {source} {units}),
        named AS (
            SELECT * EXCLUDE ({", ".join(f"{name}_forms" for name in _NAMES)}), {names}, {keys},
                {_year("mother_birth")} AS mother_year, {_year("father_birth")} AS father_year
            FROM formed
        )
        SELECT named.*, sexes.sex_code, groups.ethnic_key,
            string_split(name_sound, ' ')[1] AS surname_sound,
            string_split(name_sound, ' ')[-1] AS given_sound,
            string_split(mother_sound, ' ')[-1] AS mother_given,
            CASE WHEN name_sound LIKE '% % %' THEN regexp_replace(name_sound, '^[^ ]+ ', '') END AS after_surname_sound,
            residence_provinces[1] AS residence_province
        FROM named LEFT JOIN sexes USING (sex) LEFT JOIN groups USING (ethnic_group)
    """  # noqa: S608 - names of our own tables
