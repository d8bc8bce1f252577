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
_UNIT_WORDS = (
    "xa|phuong|thi tran|huyen|quan|thi xa|thanh pho|tinh|ap|thon|to|khu pho|dac khu|tp|tx|tt|so nha|so|khom|khoi|xom|"
    "buon|ban"
)


def clean(expression: str) -> str:
    """Normal form C, single spaces, never null."""
    return rf"trim(regexp_replace(nfc_normalize(coalesce({expression}, '')), '\s+', ' ', 'g'))"


def folded(expression: str) -> str:
    """Lower case without tones, marks and strokes."""
    return f"replace(strip_accents(lower({expression})), 'đ', 'd')"


def date_parts(expression: str, order: DateOrder) -> str:
    """A struct with ``year``, ``month`` and ``day``, each null where it is not told; a wrong date has no year.

    Dates that begin with four digits are taken as year, month, day whatever the order; parts of zeros are unknown. With
    two numbers the first is the month.
    """
    text = rf"regexp_replace({expression}, '[ T]\d{{1,2}}:.*$', '')"
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


def _person_name(name: str) -> str:
    prefix = name.removesuffix("_name") if name != "name" else "name"
    return f"name_key(nullif({name}, '')) AS {prefix}_key"


def derive(source: str, target: str) -> str:
    """SQL that makes ``target`` from a table with all attributes, ``year``, ``month`` and ``day``."""
    names = ", ".join(_person_name(name) for name in ("name", "mother_name", "father_name", "spouse_name"))
    sounds = ", ".join(
        f"nullif(key_sound({name}_key), '') AS {name}_sound" for name in ("name", "mother", "father", "spouse")
    )
    places = ", ".join(f"nullif({place_words(place)}, '') AS {place}_words" for place in ("origin", "residence"))
    return f"""
        CREATE TABLE {target} AS
        WITH keyed AS (
            SELECT *, {names}, {places},
                nullif(sex_code(sex), '') AS sex_code,
                nullif(ethnic_key(ethnic_group), '') AS ethnic_key,
                try_cast(nullif(regexp_extract(mother_birth, '(\\d{{4}})', 1), '') AS INTEGER) AS mother_year,
                try_cast(nullif(regexp_extract(father_birth, '(\\d{{4}})', 1), '') AS INTEGER) AS father_year
            FROM {source}
        ), sounding AS (SELECT *, {sounds} FROM keyed)
        SELECT *,
            string_split(name_sound, ' ')[1] AS surname_sound,
            string_split(name_sound, ' ')[-1] AS given_sound,
            string_split(mother_sound, ' ')[-1] AS mother_given,
            array_to_string(string_split(residence_words, ' ')[-2:], ' ') AS residence_tail
        FROM sounding
    """  # noqa: S608 - names of our own tables
