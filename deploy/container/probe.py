"""Ask the server in this container whether it lives: exit code 0 if it does.

PROBE_URL names what is asked. The certificate is not checked: it is for the name that people use, and this is the
same container.
"""

import os
import ssl
import sys
import urllib.request

url = os.environ.get("PROBE_URL", "http://127.0.0.1:8600/healthz")
trusting = ssl.create_default_context()
trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
try:
    with urllib.request.urlopen(url, timeout=4, context=trusting) as answer:  # noqa: S310 - the image names the address
        sys.exit(answer.status != 200)
except OSError:
    sys.exit(1)
