"""How much, how fast and how well people work: by team and shift, and by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from extractor.exports.acceptance.risk import Interval, exact_interval
from extractor.review.board_settings import BoardSettings
from extractor.store import Account
from extractor.store.convert import person_key
from extractor.store.work import BlindTally, InspectedTally, Speed, WorkCount


@dataclass(frozen=True, slots=True)
class PaceLine:
    """What a team did in one shift.

    Args:
        team: its name; empty for people in no team, or for all where there are no teams.
        shift: name of the shift; empty for work outside all shifts.
        answers: fields answered in the days looked at.
        worked: days on which somebody of the team worked in this shift.
        today: fields answered today.
        target: fields meant to be answered in a shift; none where nobody set it, and outside shifts.
    """

    team: str
    shift: str
    answers: int
    worked: int
    today: int
    target: int | None

    @property
    def pace(self) -> float | None:
        """Fields a shift, over the days on which it was worked."""
        return self.answers / self.worked if self.worked else None


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its counts; without the interval where there are too few."""

    number: int
    of: int
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class PersonLine:
    """What one person did.

    Args:
        per_hour: fields an hour; none where too few were timed.
        timed: fields that ``per_hour`` goes by.
        corrected: share of the fields seen with their reading that the person corrected; fields chosen for learning
            are left out, for they were chosen because they look misread.
        agreed: share of the fields typed blind in which person and machine agreed.
        blind_errors: share of these, as far as settled, in which something else than the person typed was settled.
        inspected_errors: share of the person's inspected fields that were found wrong.
    """

    person: str
    answers: int
    per_hour: float | None
    timed: int
    corrected: Share
    agreed: Share
    blind_errors: Share
    inspected_errors: Share


@dataclass(slots=True)
class _Sums:
    confirmed: int = 0
    corrected: int = 0
    rekeyed: int = 0
    learning_confirmed: int = 0
    learning_corrected: int = 0
    timed: int = 0
    seconds: float = 0.0
    blind: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("agreed", "right", "wrong", "open"), 0))
    inspected: int = 0
    wrong: int = 0


class Names:
    """Who is meant by a name that stands beside a decision, under whatever name it was made."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = {
            person_key(name): account for account in accounts for name in (account.person, *account.former_names)
        }

    def account(self, person: str) -> Account | None:
        """The account of that name; other programs give it after a stroke, as ``client/name``."""
        own = self._accounts.get(person_key(person))
        return own or self._accounts.get(person_key(person.rpartition("/")[2]))

    def name(self, person: str) -> str:
        """The name the person has today."""
        account = self.account(person)
        return account.person if account else person


def paces(work: Sequence[WorkCount], names: Names, settings: BoardSettings, today: date) -> list[PaceLine]:
    """Teams in the order of the settings, then people in none; of each the shifts, then work outside them."""
    team_of = {login.casefold(): team.name for team in settings.teams for login in team.logins}
    targets = {team.name: team.target for team in settings.teams} or {"": settings.target}
    done: dict[tuple[str, str], dict[date, int]] = {}
    for count in work:
        account = names.account(count.person)
        team = team_of.get(account.login, "") if account else ""
        days = done.setdefault((team, shift_of(count.hour, settings)), {})
        days[count.day] = days.get(count.day, 0) + count.answers
    found = []
    for team in [*(team.name for team in settings.teams), ""]:
        for shift in [*(shift.name for shift in settings.shifts), ""]:
            days = done.get((team, shift), {})
            target = targets.get(team) if shift else None
            if days or target:
                found.append(PaceLine(team, shift, sum(days.values()), len(days), days.get(today, 0), target))
    return found


def small_teams(work: Sequence[WorkCount], names: Names, settings: BoardSettings) -> frozenset[str]:
    """Teams whose figures would be those of one or two people."""
    if not settings.teams:
        return frozenset()
    grouped = {login.casefold() for team in settings.teams for login in team.logins}
    accounts = [(count.person, names.account(count.person)) for count in work]
    rest = {names.name(person) for person, account in accounts if account is None or account.login not in grouped}
    sizes = {team.name: len(team.logins) for team in settings.teams} | {"": len(rest)}
    return frozenset(team for team, size in sizes.items() if size < settings.least_people)


def shift_of(hour: int, settings: BoardSettings) -> str:
    """Name of the shift an hour lies in; empty outside all."""
    return next((shift.name for shift in settings.shifts if shift.first <= hour < shift.last), "")


def by_day(work: Sequence[WorkCount], settings: BoardSettings, today: date, days: int) -> list[tuple[date, list[int]]]:
    """Answers by day, the oldest first and today last, and by shift; last those outside shifts."""
    shifts = [*(shift.name for shift in settings.shifts), ""]
    done: dict[tuple[date, str], int] = {}
    for count in work:
        key = count.day, shift_of(count.hour, settings)
        done[key] = done.get(key, 0) + count.answers
    listed = [today - timedelta(days=back) for back in reversed(range(days))]
    return [(day, [done.get((day, shift), 0) for shift in shifts]) for day in listed]


def people(
    work: Sequence[WorkCount],
    speeds: Sequence[Speed],
    blind: Sequence[BlindTally],
    inspected: Sequence[InspectedTally],
    *,
    names: Names,
    least: int,
) -> list[PersonLine]:
    """Everybody who answered a field, in the order of their names.

    Args:
        least: of fewer fields neither speed nor intervals are given.
    """
    found: dict[str, _Sums] = {}

    def sums(person: str) -> _Sums:
        return found.setdefault(names.name(person), _Sums())

    for count in work:
        own = sums(count.person)
        own.confirmed += count.confirmed
        own.corrected += count.corrected
        own.rekeyed += count.rekeyed
        own.learning_confirmed += count.learning_confirmed
        own.learning_corrected += count.learning_corrected
    for speed in speeds:
        own = sums(speed.person)
        own.timed += speed.answers
        own.seconds += speed.seconds
    for tally in blind:
        own = sums(tally.person)
        for name in own.blind:
            own.blind[name] += getattr(tally, name)
    for looked_at in inspected:
        own = sums(looked_at.person)
        own.inspected += looked_at.inspected
        own.wrong += looked_at.wrong

    def share(number: int, of: int) -> Share:
        return Share(number, of, exact_interval(number, of) if of >= least else None)

    def line(person: str, own: _Sums) -> PersonLine:
        agreed, right, wrong, waiting = own.blind.values()
        timed = own.timed >= least and own.seconds > 0
        confirmed, corrected = own.confirmed - own.learning_confirmed, own.corrected - own.learning_corrected
        return PersonLine(
            person=person,
            answers=own.confirmed + own.corrected + own.rekeyed,
            per_hour=3600 * own.timed / own.seconds if timed else None,
            timed=own.timed,
            corrected=share(corrected, confirmed + corrected - agreed),
            agreed=share(agreed, agreed + right + wrong + waiting),
            blind_errors=share(wrong, agreed + right + wrong),
            inspected_errors=share(own.wrong, own.inspected),
        )

    listed: list[PersonLine] = [line(person, own) for person, own in sorted(found.items(), key=_alphabetical)]
    return [each for each in listed if each.answers]


def _alphabetical(entry: tuple[str, _Sums]) -> tuple[str, str]:
    """Vietnamese lists go by the last word of a name."""
    person = person_key(entry[0])
    return person.rpartition(" ")[2], person
