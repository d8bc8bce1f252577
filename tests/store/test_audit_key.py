"""The audit key is made once, however many open a new database at the same moment."""

import threading

from extractor.store.audit import load_or_make_key


def test_all_who_ask_at_once_get_the_same_key(tmp_path):
    for round_ in range(30):
        path, keys, start = tmp_path / f"key-{round_}", [], threading.Barrier(6)

        def ask(path=path, keys=keys, start=start):
            start.wait()
            keys.append(load_or_make_key(path))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(keys) == 6
        assert set(keys) == {bytes.fromhex(path.read_text())}
        assert path.stat().st_mode & 0o077 == 0
    assert all(path.name.startswith("key-") for path in tmp_path.iterdir()), "no unfinished key is left behind"
