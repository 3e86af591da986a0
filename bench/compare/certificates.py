"""A certificate for this machine's loopback, believed by nobody but the programs compared here."""

import subprocess
from pathlib import Path

from processes import Trouble


class Certificate:
    """`certificate` and `key` in PEM, and `bundle`, both in one file as HAProxy wants them."""

    def __init__(self, folder):
        self.certificate = Path(folder) / "tls.crt"
        self.key = Path(folder) / "tls.key"
        self.bundle = Path(folder) / "tls.pem"
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", str(self.key), "-out", str(self.certificate)],
            capture_output=True, text=True, timeout=60, check=False)
        if made.returncode != 0:
            raise Trouble(f"openssl made no certificate: {made.stderr.strip().splitlines()[-1]}")
        self.bundle.write_text(self.certificate.read_text() + self.key.read_text())
