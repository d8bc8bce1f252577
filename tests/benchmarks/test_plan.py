"""The plan of machines and people: it follows its figures, and names the link that carries least."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def planning():
    folder = str(ROOT / "benchmarks")
    sys.path.append(folder)
    try:
        import plan
    finally:
        sys.path.remove(folder)
    return plan


def test_machines_and_people_follow_from_the_figures(planning):
    figures = planning.load_figures()
    whole = planning.plan(figures, 1_000_000, 100, 1)
    assert whole.limits["reading"] >= 1_000_000 / 100
    assert whole.limits["people"] >= 1_000_000 / 100
    slow = planning.plan({**figures, "read_cpu_seconds_a_page": 100 * figures["read_cpu_seconds_a_page"]}, 1e6, 100, 1)
    assert slow.core_hours == pytest.approx(100 * whole.core_hours)
    assert slow.cores > 50 * whole.cores
    assert slow.person_hours == whole.person_hours
    certified = planning.plan({**figures, "accepted_share": 0.5}, 1e6, 100, 1)
    assert certified.person_hours == pytest.approx(whole.person_hours * 0.55 / 1.05)


@pytest.mark.parametrize(
    ("cores", "people", "servers", "weakest"),
    [(1, 10_000, 100, "reading"), (10_000, 1, 100, "people"), (100_000, 1_000_000, 1, "answers of the database")],
)
def test_the_weakest_link_is_named(planning, cores, people, servers, weakest):
    figures = planning.load_figures() | {"runs_a_folder": 0}
    assert planning.plan(figures, 1e7, 100, servers, cores=cores, people=people).weakest == weakest


def test_every_figure_says_where_it_comes_from(planning):
    import yaml

    for name, entry in yaml.safe_load(planning.FIGURES.read_text(encoding="utf-8")).items():
        assert entry["from"], name
        assert entry["unit"], name


def test_a_figure_that_is_not_there_is_refused():
    command = [sys.executable, str(ROOT / "benchmarks" / "plan.py"), "--set", "shift=5"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert "no such figure" in ended.stderr


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--days", "0", "365"), "--days"),
        (("--records", "-4", "1"), "--records"),
        (("--servers", "0", "1"), "--servers"),
        (("--set", "unused_share=2"), "unused_share"),
        (("--set", "unused_share=1"), "beyond all measure"),
        (("--people", "9" * 400), "--people"),
        (("--set", "records_a_page=1e-320"), "beyond all measure"),
        (("--set", "seconds_an_answer=nan"), "seconds_an_answer"),
    ],
)
def test_numbers_that_plan_nothing_are_refused(planning, monkeypatch, capsys, given, named):
    monkeypatch.setattr(sys, "argv", ["plan.py", *given])
    with pytest.raises(SystemExit) as ended:
        planning.main()
    assert ended.value.code == 2
    assert named in capsys.readouterr().err.rsplit("error:")[-1]
