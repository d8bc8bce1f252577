"""Take the address that a server is to be reached at."""

from __future__ import annotations

import socket

from extractor.errors import SettingsError


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
