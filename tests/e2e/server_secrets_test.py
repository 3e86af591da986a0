"""No secret comes out: canaries in every place a secret can be, and a search of every sink.

Usage: server_secrets_test.py BINARY SOURCE_ROOT
"""

import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from server_process import Sluice, get, request, wait_for

BINARY = sys.argv.pop(1)
SOURCE_ROOT = Path(sys.argv.pop(1))
CERTS = SOURCE_ROOT / "tests" / "certs"

PROVIDER_KEY = "sk-canary-provider-5Zq8Wv2Lr7Xb"
FILE_KEY = "sk-canary-file-9Tn3Kp6Md1Hc"
OWN_KEY = "sk-canary-own-4Jf7Gs2Yw8Ra"
TYPED_KEY = "sk-canary-typed-6Bv1Nx5Qe3Ud"

CONFIG = """
[server]
workers = 2
drain_ms_max = 10000
[admin]
address = "127.0.0.1:0"
[log]
access = "FOLDER/access.log"
level = "debug"
[[listener]]
address = "127.0.0.1:0"
[[listener]]
address = "127.0.0.2:0"
tls = { certificate = "CERTS/localhost.crt", key = "FOLDER/tls.key" }
[[provider]]
name = "canary"
dialect = "openai"
base_url = "http://127.0.0.1:PORT/v1"
keys = [{ env = "CANARY_KEY" }, { file = "FOLDER/provider.key" }]
byok = true
[[model]]
name = "m"
[[model.deployment]]
provider = "canary"
model = "m-1"
"""


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers well, or fails and repeats the credential it was given, as real ones do."""

    seen = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        key = self.headers.get("authorization", "")
        Provider.seen.add(key.removeprefix("Bearer "))
        wanted = json.loads(body).get("user", "200")
        if wanted == "200":
            answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m-1", "choices": []}
        else:
            answer = {"error": {"message": f"Incorrect API key provided: {key}", "type": "x", "code": "invalid_api_key"}}
        text = json.dumps(answer).encode()
        self.send_response(int(wanted))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *unused):
        pass


class Secrets(unittest.TestCase):
    def setUp(self):
        self.provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
        threading.Thread(target=self.provider.serve_forever, daemon=True).start()
        made = subprocess.run([BINARY, "keygen"], capture_output=True, text=True, check=True).stdout
        self.gateway_key = next(word for word in made.split() if word.startswith("sk-sluice-"))
        self.config = CONFIG.replace("CERTS", str(CERTS)).replace("PORT", str(self.provider.server_port))
        self.config += made[made.index("[[key]]") :]
        self.bodies = []

    def tearDown(self):
        self.provider.shutdown()
        self.provider.server_close()

    def ask(self, sluice, user, key, **headers):
        body = json.dumps({"model": "m", "user": user, "messages": [{"role": "user", "content": "hello"}]})
        fields = {"content-type": "application/json", "authorization": f"Bearer {key}", **headers}
        status, text = request(sluice.port, "POST", "/v1/chat/completions", body, fields)
        self.bodies.append(text)
        return status

    def send_raw(self, sluice, text):
        with socket.create_connection(("127.0.0.1", sluice.port)) as client:
            client.settimeout(20)
            client.sendall(text.encode())
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while part := client.recv(4096):
                answer += part
            self.bodies.append(answer.decode(errors="replace"))

    def start(self):
        sluice = Sluice.__new__(Sluice)
        # The files with secrets must be there before the process is.
        original = Sluice.write_config

        def write(this, text):
            original(this, text)
            (this.folder / "provider.key").write_text(FILE_KEY + "\n")
            (this.folder / "tls.key").write_text((CERTS / "localhost.key").read_text())
            for name in ("provider.key", "tls.key"):
                (this.folder / name).chmod(0o600)

        Sluice.write_config = write
        try:
            sluice.__init__(BINARY, self.config, environment={"CANARY_KEY": PROVIDER_KEY})
        finally:
            Sluice.write_config = original
        return sluice

    def drive(self, sluice):
        """Good and bad requests, and reloads of broken files that hold secrets."""
        for user in ("200", "401", "403", "429", "500"):
            self.ask(sluice, user, self.gateway_key)
            self.ask(sluice, user, self.gateway_key, **{"x-sluice-provider-key": f"canary={OWN_KEY}"})
        self.ask(sluice, "200", TYPED_KEY)
        self.ask(sluice, "200", self.gateway_key[:-1] + ("A" if self.gateway_key[-1] != "A" else "B"))
        self.ask(sluice, "200", self.gateway_key, **{"x-sluice-provider-key": f"nobody={OWN_KEY}"})
        self.ask(sluice, "200", self.gateway_key, **{"x-api-key": TYPED_KEY})
        self.send_raw(sluice, f"GET /v1/models?key={TYPED_KEY} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
        self.send_raw(sluice, f"POST /v1/chat/completions HTTP/1.1\r\nauthorization : Bearer {TYPED_KEY}\r\n\r\n")
        self.send_raw(sluice, f"{TYPED_KEY} / HTTP/9.9\r\n\r\n")
        for broken in (
            self.config.replace('{ env = "CANARY_KEY" }', f'"{PROVIDER_KEY}"'),
            self.config.replace('"CANARY_KEY"', f'"{PROVIDER_KEY}"'),
            self.config.replace('dialect = "openai"', f'dialect = "{FILE_KEY}"'),
            self.config + f'\n[[key]]\nname = "x"\nhash = "{self.gateway_key}"\n',
            self.config + f"\n{PROVIDER_KEY}\n",
        ):
            before = sluice.stderr().count("not reloaded")
            sluice.write_config(broken)
            sluice.signal(signal.SIGHUP)
            wait_for(lambda: sluice.stderr().count("not reloaded") > before, "the reload to fail")
            checked = subprocess.run([BINARY, "check", str(sluice.config_path)], capture_output=True, text=True, check=False)
            self.bodies.append(checked.stdout + checked.stderr)

    def test_nothing_secret_is_in_any_sink(self):
        with self.start() as sluice:
            sluice.wait_until_ready()
            self.drive(sluice)
            self.assertIn(OWN_KEY, Provider.seen, "the caller's own key never went out: nothing was tested")
            self.assertTrue({PROVIDER_KEY, FILE_KEY} & Provider.seen)
            sinks = {
                "metrics": get(sluice.admin_port, "/metrics")[1],
                "command line": Path(f"/proc/{sluice.process.pid}/cmdline").read_text(),
            }
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())
            sinks["stdout"] = sluice.stdout()
            sinks["stderr"] = sluice.stderr()
            sinks["access log"] = (sluice.folder / "access.log").read_text()
            self.assertGreater(sinks["access log"].count("\n"), 10)
        for number, body in enumerate(self.bodies):
            sinks[f"answer {number}"] = body
        tls_key = (CERTS / "localhost.key").read_text().splitlines()[1]
        secrets = [PROVIDER_KEY, FILE_KEY, OWN_KEY, TYPED_KEY, self.gateway_key, tls_key]
        for name, text in sinks.items():
            for secret in secrets:
                # Any part long enough to be of use counts, not only the whole.
                for part in (secret, secret[:-2], secret[10:]):
                    self.assertNotIn(part, text, f"{name} shows a secret")


if __name__ == "__main__":
    unittest.main()
