"""Read all pictures of a folder with AsterOCR, for ``throughput.py``; prints seconds as JSON.

It runs in a Python of its own and needs no ``extractor``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2
from asterocr import AsterOCR

engine = AsterOCR(enable_telemetry=False)
lines = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(Path(sys.argv[1]).glob("*.png"))]
engine.predict(lines[0])
began, cpu = time.monotonic(), time.process_time()
for line in lines:
    engine.predict(line)
print(json.dumps({"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}))
