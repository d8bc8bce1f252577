"""Run the review application on this machine."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.errors import SettingsError
from extractor.logs import set_up as set_up_log
from extractor.review.headers import LOOPBACK
from extractor.service.listening import listen
from extractor.service.metrics_server import MetricsPlace, telling_metrics
from extractor.store import IDLE_SECONDS, LEASE_SECONDS, Store

if TYPE_CHECKING:
    from uvicorn import Config

log = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS = 75
"""People look at a field for longer than the usual five seconds, and a new connection costs a weak network dear."""

_THREADS = 8
"""Requests worked on at once: more would only take turns at the interpreter, and keep it from those who wait."""


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def serve(
    store: Store,
    out_dir: Path,
    *,
    database: str = "",
    templates: Sequence[Path] | None = None,
    host: str = "127.0.0.1",
    port: int = 8600,
    announce: Callable[[str], None] = _write_line,
    lease_seconds: float = LEASE_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
    certificate: Path | None = None,
    key: Path | None = None,
    metrics: MetricsPlace | None = None,
) -> None:
    """Serve until interrupted, and carry out what people and programs ask to be done in the folder.

    Args:
        store: where records and decisions are; the caller closes it.
        out_dir: output folder of the run, with the pictures of its pages.
        database: URL of the store, or empty for the SQLite file in ``out_dir``; processes of jobs open it themselves.
        templates: folders of page templates, for the names of fields; by default the installation's.
        host: address to listen on; only this machine by default.
        port: port to listen on; 0 takes a free one.
        announce: called with the address to open; by default it is written to standard output. Where there is no
            account yet, it is the address for making the first one, and works once.
        idle_seconds: a browser in which nobody does anything for so long is signed out.
        certificate: file of the TLS certificate, with its chain; with it the server speaks https alone.
        key: file of the certificate's key.
        metrics: where the server's figures are told; nowhere by default.

    Raises:
        SettingsError: the address cannot be listened on, or certificate and key cannot be used.
    """
    import uvicorn

    from extractor.jobs.runner import Runner
    from extractor.review.app import create_app
    from extractor.settings import get_settings

    set_up_log()
    check_certificate(certificate, key)
    listening = listen(host, port)
    port = listening.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    shown = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else name  # noqa: S104 - compared, not bound
    anywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - the user's choice
    address = f"http{'s' if certificate else ''}://{shown}:{port}"
    tokens: list[str] = []
    templates = (get_settings().templates_dir,) if templates is None else templates
    runner = Runner(store, out_dir, database=database, templates=templates)
    try:
        with telling_metrics(store, metrics) as observe:
            app = create_app(
                store,
                out_dir,
                templates=templates,
                announce=tokens.append,
                hosts=() if anywhere else {*LOOPBACK, name},
                lease_seconds=lease_seconds,
                idle_seconds=idle_seconds,
                secure=certificate is not None,
                wake=runner.wake,
                queue_lives=runner.is_alive,
                observe=observe,
            )
            announce(f"{address}/set-up?token={tokens[-1]}" if tokens else f"{address}/")
            # No access log: it would note every look at every field. No header that tells the server's make.
            config = uvicorn.Config(
                app,
                access_log=False,
                log_config=None,  # what there is goes where all goes
                log_level="warning",
                server_header=False,
                proxy_headers=False,  # nobody else says where a request comes from
                lifespan="off",
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
            runner.start()
            log.info("serving on port %d", port)
            asyncio.run(_serve(config, listening))
    finally:
        runner.stop()
        log.info("stopped")
        listening.close()


async def _serve(config: Config, listening: socket.socket) -> None:
    import anyio.to_thread
    import uvicorn

    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    await uvicorn.Server(config).serve(sockets=[listening])


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Whether certificate and key are both given and fit, or neither is given.

    Raises:
        SettingsError: one is missing, cannot be read, or they do not belong together.
    """
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        raise SettingsError("A certificate and its key belong together.", mend="Give --tls-certificate and --tls-key.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{certificate}, {key}: they cannot be used as a TLS certificate and its key.",
            mend="Give both in PEM form, the key without a password.",
        ) from error
