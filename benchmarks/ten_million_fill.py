"""A store of invented fields in any number, written by the database itself.

Everything follows from the number of the field, so that two databases of one size hold the same. Books have 50 records
with one page each, records 25 fields. Of all fields the machine settled 55 of 100 (one field in a hundred is drawn for
blind re-keying), the others wait or were settled by one of forty people: all of the first two fifths of the books, and
one in six elsewhere. Settled fields have their history, their events of the audit chain and the note of who saw them;
lengths are those of the demonstration's rows. The events link to nothing: the chain of such a store is not valid.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, text

RECORDS_A_BOOK, FIELDS_A_RECORD, PEOPLE = 50, 25, 40
HELD = 200
"""Fields that others hold at any moment."""

_AT_ONCE = 500_000
_START = 1_750_000_000
"""Seconds since 1970 of the first answer."""

_QUEUE = "SELECT id FROM task WHERE status = 'open' ORDER BY key_rank, ease, id"

RARE = "rare"
"""A kind of which one field in 25,000 is."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the people are: what waits of the fields that the machine left to them.

    Args:
        done: share of the books, in their order, that are done.
        few: whether hardly any field of the others waits either.
        put_off: how many of the first fields of the queue each of eight people put off.
        anew: whether the queue is written anew, or is that of the state before with what was put off in it.
    """

    name: str
    done: float
    few: bool = False
    put_off: int = 0
    anew: bool = True


STATES = (
    State("nearly full", 0.0),
    State("half done", 0.4),
    State("20,000 put off by each", 0.4, put_off=20_000, anew=False),
    State("almost empty", 0.4, few=True),
    State("all that is left put off", 0.4, few=True, put_off=1_000_000, anew=False),
)


class Filler:
    """Fills one database; the store made its tables before."""

    def __init__(self, engine: Engine, fields: int, *, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._say = say
        self.records = max(1, fields // FIELDS_A_RECORD)
        self.books = -(-self.records // RECORDS_A_BOOK)
        self._one_in = max(1, fields // 500)
        """Of the fields that wait otherwise, one in so many is among the few."""
        self._postgres = engine.dialect.name == "postgresql"

    def fill(self) -> None:
        """Write all tables but the queue."""
        self._books()
        self._pages()
        fields = self.records * FIELDS_A_RECORD
        for first in range(1, fields + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, fields)
            self._do(self._fields(first, last))
            self._do(self._decisions(first, last))
            self._say(f"{last:,} fields")
        self._do(self._events())
        self._inspection()
        if self._postgres:
            for table, key in (
                ("book", "id"), ("source_file", "id"), ("page", "id"), ("record", "id"), ("field", "id"),
                ("decision", "id"), ("task", "id"), ("inspection", "id"), ("inspected_record", "id"),
                ("inspected_field", "id"),
            ):  # fmt: skip
                self._do(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), {2 * fields + 1000})")
        self.analyse()

    def queue(self, state: State) -> None:
        """Bring the queue into this state."""
        if state.anew:
            self._queue_anew(state)
        if state.put_off:
            self._do(
                "INSERT INTO task_skip (task_id, person, at) "
                f"SELECT q.id, 'Thử Người ' || p.i, {self._at(f'{_START} + q.id')} "
                f"FROM ({_QUEUE} LIMIT {state.put_off}) q, {self._numbers(0, 7, 'p')} ON CONFLICT DO NOTHING"
                if self._postgres
                else "INSERT OR IGNORE INTO task_skip (task_id, person, at) "
                f"SELECT q.id, 'Thử Người ' || p.i, {self._at(f'{_START} + q.id')} "
                f"FROM ({_QUEUE} LIMIT {state.put_off}) q, {self._numbers(0, 7, 'p')}"
            )
        self.analyse("task", "task_seen", "task_skip")

    def _queue_anew(self, state: State) -> None:
        if self._postgres:
            self._do("TRUNCATE task, task_seen, task_skip")
        else:
            for table in ("task_seen", "task_skip", "task"):
                self._do(f"DELETE FROM {table}")
        fields = self.records * FIELDS_A_RECORD
        for first in range(1, fields + 1, _AT_ONCE):
            self._do(self._tasks(state, first, min(first + _AT_ONCE - 1, fields)))
            self._say(f"queue: fields from {first:,}")
        self._do(
            "INSERT INTO task_seen (task_id, person) SELECT t.id, f.person FROM task t JOIN field f ON f.id = t.id "
            "WHERE t.status = 'done' AND f.person <> ''"
        )
        # Others hold the very first of the queue.
        self._do(
            f"UPDATE task SET person = 'Người khác', token = 2, leased_until = {self._at('4000000000')} "
            f"WHERE id IN ({_QUEUE} LIMIT {min(20 if state.few else HELD, self.records // 10)})"
        )

    def analyse(self, *tables: str) -> None:
        """Let the database look at what it holds, as its own service would have done by then."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (ANALYZE) {', '.join(tables)}" if self._postgres else "ANALYZE"))

    def _do(self, statement: str) -> None:
        with self._engine.begin() as connection:
            if self._postgres:
                # The keys between the tables are right by their making; to look up ten million takes an hour.
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text("SET LOCAL synchronous_commit = off"))
            # Straight to the driver, which then looks for no parameters in it.
            connection.connection.cursor().execute(statement)

    def _numbers(self, first: int, last: int, name: str = "n") -> str:
        if self._postgres:
            return f"generate_series({first}, {last}) AS {name}(i)"
        return (
            f"(WITH RECURSIVE c(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM c WHERE i < {last}) "
            f"SELECT i FROM c) AS {name}"
        )

    def _at(self, seconds: str) -> str:
        return f"to_timestamp({seconds})" if self._postgres else f"(datetime({seconds}, 'unixepoch') || '.000000')"

    def _json(self, value: str) -> str:
        return f"CAST({value} AS JSON)" if self._postgres else value

    def _wide(self, number: str) -> str:
        return f"lpad(CAST({number} AS TEXT), 64, '0')" if self._postgres else f"printf('%064d', {number})"

    def _book_of(self, record: str) -> str:
        return f"(({record} - 1) / {RECORDS_A_BOOK} + 1)"

    def _books(self) -> None:
        n = self._numbers(1, self.books)
        wide = "lpad(CAST(i AS TEXT), 9, '0')" if self._postgres else "printf('%09d', i)"
        self._do(
            "INSERT INTO book (id, register, year, number, agency, commune, district, province) "
            f"SELECT i, 'KS', CAST(1965 + i % 50 AS TEXT), {wide}, 'UBND xã ' || i % 300, 'Xã ' || i % 300, "
            f"'Huyện ' || i % 12, 'Tỉnh Thử' FROM {n}"
        )
        self._do(
            "INSERT INTO source_file (id, path, sort_key, sha256) "
            f"SELECT i, 'so-' || {wide} || '.pdf', 'so-' || {wide}, {self._wide('i')} FROM {n}"
        )

    def _pages(self) -> None:
        n = self._numbers(1, self.records)
        book = self._book_of("i")
        registration = self._json("'" + json.dumps(_REGISTRATION) + "'")
        matrix = self._json("'" + json.dumps([0.98765432109, 0.0123456789, 12.3456789] * 3) + "'")
        self._do(
            "INSERT INTO page (id, file_id, book_id, page, sha256, width, height, image, image_to_source, "
            "pipeline_version, form, form_version, registration, status, stored_at) "
            f"SELECT i, {book}, {book}, (i - 1) % {RECORDS_A_BOOK} + 1, {self._wide('i')}, 1654, 2339, "
            f"'pages/00/' || i || '-00000000000000.jpg', {matrix}, 'v1-0123456789ab', 'ks-2016', '0123456789', "
            f"{registration}, 'read', {self._at(f'{_START} - 86400')} FROM {n}"
        )
        self._do(
            "INSERT INTO record (id, page_id, number, form, form_version, registration) "
            f"SELECT i, i, 1, 'ks-2016', '0123456789', {registration} FROM {n}"
        )

    def _hash(self, number: str) -> str:
        return f"(({number} * CAST(2654435761 AS BIGINT)) % 4294967296)"

    def _decided(self, record: str, number: str) -> str:
        """Whether people settled a field that the machine left to them."""
        return f"({self._book_of(record)} <= {int(self.books * 0.4)} OR {self._hash(number)} / 4096 % 6 = 0)"

    def _fields(self, first: int, last: int) -> str:
        letters = json.dumps([round(0.9 + i * 0.00123456789, 12) for i in range(14)])
        reads = "'[[\"Nguyễn Thị Thử ' || i || '\",0.81234567],[\"Nguyễn Thi Thử ' || i || '\",0.1123456]]'"
        return f"""
            INSERT INTO field (id, record_id, position, code, kind, raw, value, state, confidence, decision, reader,
                box, candidates, char_confidences, reader_version, template_version, person, decided_at)
            SELECT i, r, p, {_CODE}, {_KIND}, 'Nguyễn Thị Thử ' || i, 'Nguyễn Thị Thử ' || i, 'read',
                0.3 + h / 64 % 1000003 / 2000000.0, d, 'handwriting', {self._json("'[1203,1456,640,72]'")},
                {self._json(reads)}, {self._json(f"'{letters}'")}, 'v1-0123456789ab', '0123456789',
                CASE WHEN d IN ('confirmed', 'corrected') THEN 'người ' || h / 128 % {PEOPLE} ELSE '' END,
                CASE WHEN d IN ('confirmed', 'corrected') THEN {self._at(f"{_START} + h / 512 % 8000000")} END
            FROM (SELECT i, r, p, h, CASE WHEN h / 256 % 100 < 55 THEN 'accepted'
                    WHEN NOT {self._decided("r", "i")} THEN 'review'
                    WHEN h / 1024 % 5 = 0 THEN 'corrected' ELSE 'confirmed' END AS d
                FROM (SELECT i, (i - 1) / {FIELDS_A_RECORD} + 1 AS r, (i - 1) % {FIELDS_A_RECORD} AS p,
                    {self._hash("i")} AS h FROM {self._numbers(first, last)}) AS a) AS b"""

    def _decisions(self, first: int, last: int) -> str:
        before, after = (_told("review"), _told("' || decision || '"))
        return f"""
            INSERT INTO decision (id, field_id, at, person, action, token, before, after)
            SELECT id, id, decided_at, person, CASE decision WHEN 'confirmed' THEN 'confirm' ELSE 'correct' END, 1,
                {self._json(before)}, {self._json(after)}
            FROM field WHERE id BETWEEN {first} AND {last} AND decision IN ('confirmed', 'corrected')"""

    def _events(self) -> str:
        at = "CAST(at AS TEXT)"
        return f"""
            INSERT INTO audit_event (seq, at, actor, action, subject, digest, previous, mac)
            SELECT (SELECT coalesce(max(seq), 0) FROM audit_event) + row_number() OVER (ORDER BY id), {at}, person,
                action, 'decision:' || id, {self._wide("id")}, {self._wide("id")}, {self._wide("id + 1")}
            FROM decision"""

    def _tasks(self, state: State, first: int, last: int) -> str:
        done = (
            f"({self._book_of('record_id')} <= {int(self.books * state.done)} OR "
            f"{self._hash('id')} / 8192 % {self._one_in if state.few else 1} <> 0)"
        )
        hash_of = self._hash("id")
        false, true = ("FALSE", "TRUE") if self._postgres else ("0", "1")
        return f"""
            INSERT INTO task (id, field_id, book_id, kind, code, key_rank, ease, blind, status, person, token,
                leased_until, rekeyed_by)
            SELECT id, id, {self._book_of("record_id")}, kind, code,
                CASE WHEN decision <> 'accepted' AND code IN ('so', 'ngayDangKy') THEN 0 ELSE 1 END, -confidence,
                CASE WHEN decision = 'accepted' AND NOT {done} THEN {true} ELSE {false} END,
                CASE WHEN {done} THEN 'done' ELSE 'open' END, '', 1, NULL, ''
            FROM field WHERE id BETWEEN {first} AND {last}
                AND (decision <> 'accepted' OR {hash_of} / 256 % 5500 < 55)"""

    def _inspection(self) -> None:
        """One inspection in progress, over fields of the first books."""
        empty = self._json("'[]'")
        self._do(
            "INSERT INTO inspection (id, created_at, person, level, aql, severity, code_letter, lot_size, sample_size, "
            f"acceptance, rejection, seed, lot, withdrawn_by) VALUES (1, {self._at(str(_START))}, 'người 1', 'II', "
            f"'1.0', 'normal', 'L', 3000, 200, 5, 6, '1', {empty}, '')"
        )
        self._do(
            "INSERT INTO inspected_record (id, inspection_id, record_id, position, book, pdf_name) "
            f"SELECT i, 1, i, i, 'so', 'so.pdf' FROM {self._numbers(1, min(200, self.records))}"
        )
        false = "FALSE" if self._postgres else "0"
        self._do(
            "INSERT INTO inspected_field (inspection_id, inspected_record_id, field_id, code, kind, raw, value, "
            f"state, pending, status, person, token) SELECT 1, record_id, id, code, kind, raw, value, state, {false}, "
            "CASE id % 2 WHEN 0 THEN 'open' ELSE 'agreed' END, '', 0 FROM field WHERE record_id <= 200"
        )


_REGISTRATION = {"ok": True, "residual_px": 1.23456789, "coverage": 0.98765432, "method": "labels", "notes": []}
_CODE = "CASE p WHEN 0 THEN 'so' WHEN 1 THEN 'ngayDangKy' ELSE 'truong' || p END"
_KIND = (
    f"CASE WHEN h / 32768 % 25000 = 7 THEN '{RARE}' WHEN p = 0 THEN 'record_number' WHEN p = 1 THEN 'date' "
    "WHEN p % 3 = 0 THEN 'person_name' WHEN p % 3 = 1 THEN 'place' ELSE 'text' END"
)


def _told(decision: str) -> str:
    """A field's content as its history keeps it."""
    name = "Nguyễn Thị Thử ' || id || '"
    content = {
        "box": [1203, 1456, 640, 72], "candidates": [[name, 0.81234567], [name, 0.1123456]], "confidence": 0.8123456,
        "decision": decision, "raw": name, "reader": "handwriting", "state": "read", "value": name,
    }  # fmt: skip
    return f"'{json.dumps(content, ensure_ascii=False)}'"
