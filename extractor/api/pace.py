"""How slowly a body may arrive: a program that sends a byte a minute must not hold a place for ever."""

from __future__ import annotations

from dataclasses import dataclass

import anyio
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive


@dataclass(frozen=True, slots=True)
class Pace:
    """The least that has to arrive while the server waits for it.

    Args:
        seconds: of waiting, in all, after which ``least`` bytes have to be there; then the count begins anew.
        least: bytes; a line of 16 kilobit a second brings twice as many.
    """

    seconds: float = 30.0
    least: int = 32 * 1024

    def keep(self, receive: Receive) -> Receive:
        """Receive a request's body at this pace; its last message, and what comes after it, may take any time.

        The time that the server itself takes is not counted.

        Raises:
            HTTPException: too little arrived; raised where the body is read.
        """
        waited, arrived, whole = 0.0, 0, False

        async def paced() -> Message:
            nonlocal waited, arrived, whole
            if whole:
                return await receive()
            begun = anyio.current_time()
            try:
                with anyio.fail_after(self.seconds - waited):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            waited += anyio.current_time() - begun
            arrived += len(message.get("body", b""))
            if arrived >= self.least:
                waited, arrived = 0.0, 0
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return paced
