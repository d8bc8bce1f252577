"""What a Ray cluster costs and what it survives, beside plain processes on the same pages in one run.

    python benchmarks/cluster.py --work DIR [--pages 24] [--workers 2] [--lose worker machine head join] [--seed 1]

Draws a book of invented people, reads it with plain worker processes and with a cluster of as many machines with a
processor each, all on this machine, and compares: pages a minute, and ``records.jsonl`` byte by byte. Then, for each of
``--lose``, a run on a cluster in the middle of which a worker, a machine or the head is killed, or with ``join``
another machine is added, which has to get work; where the run ends, the same command is given again on a new cluster.
Whatever happened, the records must be the same bytes, and each page must be there once.

The time is that of the whole command; the rate "once warm" is that from the first page of each worker to the last page,
without starts and what is written at the end. On one machine the cluster shares its processors with Ray's own
processes, so that the overhead is an upper bound for real machines.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from extractor.records import BookKey
from extractor.training.synth import render_book

_ROOT = Path(__file__).resolve().parents[1]
_LOSSES = ("worker", "machine", "head", "join")
_MEMORY = 200 * 2**20
_COMMAND = [sys.executable, "-c", "from extractor.cli import main; main()"]


def draw(folder: Path, pages: int, seed: int) -> None:
    """Draw books of a page a record."""
    if (folder / "done").is_file():
        return
    for number in range(0, pages, 8):
        render_book(
            folder / f"{number:03d}", "ks-2016", seed=seed * 1000 + number, strength=2.0, printed=(), camera=False,
            records=min(8, pages - number), book=BookKey(year="2017", number=f"{number // 8 + 1:02d}"),
        )  # fmt: skip
    (folder / "done").touch()


@contextmanager
def cluster(machines: int) -> Iterator[Any]:
    """A head that reads nothing, and machines with a processor each."""
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = str(_ROOT)
    made = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": _MEMORY}
    )
    try:
        made.machines = [made.add_node(num_cpus=1, object_store_memory=_MEMORY) for _ in range(machines)]
        yield made
    finally:
        made.shutdown()


def start(inputs: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Start a run."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    return subprocess.Popen(
        [*_COMMAND, "run", str(inputs), "--out", str(out), "--quiet", "--certificate", "none", *more],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def records(out: Path) -> bytes:
    """What the run found."""
    return (out / "records.jsonl").read_bytes()


def rate_once_warm(out: Path, workers: int) -> float:
    """Pages a minute from the first page of each worker to the last page."""
    kept = sorted(page.stat().st_mtime for page in (out / "pages").glob("*.json"))
    return 60 * (len(kept) - workers) / (kept[-1] - kept[workers - 1])


def workers_of() -> list[int]:
    """Processes of page workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"ray::PageWorker" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def lose(what: str, made: Any) -> str:
    """Kill something of a cluster; says what."""
    if what == "worker":
        victims = workers_of()
        os.kill(victims[0], signal.SIGKILL)
        return f"one of {len(victims)} workers"
    if what == "machine":
        made.remove_node(made.machines[0], allow_graceful=False)
        return f"one of {len(made.machines)} machines"
    if what == "join":
        made.machines.append(made.add_node(num_cpus=1, object_store_memory=_MEMORY))
        return f"nothing: a machine joined {len(made.machines) - 1} other"
    made.head_node.kill_gcs_server()
    made.head_node.kill_raylet()
    return "the head"


def survive(what: str, inputs: Path, out: Path, pages: int, machines: int) -> tuple[str, int]:
    """Lose something once a third of the pages is read; gives what was told of it, and how many runs it took."""
    shutil.rmtree(out, ignore_errors=True)
    told = ""
    machines = max(1, machines - 1) if what == "join" else machines
    for runs in range(1, 6):
        most = 0
        with cluster(machines) as made:
            process = start(inputs, out, "--cluster", made.address)
            while not told and process.poll() is None:
                if len(list((out / "pages").glob("*.json"))) >= pages // 3:
                    told = lose(what, made)
                most = max(most, len(workers_of()))
                time.sleep(0.2)
            while process.poll() is None:
                most = max(most, len(workers_of()))
                time.sleep(0.2)
            _, said = process.communicate()
            if process.returncode in (0, 3):
                if what == "join" and most <= machines:
                    raise SystemExit("the machine that joined got no worker")
                return told, runs
            Console(stderr=True).print(f"run {runs} ended with {process.returncode}: {said.strip()[-300:]}")
    raise SystemExit(f"{what}: five runs did not come to an end")


def main() -> None:
    """Read, compare, lose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lose", nargs="*", choices=_LOSSES, default=_LOSSES)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")
    inputs, shown = given.work / "books", Console(width=140)
    draw(inputs, given.pages, given.seed)
    table = Table("read by", "seconds", "pages a minute", "once warm", "records as with plain processes")
    plain, many = given.work / "plain", given.work / "cluster"
    for out in (plain, many):
        shutil.rmtree(out, ignore_errors=True)
    times, rates = {}, {}
    with cluster(given.workers) as made:
        for name, out, more in (
            ("plain processes", plain, ("--workers", str(given.workers))),
            ("cluster", many, ("--cluster", made.address, "--workers", str(given.workers))),
        ):
            began = time.monotonic()
            if start(inputs, out, *more).wait() not in (0, 3):
                raise SystemExit(f"{name}: the run failed")
            times[name] = time.monotonic() - began
            rates[name] = rate_once_warm(out, given.workers)
            same = "yes" if records(out) == records(plain) else "NO"
            whole = f"{60 * given.pages / times[name]:.1f}"
            table.add_row(f"{given.workers} {name}", f"{times[name]:.0f}", whole, f"{rates[name]:.1f}", same)
    shown.print(table)
    over = 100 * (times["cluster"] / times["plain processes"] - 1)
    warm = 100 * (rates["plain processes"] / rates["cluster"] - 1)
    shown.print(f"overhead of the cluster: {over:+.1f} % of the time of plain processes, {warm:+.1f} % once warm")
    lost = Table("lost in the middle", "runs until done", "pages, each once", "records as with plain processes")
    found = {}
    for what in given.lose:
        out = given.work / f"lost-{what}"
        told, runs = survive(what, inputs, out, given.pages, given.workers)
        keys = [(row["file"], row["page"], row.get("record")) for row in map(json.loads, records(out).splitlines())]
        once = len(keys) == len(set(keys)) == len(records(plain).splitlines())
        found[what] = once and records(out) == records(plain)
        lost.add_row(told, str(runs), "yes" if once else "NO", "yes" if records(out) == records(plain) else "NO")
    if found:
        shown.print(lost)
    if records(many) != records(plain) or not all(found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
