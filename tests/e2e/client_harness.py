"""Starts a simulated provider and a gateway in front of it, for the end-to-end tests of clients.

    with World(gateway="build/sluice", simulator="build/sluice-sim", tls=False) as world:
        world.url, world.key, world.simulator_stats()

Standard library and the openssl program only. Everything lives in a folder of its own, on ports the
kernel chose, and ends with the block.
"""
import json
import os
import re
import ssl
import subprocess
import tempfile
import time
import urllib.request

PROVIDER_KEY = "provider-key-canary-4711"
START_SECONDS_MAX = 30

# What clients ask for, and what the simulator is asked for: a model sim-fault-... fails as it says.
MODELS = {
    "sim": ["simulated-model"],
    "text-embedding-sim": ["text-embedding-3-small"],
    "hidden": ["simulated-model"],
    "second-serves": ["sim-fault-status:500", "simulated-model"],
    "hangs": ["sim-fault-hang"],
    "stalls": ["sim-fault-stall-after:3:0"],
    "says-400": ["sim-fault-status:400"],
    "says-401": ["sim-fault-refuse-with-401"],
    "says-429": ["sim-fault-status:429:1"],
    "says-500": ["sim-fault-status:500"],
    "says-503": ["sim-fault-status:503:1"],
    "says-html": ["sim-fault-html-502"],
    "resets": ["sim-fault-reset-before-head"],
    "breaks-off": ["sim-fault-reset-after:4"],
    "closes-early": ["sim-fault-close-after:4"],
    "cuts-an-event": ["sim-fault-truncate:4"],
    "reports-an-error": ["sim-fault-error-event-after:4"],
    "never-done": ["sim-fault-no-done"],
    "sends-garbage": ["sim-fault-garbage"],
    "sends-nothing": ["sim-fault-empty-200"],
    "cut-everywhere": ["sim-fault-cut-everywhere:1"],
    "crlf": ["sim-fault-crlf"],
    "comments": ["sim-fault-comments"],
    "no-space": ["sim-fault-no-space"],
}

# Each provider's dialect, its base URL at the simulator, and the model that is asked for there.
VERTEX = "/v1/projects/p/locations/europe-west1"
DIALECTS = {
    "openai": ("openai", "/v1", "gpt-5-mini"),
    "anthropic": ("anthropic", "/v1", "claude-sonnet-4-5"),
    "gemini": ("gemini", "/v1beta", "gemini-3-pro-preview"),
    "bedrock": ("bedrock", "", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "vertex-gemini": ("vertex", VERTEX, "gemini-3-pro-preview"),
    "vertex-claude": ("vertex", VERTEX, "claude-sonnet-4-5@20250929"),
    "azure-classic": ("azure", "/openai", "gpt-5-mini"),
}

# What embeddings are asked of, at the providers that have some.
EMBEDDINGS = {
    "openai": ["text-embedding-3-small"],
    "gemini": ["gemini-embedding-001", "gemini-embedding-2"],
    "vertex-gemini": ["text-embedding-005", "gemini-embedding-2"],
}


def make_certificates(folder):
    """A CA and a certificate for localhost signed by it; their paths."""
    ca, ca_key = f"{folder}/ca.pem", f"{folder}/ca.key"
    key, request, certificate = f"{folder}/tls.key", f"{folder}/tls.csr", f"{folder}/tls.pem"
    names = f"{folder}/names"
    with open(names, "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n"
                   "authorityKeyIdentifier=keyid\n")  # Python 3.13 wants all of RFC 5280
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "2",
            "-subj", "/CN=Test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-out", certificate, "-days", "2", "-extfile", names)
    return ca, certificate, key


def make_service_account(folder, server):
    """A service account's key file, as Google's console gives one; its path."""
    key, path = f"{folder}/account.key", f"{folder}/account.json"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                    "-out", key], check=True, capture_output=True)
    with open(key, encoding="ascii") as file:
        pem = file.read()
    with open(path, "w", encoding="ascii") as file:
        json.dump({"type": "service_account", "project_id": "p", "private_key_id": "k",
                   "private_key": pem, "client_email": "a@p.iam.gserviceaccount.com",
                   "token_uri": f"{server}/token"}, file)
    os.chmod(path, 0o600)
    return path


def make_key(gateway, name):
    """A key as `sluice keygen` makes it, and its lines for the configuration."""
    text = subprocess.run([gateway, "keygen", "--name", name], check=True, capture_output=True,
                          text=True).stdout
    key = re.search(r"^  (\S+)$", text, re.MULTILINE).group(1)
    stanza = "\n".join(line for line in text[text.index("[[key]]"):].splitlines()
                       if not line.startswith("#"))
    return key, stanza + "\n"


class World:
    def __init__(self, gateway, simulator, tls=False, limits=""):
        self._gateway = gateway
        self._simulator = simulator
        self._limits = limits
        self._tls = tls
        self._processes = []
        self._logs = []
        self.ca = None

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        self.folder = self._folder.name
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in self._logs:
            log.close()
        self._folder.cleanup()

    def _start(self):
        scheme = "http"
        certificate = key = None
        if self._tls:
            scheme = "https"
            self.ca, certificate, key = make_certificates(self.folder)
        simulator = [self._simulator, "--listen", "127.0.0.1:0", "--workers", "1",
                     "--key", PROVIDER_KEY]
        if self._tls:
            simulator += ["--tls-cert", certificate, "--tls-key", key]
        self._simulator_port = self._spawn("simulator", simulator)
        self.simulator_url = f"{scheme}://localhost:{self._simulator_port}"
        self._write_config(scheme, certificate, key)
        self.port = self._spawn(
            "gateway", [self._gateway, "serve", "--config", f"{self.folder}/sluice.toml"],
            {"SIMULATOR_KEY": PROVIDER_KEY,
             "GCE_METADATA_HOST": f"localhost:{self._simulator_port}"})
        self.url = f"{scheme}://localhost:{self.port}"

    def _write_config(self, scheme, certificate, key):
        self.key, stanza = make_key(self._gateway, "team-a")
        self.narrow_key, narrow = make_key(self._gateway, "team-b")
        tls = ""
        if scheme == "https":
            tls = f'tls = {{ certificate = "{certificate}", key = "{key}" }}\n'
        text = ("[server]\nworkers = 1\npin_workers = false\ndrain_ms_max = 1000\n"
                f'body_bytes_max = 1048576\n[[listener]]\naddress = "127.0.0.1:0"\n{tls}'
                '[admin]\naddress = "off"\n[log]\naccess = "stderr"\n'
                f'{self._limits}\n'
                # Each test counts its own requests, whatever failed in those before.
                '[routing.retry]\nretries = 0\n[health]\nfailures_to_open = 1000\n'
                '[[provider]]\nname = "simulator"\ndialect = "openai"\n'
                f'base_url = "{scheme}://localhost:{self._simulator_port}/v1"\n'
                'keys = [{ env = "SIMULATOR_KEY" }]\nregion = "local"\n')
        if self.ca:
            text += f'ca_file = "{self.ca}"\n'
        # A provider that refuses its key loses it: this one is nobody else's.
        text += ('[[provider]]\nname = "refuser"\ndialect = "openai"\n'
                 f'base_url = "{scheme}://localhost:{self._simulator_port}/v1"\n'
                 'keys = [{ env = "SIMULATOR_KEY" }]\nregion = "local"\n')
        if self.ca:
            text += f'ca_file = "{self.ca}"\n'
        for name, upstream in MODELS.items():
            provider = "refuser" if name == "says-401" else "simulator"
            text += f'[[model]]\nname = "{name}"\n'
            for model in upstream:
                text += f'[[model.deployment]]\nprovider = "{provider}"\nmodel = "{model}"\n'
        for name, (dialect, path, model) in DIALECTS.items():
            text += (f'[[provider]]\nname = "sim-{name}"\ndialect = "{dialect}"\n'
                     f'base_url = "{scheme}://localhost:{self._simulator_port}{path}"\n'
                     f'region = "local"\n{self._credentials(name, scheme)}\n')
            if self.ca:
                text += f'ca_file = "{self.ca}"\n'
            claude = 'traits = { publisher = "anthropic" }\n' if name == "vertex-claude" else ""
            for asked, upstream in ((f"by-{name}", model),
                                    (f"overloaded-{name}", "sim-fault-overloaded"),
                                    (f"broken-{name}", "sim-fault-error-event-after:4")):
                text += (f'[[model]]\nname = "{asked}"\n[[model.deployment]]\n'
                         f'provider = "sim-{name}"\nmodel = "{upstream}"\n{claude}')
        for name, models in EMBEDDINGS.items():
            for model in models:
                text += (f'[[model]]\nname = "embeds-{name}-{model}"\n[[model.deployment]]\n'
                         f'provider = "sim-{name}"\nmodel = "{model}"\n')
        text += ('[[model]]\nname = "impatient"\ntimeouts = { first_byte_ms = 300 }\n'
                 '[[model.deployment]]\nprovider = "simulator"\nmodel = "sim-fault-hang"\n')
        text += stanza + narrow + 'models = ["sim"]\n'
        with open(f"{self.folder}/sluice.toml", "w", encoding="utf-8") as file:
            file.write(text)

    def _credentials(self, name, scheme):
        """The lines of a provider's credentials: tokens of the simulator's, where there are any."""
        server = f"{scheme}://localhost:{self._simulator_port}"
        if name == "vertex-gemini":
            return f'keys = [{{ file = "{make_service_account(self.folder, server)}" }}]'
        if name == "vertex-claude":
            # Asked for in the clear, as of the real one: a simulator with TLS does not answer.
            return ('keys = [{ env = "SIMULATOR_KEY" }]' if self._tls
                    else 'keys = [{ metadata = "default" }]')
        if name == "azure-classic":
            return ('api_version = "2024-10-21"\nentra = { tenant = "t", client_id = "c", '
                    f'client_secret = {{ env = "SIMULATOR_KEY" }}, authority = "{server}" }}')
        return 'keys = [{ env = "SIMULATOR_KEY" }]'

    def _spawn(self, name, command, environment=None):
        """Starts a program; the port that it says it listens on."""
        log = open(f"{self.folder}/{name}.log", "w+", encoding="utf-8")
        self._logs.append(log)
        process = subprocess.Popen(command, stdout=log, stderr=log,
                                   env={**os.environ, **(environment or {})})
        self._processes.append(process)
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{self.log(name)}")
            said = re.search(r"listening on (?:\w+://)?127\.0\.0\.1:(\d+)", self.log(name))
            if said:
                return int(said.group(1))
            time.sleep(0.02)
        raise RuntimeError(f"{name} did not listen in {START_SECONDS_MAX} s:\n{self.log(name)}")

    def log(self, name):
        with open(f"{self.folder}/{name}.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def gateway_is_alive(self):
        return self._processes[-1].poll() is None

    def simulator_stats(self):
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        request = urllib.request.Request(f"{self.simulator_url}/sim/stats",
                                         headers={"Authorization": f"Bearer {PROVIDER_KEY}"})
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return json.load(answer)
