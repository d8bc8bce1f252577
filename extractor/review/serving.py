"""Run the review application on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from extractor.errors import SettingsError
from extractor.review.headers import LOOPBACK
from extractor.store import LEASE_SECONDS, Store


def serve(
    store_url: str,
    out_dir: Path,
    *,
    templates: Sequence[Path] = (),
    host: str = "127.0.0.1",
    port: int = 8000,
    announce: Callable[[str], None],
    audit_key_file: Path | None = None,
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Serve until interrupted.

    Args:
        host: address to listen on; only this machine by default.
        port: port to listen on; 0 takes a free one.
        announce: called with the address for the next visitor, each time one is made.

    Raises:
        SettingsError: the address cannot be listened on.
        StoreError: the database cannot be opened.
    """
    import uvicorn

    from extractor.review.app import create_app

    listening = _listen(host, port)
    port = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    shown = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else name  # noqa: S104 - compared, not bound
    anywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - the user's choice
    with Store.open(store_url, audit_key_file=audit_key_file) as store:
        app = create_app(
            store,
            out_dir,
            templates=templates,
            announce=lambda token: announce(f"http://{shown}:{port}/enter?token={token}"),
            hosts=() if anywhere else {*LOOPBACK, name},
            lease_seconds=lease_seconds,
        )
        # No access log: it would note every look at every field. No header that tells the server's make.
        config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False, lifespan="off")
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"{host}:{port}: cannot be listened on ({error.strerror}).", mend="Choose another --port or --host."
        ) from error
    return listening
