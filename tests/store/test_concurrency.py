"""Many at once, and processes that die in the middle."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter

from extractor.records import Decision
from extractor.store import QueueEmpty, Store

WORKER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from extractor.store import QueueEmpty, Store

    url, key_file, person = sys.argv[1:]
    with Store.open(url, audit_key_file=Path(key_file)) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        while not isinstance(task := store.claim(person), QueueEmpty):
            store.decide(task, task.token, person=person, raw=f"{person} {task.id}", value=None)
            print(task.field_id, flush=True)
    """
)


def start(database, person):
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, database.url, str(database.key_file), person],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "ready\n"
    return worker


def fill(store, result, pages):
    for page in range(1, pages + 1):
        store.save_page(result(page=page))


def test_threads_never_get_the_same_field(store, result):
    fill(store, result, 8)
    claimed, errors = [], []

    def work(person):
        try:
            while not isinstance(task := store.claim(person), QueueEmpty):
                claimed.append(task.id)
                store.decide(task, task.token, person=person, raw=task.field.raw, value=task.field.value)
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"Thử {number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert max(Counter(claimed).values()) == 1
    assert len(claimed) == 24
    assert store.status().review == 0
    assert store.verify_audit().ok


def test_processes_never_get_the_same_field(store, database, result):
    fill(store, result, 8)
    workers = [start(database, f"Thử {number}") for number in range(3)]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    done = [line for worker in workers for line in worker.communicate()[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert len(done) == len(set(done)) == 24
    assert store.verify_audit().ok


def test_killing_a_worker_loses_no_acknowledged_decision(store, database, result):
    fill(store, result, 30)
    worker = start(database, "Thử Một")
    worker.stdin.write("go\n")
    worker.stdin.flush()
    acknowledged = [int(worker.stdout.readline()) for _ in range(15)]
    os.kill(worker.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in worker.communicate()[0].split("\n")[:-1]]
    with Store.open(database.url, audit_key_file=database.key_file) as after:
        for field_id in acknowledged:
            assert [entry.action for entry in after.history(field_id)] == ["correct"]
            assert after.field_context(field_id).field.decision is Decision.CORRECTED
        assert after.status().corrected - len(acknowledged) in (0, 1)  # at most the one it had no time to report
        assert after.verify_audit().ok
        # Its last claim frees itself; the work goes on.
        assert after.claim("Thử Hai").person == "Thử Hai"


def test_people_decide_while_the_machine_saves(store, result):
    fill(store, result, 6)
    errors = []

    def save():
        try:
            for version in ("v2", "v3", "v4"):
                for page in range(1, 7):
                    store.save_page(result(page=page, version=version))
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    def decide():
        try:
            while not isinstance(task := store.claim("Thử Một"), QueueEmpty):
                store.decide(task, task.token, person="Thử Một", raw="x", value="x")
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work) for work in (save, decide)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A field whose page is being saved is passed over for that moment, so the queue may have looked empty too early.
    decide()
    assert errors == []
    assert store.status().corrected == 18
    assert store.verify_audit().ok


def test_two_processes_may_open_a_new_database_at_once(empty_database):
    database = empty_database
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, database.url, str(database.key_file), "Thử Một"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outcomes = [(worker.communicate(), worker.returncode) for worker in workers]
    assert [code for _, code in outcomes] == [0, 0], outcomes


def test_the_same_page_saved_by_several_at_once_is_stored_once(store, result):
    news, errors = [], []

    def save():
        try:
            news.append(store.save_page(result()))
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(news) == [False, False, False, True]
    assert store.status().records == 1
