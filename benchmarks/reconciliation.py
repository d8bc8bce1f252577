"""How well and how fast records are linked to a population extract, on an invented population with typical errors.

    python benchmarks/reconciliation.py [--persons 1000000] [--records 100000] [--seed 7] [--memory 2GB] [--out DIR]
    python benchmarks/reconciliation.py --persons 200000 --records 20000 --communes 20   # an extract of one district
    python benchmarks/reconciliation.py --fit 11 12 --persons 60000 --records 12000   # m and u, for weights.yaml

Population, extract and records come from extractor/training/texts/population.py; the rates of all errors are in
population.yaml beside it: twins, namesakes born in one year, persons missing from the extract, moved residences, places
renamed in 2025, swapped or wrong dates, lost tones, names left out. The weights were fitted on other seeds (--fit).

A link is a record given one person, whether it agrees (case 1) or differs (case 2). Precision: share of the links that
are right. Recall: share of the records whose person is in the extract that got the right link; a record that ends as
suspected (twin, doubled, alike) counts as missed. "Of single" leaves out births that were registered twice and persons
under two numbers, which only a person can decide. Side by side, each in a process of its own, on the same files:

- ``reconcile``: this project, from the files to the decided cases;
- ``exact``: the name without case and tone style and the whole date of birth, where only one person has both;
- ``splink``: the Splink library (version 5) with DuckDB, where it is installed (pip install splink; no dependency),
  given names without marks, dates, sex, papers and the commune of today, but not parents' years and other places.

Time is that of a process from start to end; memory the most it held, as the system counts it.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from extractor.exports.reconciliation.comparing import COMPARISONS, compare_levels
from extractor.exports.reconciliation.engine import Limits, working_database
from extractor.exports.reconciliation.linking import link
from extractor.exports.reconciliation.loading import load_population
from extractor.exports.reconciliation.names import name_key, name_sound
from extractor.exports.reconciliation.outcome import results_of
from extractor.exports.reconciliation.places import place_forms
from extractor.exports.reconciliation.profile import population_profile
from extractor.exports.reconciliation.roles import role_of
from extractor.exports.reconciliation.subjects import Subject, load_subjects
from extractor.exports.reconciliation.weights import default_weights
from extractor.training.texts.population import BookPerson, PopulationMaker
from extractor.vietnamese.gazetteer import communes

EXTRACT, BOOK = "extract.csv", "book.jsonl"

HEADERS = {
    "identity": "số định danh", "old_identity": "số CMND", "name": "họ tên", "birth": "ngày sinh", "sex": "giới tính",
    "ethnic_group": "dân tộc", "nationality": "quốc tịch", "birthplace": "nơi sinh", "origin": "quê quán",
    "residence": "nơi cư trú", "mother_name": "họ tên mẹ", "mother_birth": "năm sinh mẹ",
    "mother_identity": "số định danh mẹ", "father_name": "họ tên cha", "father_birth": "năm sinh cha",
    "father_identity": "số định danh cha", "spouse_name": "họ tên vợ chồng",
}  # fmt: skip


def make(folder: Path, persons: int, records: int, seed: int, homes: int = 0) -> int:
    """Write an extract and the persons of the records, in the order of a shuffled archive; returns the rows written.

    With ``homes`` all families live in so many neighbouring communes. Records are drawn at a rate that gives a little
    more than are asked for; the rest is left out.
    """
    everywhere = communes()
    first = Random(seed).randrange(max(1, len(everywhere) - homes))
    maker = PopulationMaker(Random(seed), records / persons, everywhere[first : first + homes])
    people: list[BookPerson] = []
    written = 0
    with (folder / EXTRACT).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(HEADERS))
        writer.writerow(HEADERS)
        for family in maker.families():
            writer.writerows(family.rows)
            people += family.people
            written += len(family.rows)
            if written >= persons:
                break
    Random(seed).shuffle(people)
    with (folder / BOOK).open("w", encoding="utf-8") as file:
        for person in people[:records]:
            line = asdict(person) | {"differs": sorted(person.differs)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return written


def read_book(folder: Path) -> Iterator[BookPerson]:
    """The persons of the records."""
    for line in (folder / BOOK).read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        year, month, day = told["born"]
        yield BookPerson(
            **told | {"born": (year, month, day), "differs": frozenset(told["differs"]), "also": tuple(told["also"])}
        )


def subject_of(person: BookPerson) -> Subject:
    """The subject that a record's columns would give."""
    register, role = person.role.split(".")
    return Subject(("book", person.record, 1), register, "", role_of(register, role), person.values, born=person.born)


Answers = list[tuple[str, str, str]]
"""Case, kind and identity number of each person of the records."""


def reconcile_way(folder: Path, limits: Limits) -> Answers:
    """Load, link and decide, as 'extractor reconcile' does."""
    started = time.perf_counter()
    subjects = dict(enumerate(subject_of(person) for person in read_book(folder)))
    with working_database(folder / "work", limits) as connection:
        load_population(connection, [folder / EXTRACT], population_profile("plain"), folder / "work")
        print(f"  loaded after {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        load_subjects(connection, subjects.items(), folder / "work")
        once = {number: s.register for number, s in subjects.items() if s.role.once and s.verifiable}
        links = link(connection, folder / "work", once)
        print(f"  linked after {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        return [(r.case.value, r.kind or "", r.identity) for r in results_of(connection, subjects, links)]


def exact_way(folder: Path, limits: Limits) -> Answers:
    """One person with the same name and date of birth, or nobody."""
    given = _by_key(
        folder,
        limits,
        lambda values: (name_key(values["name"]), values["birth"].replace("/", ".")),
        "SELECT b.n, any_value(p.identity) FROM book AS b JOIN person AS p USING (name, birth) "
        "GROUP BY b.n HAVING count(DISTINCT p.identity) = 1",
    )
    count = sum(1 for _ in read_book(folder))
    return [("match" if n in given else "not_found", "", given.get(n, "")) for n in range(count)]


def _by_key(
    folder: Path, limits: Limits, key: Callable[[Mapping[str, str]], tuple[str, str]], query: str
) -> dict[int, str]:
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{limits.memory}'; SET threads = {limits.threads}")
    with (folder / EXTRACT).open(encoding="utf-8", newline="") as file, (folder / "keys.csv").open("w") as keys:
        rows = csv.DictReader(file, list(HEADERS))
        next(rows)
        csv.writer(keys).writerows((row["identity"], *key(row)) for row in rows)
    with (folder / "book.csv").open("w") as keys:
        csv.writer(keys).writerows((n, *key(person.values)) for n, person in enumerate(read_book(folder)))
    for table, first in (("person", "identity"), ("book", "n")):
        kind = "VARCHAR" if first == "identity" else "INTEGER"
        name = "keys.csv" if first == "identity" else "book.csv"
        connection.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{folder / name}', header = false, auto_detect = false, "
            f"quote = '\"', columns = {{'{first}': '{kind}', 'name': 'VARCHAR', 'birth': 'VARCHAR'}})"
        )
    return dict(connection.execute(query).fetchall())


def splink_way(folder: Path, limits: Limits) -> Answers:
    """Splink as its documentation shows it: random u, m by expectation maximisation, frequencies of names."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    names = ("name", "mother_name", "father_name", "spouse_name")
    columns = ("unique_id", "sex", "birth", "year", "given", "paper", "home", *names)

    def row(number: str, values: Mapping[str, str]) -> list[str]:
        parts = values["birth"].replace(".", "/").split("/")
        born = "-".join(reversed(parts)) if len(parts) == 3 else ""
        bare = [name_sound(values.get(name, "")) for name in names]
        sex = {"Nam": "1", "Nữ": "2"}.get(values["sex"], values["sex"])
        home = place_forms(values.get("residence", "")).split(",")[0].split("\t")[0]
        return [number, sex, born, parts[-1], bare[0].split(" ")[-1], values.get("old_identity", ""), home, *bare]

    connection = duckdb.connect(str(folder / "splink.duckdb"))
    connection.execute(f"SET memory_limit = '{limits.memory}'; SET threads = {limits.threads}")
    with (folder / EXTRACT).open(encoding="utf-8", newline="") as file, (folder / "p.csv").open("w") as target:
        rows = csv.DictReader(file, list(HEADERS))
        next(rows)
        csv.writer(target).writerows(row(values["identity"], values) for values in rows)
    with (folder / "b.csv").open("w") as target:
        csv.writer(target).writerows(row(str(n), person.values) for n, person in enumerate(read_book(folder)))
    layout = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    for table, name in (("person", "p.csv"), ("book", "b.csv")):
        connection.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{folder / name}', header = false, auto_detect = false, "
            f"quote = '\"', columns = {{{layout}}})"
        )
    blocks = [
        block_on("name", "year"), block_on("birth", "given"), block_on("birth", "mother_name"),
        block_on("mother_name", "father_name", "year"), block_on("name", "mother_name"),
        block_on("name", "spouse_name"), block_on("paper"),
    ]  # fmt: skip
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            *(
                cl.JaroWinklerAtThresholds(name, [0.95, 0.88]).configure(term_frequency_adjustments=True)
                for name in names
            ),
            cl.DateOfBirthComparison("birth", input_is_string=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("paper"),
            cl.ExactMatch("home").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    api = DuckDBAPI(connection)
    tables = [api.register(table, dataset_display_name=f"{table}_in") for table in ("book", "person")]
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("name", "birth")], recall=0.85)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for block in (block_on("name", "birth"), block_on("mother_name", "father_name")):
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    found = linker.inference.predict(threshold_match_probability=0.5)
    best: dict[int, tuple[float, str]] = {}
    query = f"SELECT unique_id_l, unique_id_r, source_dataset_l, match_probability FROM {found.physical_name}"
    for left, right, source, probability in connection.execute(query).fetchall():
        number, identity = (left, right) if "book" in source else (right, left)
        best[int(number)] = max(best.get(int(number), (0.0, "")), (probability, identity))
    count = sum(1 for _ in read_book(folder))
    sure = {n: identity for n, (probability, identity) in best.items() if probability >= 0.99}
    return [("match" if n in sure else "not_found", "", sure.get(n, "")) for n in range(count)]


WAYS: dict[str, Callable[[Path, Limits], Answers]] = {
    "reconcile": reconcile_way,
    "exact": exact_way,
    "splink": splink_way,
}


def judge(people: Sequence[BookPerson], answers: Answers) -> dict[str, float]:
    """Precision and recall of the links, and the recall of records whose birth and person stand once only."""
    links = [(person, identity) for person, (_, _, identity) in zip(people, answers, strict=True) if identity]
    right = sum(identity in {person.identity, *person.also} - {""} for person, identity in links)
    there = sum(bool(person.identity) for person in people)
    single = [
        bool(identity) and identity == person.identity
        for person, (_, _, identity) in zip(people, answers, strict=True)
        if true_case(person) in ("match", "differs")
    ]
    return {
        "records": len(people),
        "links": len(links),
        "wrong": len(links) - right,
        "precision": right / max(1, len(links)),
        "recall": right / max(1, there),
        "recall_single": sum(single) / max(1, len(single)),
    }


def true_case(person: BookPerson) -> str:
    """The case as truth has it; ``doubled`` where book or extract has the person twice, which nobody can resolve."""
    if not person.identity:
        return "not_found"
    if person.doubled or person.also:
        return "doubled"
    return "differs" if person.differs else "match"


def confusion(people: Sequence[BookPerson], answers: Answers) -> dict[str, dict[str, int]]:
    """How often each true case was given which answer; a link to somebody else is ``wrong person``."""
    counts: dict[str, Counter[str]] = {}
    for person, (case, _, identity) in zip(people, answers, strict=True):
        wrong = identity and identity not in {person.identity, *person.also}
        counts.setdefault(true_case(person), Counter())["wrong person" if wrong else case] += 1
    return {case: dict(sorted(count.items())) for case, count in sorted(counts.items())}


def fit(seeds: Sequence[int], persons: int, records: int, limits: Limits) -> dict[str, list[tuple[float, float]]]:
    """Count m and u of every level of every comparison, on true pairs and on pairs drawn at random."""
    counts = {name: (Counter[int](), Counter[int]()) for name in COMPARISONS}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "work"
            make(Path(temporary), persons, records, seed)
            people = list(read_book(Path(temporary)))
            with working_database(folder, limits) as connection:
                load_population(connection, [Path(temporary) / EXTRACT], population_profile("plain"), folder)
                load_subjects(connection, enumerate(subject_of(person) for person in people), folder)
                truth = folder / "truth.csv"
                truth.write_text("".join(f"{n},{p.identity}\n" for n, p in enumerate(people) if p.identity), "utf-8")
                same = f"""SELECT t.s, p.id AS p FROM read_csv('{truth}', header = false,
                    columns = {{'s': 'INTEGER', 'identity': 'VARCHAR'}}) AS t JOIN person AS p USING (identity)"""
                other = f"""SELECT s.id AS s, p.id AS p FROM
                    (SELECT id FROM subject USING SAMPLE reservoir(2000 ROWS) REPEATABLE ({seed})) AS s,
                    (SELECT id FROM person USING SAMPLE reservoir(1000 ROWS) REPEATABLE ({seed})) AS p"""
                for side, pairs in enumerate((same, other)):
                    connection.execute(f"CREATE OR REPLACE TABLE pair AS {pairs}")
                    compare_levels(connection, default_weights(), folder)
                    for name in COMPARISONS:
                        rows = connection.execute(f"SELECT l_{name}, count(*) FROM compared GROUP BY 1").fetchall()
                        counts[name][side].update({int(level): int(number) for level, number in rows if level >= 0})
    return {
        name: [
            tuple(side[level] / max(1, side.total()) for side in counts[name])
            for level in range(len(default_weights().comparisons[name]))
        ]
        for name in COMPARISONS
    }


def run_way(way: str, folder: Path, limits: Limits) -> dict[str, Any] | None:
    """Run one way in a process of its own; none where its library is missing."""
    command = [sys.executable, __file__, "--way", way, "--work", str(folder), "--memory", limits.memory]
    command += ["--threads", str(limits.threads)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode == 3:
        return None
    if ended.returncode:
        raise SystemExit(f"{way} failed")
    told: dict[str, Any] = json.loads((folder / f"{way}.json").read_text(encoding="utf-8"))
    return told


def work(way: str, folder: Path, limits: Limits) -> None:
    """Be the child process: answer, and tell time and memory."""
    started = time.perf_counter()
    try:
        answers = WAYS[way](folder, limits)
    except ImportError as error:
        print(f"  left out: {error}", file=sys.stderr)
        raise SystemExit(3) from None
    told = {
        "seconds": time.perf_counter() - started,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "answers": answers,
    }
    (folder / f"{way}.json").write_text(json.dumps(told), encoding="utf-8")


def compare(folder: Path, limits: Limits, ways: Sequence[str]) -> dict[str, Any]:
    """All ways on the same files, with a table to read."""
    people = list(read_book(folder))
    report: dict[str, Any] = {}
    table = Table("way", "persons", "links", "wrong", "precision", "recall", "of single", "seconds", "MB")
    for way in ways:
        print(f"{way} ...", file=sys.stderr, flush=True)
        told = run_way(way, folder, limits)
        if told is None:
            table.add_row(way, "-", "-", "-", "not installed")
            continue
        answers = [(case, kind, identity) for case, kind, identity in told["answers"]]
        roles = sorted({person.role for person in people})
        by_role = {}
        for role in roles:
            chosen = [index for index, person in enumerate(people) if person.role == role]
            by_role[role] = judge([people[index] for index in chosen], [answers[index] for index in chosen])
        whole = judge(people, answers)
        report[way] = {
            **whole, "seconds": told["seconds"], "megabytes": told["megabytes"], "by_role": by_role,
            "cases": confusion(people, answers), "kinds": dict(Counter(kind for _, kind, _ in answers if kind)),
        }  # fmt: skip
        for name, figures in ((way, whole), *((f"  {role}", figures) for role, figures in by_role.items())):
            end = (f"{told['seconds']:.0f}", f"{told['megabytes']:.0f}") if name == way else ("", "")
            shares = (f"{figures[share]:.3%}" for share in ("precision", "recall", "recall_single"))
            table.add_row(name, *(str(figures[count]) for count in ("records", "links", "wrong")), *shares, *end)
    Console(width=120).print(table)
    if "reconcile" in report:
        given = ("match", "differs", "not_found", "suspected", "wrong person")
        cases = Table("true case", *given)
        for case, counts in report["reconcile"]["cases"].items():
            cases.add_row(case, *(str(counts.get(name, 0)) for name in given))
        Console(width=120).print(cases)
    return report


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--communes", type=int, default=0, help="families live in so many neighbouring communes only")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--fit", type=int, nargs="*", default=[], metavar="SEED")
    parser.add_argument("--out", type=Path, help="folder that gets reconciliation.json")
    parser.add_argument("--work", type=Path, help="folder for the files, kept; files that are there are used again")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    limits = Limits(options.memory, options.threads)
    if options.way:
        work(options.way, options.work, limits)
        return
    if options.fit:
        for name, levels in fit(options.fit, options.persons, options.records, limits).items():
            print(name)
            for level, (m, u) in zip(default_weights().comparisons[name], levels, strict=True):
                print(f"  {level.level}: m {m:.5f}, u {u:.2e}")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / BOOK).exists():
            started = time.perf_counter()
            rows = make(folder, options.persons, options.records, options.seed, options.communes)
            print(f"made {rows} persons in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        report = compare(folder, limits, options.ways)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"options": {k: str(v) for k, v in vars(options).items()}, "ways": report}, indent=1)
        (options.out / "reconciliation.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
