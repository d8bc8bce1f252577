"""Workers for tests of what is around them: they read nothing, and do what the name of a page's file says."""

import os
import signal
import socket
import time
from pathlib import Path

from extractor.batch.workers import PageOutcome
from extractor.cluster.worker import About, ContentWanted, Failed, Finished
from extractor.errors import MissingProgramError
from extractor.scans import SetAside


class ObedientWorker:
    """``die-N`` kills the first N workers that get it, ``far`` wants the content, ``hold`` waits to be released."""

    def __init__(self, fetch):
        self.fetch = fetch

    def start(self, parcel):
        if parcel.options.form == "no-program":
            return Failed(socket.gethostname(), MissingProgramError("Tesseract is not installed.", mend="Install it."))
        return About(socket.gethostname(), parcel.options.form or "1")

    def process(self, ref, content):
        name = ref.source.file
        marks = ref.source.path.parent / "marks"
        marks.mkdir(exist_ok=True)
        (marks / f"{name}-{ref.page}-{time.time_ns()}").write_text(str(os.getpid()))
        if name.startswith("die"):
            tries = len(list(marks.glob(f"{name}-{ref.page}-*")))
            if tries <= int(name.split("-")[1]):
                os.kill(os.getpid(), signal.SIGKILL)
        while name.startswith("hold") and not (ref.source.path.parent / "release").exists():
            time.sleep(0.05)
        if name.startswith("far") and not content:
            return ContentWanted()
        sent = self.fetch(content[0]) if content else b""
        done = SetAside(name, "done", sent.decode(), page=ref.page)
        return Finished(PageOutcome(ref, set_aside=done), {f"pages/{Path(name).stem}-{ref.page}.json": sent})

    def leave(self):
        """Nothing is on the disk."""
