"""Run the interface on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from extractor.errors import SettingsError
from extractor.jobs.locks import FOLDER, holding
from extractor.logs import set_up as set_up_log
from extractor.service.metrics_server import MetricsPlace, telling_metrics
from extractor.store import Store

log = logging.getLogger(__name__)


def serve(
    store: Store,
    out: Path,
    *,
    database: str = "",
    templates: Sequence[Path],
    host: str = "127.0.0.1",
    port: int = 8700,
    tls: tuple[Path, Path] | None = None,
    announce: Callable[[str], None],
    metrics: MetricsPlace | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        store: where everything is; the caller closes it.
        out: output folder of the runs.
        database: URL of the store, or empty for the SQLite file in ``out``; processes of jobs open it themselves.
        host: address to listen on; only this machine by default.
        port: port to listen on; 0 takes a free one.
        tls: certificate chain and private key, PEM; without them the interface speaks plain HTTP.
        announce: called with the address once it is listened on.
        metrics: where the server's figures are told; nowhere by default.

    Raises:
        SettingsError: the address cannot be listened on, the certificate cannot be used, or another server works in the
            output folder.
    """
    import uvicorn

    from extractor.api.app import create_app
    from extractor.api.connections import MOST_CONNECTIONS, Connection
    from extractor.jobs.runner import Runner
    from extractor.service.listening import listen

    set_up_log()
    with holding(out / FOLDER / "server.lock", wait=False) as alone, telling_metrics(store, metrics) as observe:
        if not alone:
            raise SettingsError(f"{out}: another server works in this folder.", mend="Stop it, or name another folder.")
        listening = listen(host, port)
        try:
            port = listening.getsockname()[1]
            runner = Runner(store, out, database=database, templates=templates)
            app = create_app(store, out, templates=templates, runner=runner, observe=observe)
            # No access log: addresses tell who was looked at when. No header that tells the server's make. No warnings:
            # anybody could fill the log with requests that are none.
            config = uvicorn.Config(
                app,
                access_log=False,
                log_config=None,  # what there is goes where all goes
                log_level="error",
                http=Connection,
                ws="none",
                backlog=64,  # as many are taken at once, before the oldest can be closed
                limit_concurrency=MOST_CONNECTIONS + 100,
                server_header=False,
                proxy_headers=False,  # nobody else says where a request comes from
                lifespan="on",
                timeout_keep_alive=30,
                ssl_certfile=tls[0] if tls else None,
                ssl_keyfile=tls[1] if tls else None,
            )
            try:
                config.load()
            except OSError as error:  # also what ssl says of a file that holds no certificate
                raise SettingsError(
                    f"--tls-cert, --tls-key: cannot be used ({error.strerror or type(error).__name__}).",
                    mend="Give certificate and key as PEM files that belong together.",
                ) from error
            shown = f"[{host}]" if ":" in host else host
            announce(f"{'https' if tls else 'http'}://{shown}:{port}/v1")
            log.info("serving on port %d", port)
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            log.info("stopped")
            listening.close()
