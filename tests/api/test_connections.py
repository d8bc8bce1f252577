"""Connections over which nothing comes: closed after a while, and before those that work."""

import contextlib
import socket
import threading
import time

import pytest
import uvicorn

from extractor.api import connections
from extractor.service.listening import listen


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(hello, http=connections.Connection, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()
    server.should_exit = True
    thread.join()
    listening.close()


def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection.recv(1000)


def is_closed(connection):
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(1000):
            pass
    return True


def test_a_head_that_comes_byte_by_byte_is_not_waited_for(address):
    for first in (False, True):
        with socket.create_connection(address, timeout=10) as connection:
            if first:
                assert b"200" in ask(connection)
            with contextlib.suppress(OSError):
                for byte in b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 30:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.02)
                raise AssertionError("all of it was taken")
            assert is_closed(connection)


def test_a_body_that_goes_on_after_its_answer_is_not_waited_for(address):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
        assert b"200" in connection.recv(1000)
        connection.sendall(b"x")
        assert is_closed(connection)


def test_those_that_wait_longest_make_room(address, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    with contextlib.ExitStack() as opened:
        early = [opened.enter_context(socket.create_connection(address, timeout=10)) for _ in range(8)]
        last = opened.enter_context(socket.create_connection(address, timeout=10))
        assert b"200" in ask(last)
        assert all(is_closed(connection) for connection in early[:5])
