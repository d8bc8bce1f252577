"""Run the review application on this machine."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from extractor.errors import SettingsError
from extractor.review.headers import LOOPBACK
from extractor.store import LEASE_SECONDS, Store


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def serve(
    store: Store,
    out_dir: Path,
    *,
    templates: Sequence[Path] | None = None,
    host: str = "127.0.0.1",
    port: int = 8600,
    announce: Callable[[str], None] = _write_line,
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """Serve until interrupted.

    Args:
        store: where records and decisions are; the caller closes it.
        out_dir: output folder of the run, with the pictures of its pages.
        templates: folders of page templates, for the names of fields; by default the installation's.
        host: address to listen on; only this machine by default.
        port: port to listen on; 0 takes a free one.
        announce: called with the address for the next visitor, each time one is made; by default it is written to
            standard output.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    import uvicorn

    from extractor.review.app import create_app
    from extractor.settings import get_settings

    listening = listen(host, port)
    port = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    shown = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else name  # noqa: S104 - compared, not bound
    anywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - the user's choice
    app = create_app(
        store,
        out_dir,
        templates=(get_settings().templates_dir,) if templates is None else templates,
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


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)  # whoever opens the address at once waits instead of being refused
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"{host}:{port}: cannot be listened on ({error.strerror}).", mend="Choose another --port or --host."
        ) from error
    return listening
