"""How many machines and people a number of records takes by a day, and which link is the weakest.

    python benchmarks/plan.py [--records 1457884] [--days 120] [--servers 1] [--set name=value ...]

Nothing is measured here: the figures in ``plan.yaml`` say which benchmark or assumption each of them comes from, and
``--set`` puts others in their place. Prices are not known to anybody but the buyer, so that costs come in hours of
cores and people unless ``--core-hour`` and ``--person-hour`` say what one costs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from option_numbers import above_nothing, count, from_nothing
from rich.console import Console
from rich.table import Table

FIGURES = Path(__file__).with_name("plan.yaml")
_HOUR, _DAY = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a number of records comes to.

    Args:
        pages: pages to read.
        core_hours: processor hours for reading, idle time included.
        giving_out_hours: processor hours of the servers: pages taken back, and each run's way along the books.
        cores: cores that read all day, for the days that were asked for.
        memory_gb: of all workers together.
        person_hours: hours people look at fields.
        people: at once, in three shifts a day.
        scans_tb: of the scans.
        kept_tb: of what is kept besides.
        database_gb: of all databases together.
        rows: fields in all databases together.
        limits: records a day that each link carries, with the cores and people above; the least is the weakest.
    """

    pages: float
    core_hours: float
    giving_out_hours: float
    cores: int
    memory_gb: float
    person_hours: float
    people: int
    scans_tb: float
    kept_tb: float
    database_gb: float
    rows: float
    limits: Mapping[str, float]

    @property
    def weakest(self) -> str:
        """The link that carries least."""
        return min(self.limits, key=self.limits.__getitem__)


def load_figures(path: Path = FIGURES) -> dict[str, float]:
    """The figures by name."""
    return {name: float(entry["value"]) for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def plan(
    figures: Mapping[str, float], records: float, days: float, servers: int, *, cores: int = 0, people: int = 0
) -> Plan:
    """Reckon.

    Args:
        figures: as in ``plan.yaml``.
        records: above 0.
        days: for reading and for people, who begin with the first books that are read.
        servers: machines with a database and output folders; one folder for each commune or so.
        cores: cores at hand; as many as the days ask for where it is 0.
        people: people at hand at one time, the same.
    """
    pages = records / figures["records_a_page"]
    cpu = pages * figures["read_cpu_seconds_a_page"] / (1.0 - figures["unused_share"])
    cores = cores or max(1, math.ceil(cpu / (days * _DAY)))
    fields = records * figures["fields_a_record"]
    own = pages * figures["giving_out_cpu_seconds_a_page"]
    own += records * figures["concluding_cpu_seconds_a_record"] * figures["runs_a_folder"]
    answers = fields * ((1.0 - figures["accepted_share"]) + figures["answered_twice_share"])
    person_seconds = answers * figures["seconds_an_answer"]
    at_work = 3 * figures["shift_hours"] * _HOUR  # seconds a day in which one seat is taken
    people = people or max(1, math.ceil(person_seconds / (days * at_work)))
    limits = {
        "reading": records * cores * _DAY / cpu,
        "giving out the work": records * servers * figures["server_cores"] * _DAY / own,
        "answers of the database": servers * figures["answers_a_second"] * at_work * records / answers,
        "people": records * people * at_work / person_seconds,
    }
    return Plan(
        pages=pages,
        core_hours=cpu / _HOUR,
        giving_out_hours=own / _HOUR,
        cores=cores,
        memory_gb=cores * figures["worker_memory_mb"] / 1000,
        person_hours=person_seconds / _HOUR,
        people=people,
        scans_tb=pages * figures["scan_mb_a_page"] / 1e6,
        kept_tb=pages * figures["kept_mb_a_page"] / 1e6,
        database_gb=records * figures["database_kb_a_record"] / 1e6,
        rows=fields,
        limits=limits,
    )


def main() -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=above_nothing, nargs="+", default=[1_457_884, 100_000_000])
    parser.add_argument(
        "--days", type=above_nothing, nargs="+", default=[120, 365], help="one for each number of records"
    )
    parser.add_argument("--servers", type=count(), nargs="+", default=[1, 34], help="the same: servers of databases")
    parser.add_argument("--cores", type=count(0), default=0, help="cores at hand; without it those the days ask for")
    parser.add_argument("--people", type=count(0), default=0, help="people at hand at one time, the same")
    parser.add_argument("--cores-a-node", type=count(), default=16)
    parser.add_argument("--set", dest="other", nargs="+", default=[], metavar="NAME=VALUE", help="other figures")
    parser.add_argument("--core-hour", type=from_nothing, help="price of an hour of a core")
    parser.add_argument("--person-hour", type=from_nothing, help="price of an hour of a person, in the same money")
    asked = parser.parse_args()
    if not len(asked.records) == len(asked.days) == len(asked.servers):
        parser.error("--records, --days and --servers need as many values each")
    figures = load_figures()
    for item in asked.other:
        name, _, value = item.partition("=")
        if name not in figures:
            parser.error(f"--set {name}: no such figure; there are {', '.join(figures)}")
        try:
            figures[name] = from_nothing(value)
        except argparse.ArgumentTypeError as error:
            parser.error(f"--set {name}: {error}")
        if name.endswith("_share") and figures[name] > 1:
            parser.error(f"--set {name}: {value!r} is no share from 0 to 1")
    try:
        plans = [
            plan(figures, records, days, servers, cores=asked.cores, people=asked.people)
            for records, days, servers in zip(asked.records, asked.days, asked.servers, strict=True)
        ]
    except (ZeroDivisionError, OverflowError):
        parser.error("figures beyond all measure: work takes more than nothing and less than for ever")
    table = Table("", *(f"{records:,.0f} records" for records in asked.records))
    for label, values in _rows(plans, asked):
        table.add_row(label, *values)
    Console(width=110).print(table)


def _rows(plans: list[Plan], asked: argparse.Namespace) -> list[tuple[str, list[str]]]:
    each: list[tuple[str, Any]] = [
        ("days", [f"{days:g}" for days in asked.days]),
        ("servers, each with a database", [f"{servers:,}" for servers in asked.servers]),
        ("core-hours of reading", [f"{item.core_hours:,.0f}" for item in plans]),
        ("cores that read all day", [f"{item.cores:,}" for item in plans]),
        (f"nodes of {asked.cores_a_node} cores", [f"{math.ceil(item.cores / asked.cores_a_node):,}" for item in plans]),
        ("memory of all workers, GB", [f"{item.memory_gb:,.1f}" for item in plans]),
        ("core-hours of the servers", [f"{item.giving_out_hours:,.0f}" for item in plans]),
        ("hours of people", [f"{item.person_hours:,.0f}" for item in plans]),
        ("people at once, three shifts a day", [f"{item.people:,}" for item in plans]),
        ("scans, TB", [f"{item.scans_tb:,.1f}" for item in plans]),
        ("kept besides, TB", [f"{item.kept_tb:,.1f}" for item in plans]),
        ("databases in all, GB", [f"{item.database_gb:,.0f}" for item in plans]),
        ("fields in all, million", [f"{item.rows / 1e6:,.0f}" for item in plans]),
    ]
    each += [(f"records a day: {link}", [f"{item.limits[link]:,.0f}" for item in plans]) for link in plans[0].limits]
    each.append(("weakest link", [item.weakest for item in plans]))
    if asked.core_hour is not None:
        each.append(("price of reading", [f"{item.core_hours * asked.core_hour:,.0f}" for item in plans]))
    if asked.person_hour is not None:
        each.append(("price of people", [f"{item.person_hours * asked.person_hour:,.0f}" for item in plans]))
    return each


if __name__ == "__main__":
    main()
