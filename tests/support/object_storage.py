"""A real S3 server on this machine, in a process of its own."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from urllib.parse import quote

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "officer", "AWS_SECRET_ACCESS_KEY": "not-a-real-secret", "AWS_DEFAULT_REGION": "us-east-1"}

ASKED_BY = {"Authorization": "AWS4-HMAC-SHA256 Credential=officer/20260101/us-east-1/s3/aws4_request"}
"""Moto looks who asks, and takes the signature on trust."""


class Server:
    """Moto's server; what tests put and get does not go through the product."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "s3.log").open("wb")
        self._path = folder / "s3.log"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        until = time.monotonic() + 60
        while True:
            try:
                self.ask("GET", "/moto-api/")
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > until:
                    pytest.fail("moto's server did not start: " + self._path.read_text("utf-8", "replace")[-500:])
                time.sleep(0.1)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"Content-Length": str(len(body or b"")), **ASKED_BY})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def put(self, key, content=b""):
        status, _ = self.ask("PUT", "/" + quote(key), content)
        assert status == 200

    def put_folder(self, bucket, folder):
        self.put(bucket)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{bucket}/{path.relative_to(folder).as_posix()}", path.read_bytes())

    def get(self, key):
        status, content = self.ask("GET", "/" + quote(key))
        assert status == 200
        return content

    def deny(self, bucket, *actions):
        """Have a bucket's policy forbid something to everybody."""
        rule = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": [f"arn:aws:s3:::{bucket}/*"]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]}).encode()
        assert self.ask("PUT", f"/{bucket}?policy", policy)[0] in (200, 204)

    def remove(self, key):
        return self.ask("DELETE", "/" + quote(key))[0]

    def asked(self, method, bucket):
        """Lines of its log: each object, or part of it, that was asked for."""
        log = self._path.read_text("utf-8", "replace")
        return [line for line in log.splitlines() if f"{method} /{bucket}/" in line and "list-type" not in line]

    def stop(self):
        self._process.terminate()
        self._process.wait(20)
        self._log.close()


def needed():
    """Skip where the packages are not installed; CI must have them."""
    for name in ("s3fs", "moto", "flask", "flask_cors"):
        if os.environ.get("CI") == "true":
            __import__(name)
        pytest.importorskip(name)
