"""The program from outside: start, stop, signals, listeners, what it says when it cannot start.

Usage: server_test.py BINARY SOURCE_ROOT [unittest arguments]
"""

import http.client
import http.server
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from server_process import PATIENCE_S, Sluice, free_port, get, request, sanitizer_options, wait_for

BINARY = sys.argv.pop(1)
SOURCE_ROOT = Path(sys.argv.pop(1))
CERTS = SOURCE_ROOT / "tests" / "certs"

HEAD = '[server]\nworkers = 2\ndrain_ms_max = 20000\n[admin]\naddress = "127.0.0.1:0"\n'
PROVIDER = """
[[provider]]
name = "nobody"
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
keys = []
[[model]]
name = "alpha"
[[model.deployment]]
provider = "nobody"
model = "alpha-1"
"""
LISTENER = '[[listener]]\naddress = "127.0.0.1:0"\n'
UNNAMED = '[[provider]]\nname = "openai"\nkeys = []\nall_models = false\n'
PLAIN = HEAD + LISTENER + PROVIDER
SIMULATED = HEAD + LISTENER


def chat(stream):
    body = {"model": "simulated", "stream": stream, "messages": [{"role": "user", "content": "hello"}]}
    return json.dumps(body)


class TokenServer:
    """Gives everybody a token, and counts how often. Use it in a `with` statement."""

    def __init__(self, port):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = b'{"access_token":"canary","expires_in":3600}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.asked = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def run(*arguments, environment=None):
    variables = {"PATH": os.environ["PATH"], **sanitizer_options(), **(environment or {})}
    return subprocess.run(
        [BINARY, *arguments], env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


class StartAndStop(unittest.TestCase):
    def test_serves_and_ends_with_status_0(self):
        with Sluice(BINARY, SIMULATED, ["--simulated-provider"]) as sluice:
            sluice.wait_until_ready()
            status, body = request(sluice.port, "POST", "/v1/chat/completions", chat(False), {"content-type": "application/json"})
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)["object"], "chat.completion")
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())
            self.assertIn("drained", sluice.stderr())

    def test_a_stream_in_flight_ends_by_itself_after_sigterm(self):
        with Sluice(BINARY, SIMULATED, ["--simulated-provider"]) as sluice:
            sluice.wait_until_ready()
            connection = http.client.HTTPConnection("127.0.0.1", sluice.port, timeout=PATIENCE_S)
            connection.request("POST", "/v1/chat/completions", chat(True), {"content-type": "application/json"})
            response = connection.getresponse()
            first = response.readline()
            self.assertTrue(first.startswith(b"data:"), first)
            sluice.signal(signal.SIGINT)  # without the grace
            self.assertTrue(response.read().rstrip().endswith(b"data: [DONE]"))
            connection.close()
            self.assertEqual(sluice.wait(), 0, sluice.stderr())

    def test_readiness_fails_first_and_requests_are_still_served(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            self.assertEqual(get(sluice.admin_port, "/healthz")[0], 200)
            sluice.signal(signal.SIGTERM)
            wait_for(lambda: get(sluice.port, "/readyz")[0] == 503, "readiness to fail")
            self.assertEqual(get(sluice.port, "/v1/models")[0], 200)
            self.assertEqual(sluice.wait(), 0, sluice.stderr())

    def test_a_second_signal_breaks_what_is_left(self):
        with Sluice(BINARY, PLAIN) as sluice, socket.socket() as client:
            sluice.wait_until_ready()
            client.connect(("127.0.0.1", sluice.port))
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{")
            wait_for(lambda: "sluice_exchanges_in_flight 1" in get(sluice.admin_port, "/metrics")[1], "the exchange")
            sluice.signal(signal.SIGINT)
            sluice.wait_for_line("draining")
            sluice.signal(signal.SIGINT)
            self.assertEqual(sluice.wait(), 0, sluice.stderr())
            self.assertIn("breaking", sluice.stderr())
            client.settimeout(PATIENCE_S)
            answer = client.recv(4096)
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            self.assertIn(b"shutting_down", answer)

    def test_the_access_log_is_reopened_after_a_rename(self):
        with Sluice(BINARY, PLAIN + '[log]\naccess = "FOLDER/access.log"\n') as sluice:
            sluice.wait_until_ready()
            log, old = sluice.folder / "access.log", sluice.folder / "access.old"
            get(sluice.port, "/v1/models")
            wait_for(lambda: log.read_text().count("\n") == 1, "the first line")
            log.rename(old)
            sluice.signal(signal.SIGUSR1)
            wait_for(log.exists, "the new file")
            get(sluice.port, "/v1/models/alpha")
            line = wait_for(log.read_text, "the second line")
            self.assertEqual(json.loads(line)["path"], "/v1/models/alpha")


class Metrics(unittest.TestCase):
    def test_the_page_of_operations_names_every_family_with_type_and_labels(self):
        page = (SOURCE_ROOT / "docs" / "operations.md").read_text()
        rows = dict(re.findall(r"^\| `(\w+)` \| (\w+ \| [^|]*) \|", page, re.MULTILINE))
        with Sluice(BINARY, SIMULATED, ["--simulated-provider"]) as sluice:
            sluice.wait_until_ready()
            request(sluice.port, "POST", "/v1/chat/completions", chat(False), {"content-type": "application/json"})
            text = get(sluice.admin_port, "/metrics")[1]
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        self.assertGreater(len(types), 40)
        self.assertEqual({name: row.split()[0] for name, row in rows.items() if name in types}, types)
        for sample, labels in re.findall(r"^(\w+)\{([^}]*)\}", text, re.MULTILINE):
            name = sample if sample in types else sample.rpartition("_")[0]
            for label in set(re.findall(r'(\w+)="', labels)) - {"le"}:
                self.assertIn(f"`{label}`", rows[name], sample)


class AdminPages(unittest.TestCase):
    def test_a_web_page_reads_no_metrics_on_loopback_unless_it_says_anonymous(self):
        anyone = PLAIN.replace('[admin]\n', '[admin]\nanonymous = true\n')
        for config, metrics in ((PLAIN, 403), (anyone, 200)):
            with Sluice(BINARY, config) as sluice:
                sluice.wait_until_ready()
                for fields in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
                    self.assertEqual(get(sluice.admin_port, "/metrics", fields)[0], metrics)
                    self.assertEqual(get(sluice.admin_port, "/readyz", fields)[0], 200)
                self.assertEqual(get(sluice.admin_port, "/metrics")[0], 200)


class Explain(unittest.TestCase):
    def test_a_running_server_says_how_everybody_stands_and_a_reload_changes_what_it_says(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            request(sluice.port, "POST", "/v1/chat/completions", chat(False).replace("simulated", "alpha"),
                    {"content-type": "application/json"})
            status, body = get(sluice.admin_port, "/explain?model=alpha&worker=1")
            self.assertEqual(status, 200)
            told = json.loads(body)
            self.assertTrue(told["live"])
            self.assertEqual(told["worker"], 1)
            self.assertEqual(told["chosen"]["provider"], "nobody")
            self.assertEqual(told["candidates"][0]["health"]["breaker"], "closed")
            self.assertEqual(get(sluice.admin_port, "/explain?model=beta")[0], 404)
            self.assertEqual(get(sluice.admin_port, "/explain?model=alpha&worker=7")[0], 400)
            self.assertEqual(get(sluice.admin_port, "/explain")[0], 400)
            metrics = get(sluice.admin_port, "/metrics")[1]
            self.assertIn('sluice_routing_choices_total{strategy="order",reason="only_one"} 1', metrics)
            self.assertIn('sluice_deployment_attempts_total{model="alpha",provider="nobody",deployment="alpha-1",', metrics)
            sluice.write_config(PLAIN.replace('"alpha"', '"beta"'))
            sluice.signal(signal.SIGHUP)
            sluice.wait_for_line("configuration reloaded")
            self.assertEqual(get(sluice.admin_port, "/explain?model=alpha")[0], 404)
            self.assertEqual(get(sluice.admin_port, "/explain?model=beta")[0], 200)

    def test_the_command_asks_the_server_that_runs_and_else_the_file(self):
        port = free_port()
        config = PLAIN.replace("127.0.0.1:0", f"127.0.0.1:{port}", 1)
        with Sluice(BINARY, config) as sluice:
            sluice.wait_until_ready()
            file = str(sluice.config_path)
            live = run("explain", "alpha", "-c", file)
            self.assertEqual(live.returncode, 0, live.stderr)
            self.assertIn("As worker 0 of the running server sees it", live.stdout)
            offline = run("explain", "alpha", "-c", file, "--offline")
            self.assertIn("From the configuration alone", offline.stdout)
            told = json.loads(run("explain", "alpha", "-c", file, "--json", "--stream").stdout)
            self.assertTrue(told["live"] and told["stream"])
            unknown = run("explain", "alhpa", "-c", file)
            self.assertEqual(unknown.returncode, 1)
            self.assertIn('"alpha"', unknown.stderr)
            self.assertEqual(run("explain", "alpha", "-c", file, "--sort", "cheap").returncode, 2)
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())
            ended = run("explain", "alpha", "-c", file)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn("From the configuration alone", ended.stdout)
            self.assertIn("no running server was asked", ended.stderr)

    def test_the_command_needs_none_of_the_keys_that_the_server_has(self):
        port = free_port()
        config = PLAIN.replace("127.0.0.1:0", f"127.0.0.1:{port}", 1).replace(
            "keys = []", 'keys = [{ env = "A_KEY" }]')
        with Sluice(BINARY, config, environment={"A_KEY": "0123456789abcdef"}) as sluice:
            sluice.wait_until_ready()
            live = run("explain", "alpha", "-c", str(sluice.config_path))
            self.assertEqual(live.returncode, 0, live.stderr)
            self.assertIn("As worker 0 of the running server sees it", live.stdout)
            offline = run("explain", "alpha", "-c", str(sluice.config_path), "--offline")
            self.assertEqual(offline.returncode, 1)
            self.assertIn("A_KEY", offline.stderr)


class Reload(unittest.TestCase):
    def test_a_good_configuration_is_in_force_and_connections_live_on(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            kept = http.client.HTTPConnection("127.0.0.1", sluice.port, timeout=PATIENCE_S)
            kept.request("GET", "/v1/models")
            self.assertIn("alpha", kept.getresponse().read().decode())
            sluice.write_config(PLAIN.replace('"alpha"', '"beta"') + "[limits]\nhead_ms_max = 5000\n")
            sluice.signal(signal.SIGHUP)
            sluice.wait_for_line("configuration reloaded")
            kept.request("GET", "/v1/models")
            self.assertIn("beta", kept.getresponse().read().decode())
            kept.close()
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())

    def test_a_broken_one_changes_nothing_and_says_why(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            sluice.write_config(PLAIN.replace('dialect = "openai"', 'dialect = "opanai"'))
            sluice.signal(signal.SIGHUP)
            line = sluice.wait_for_line(r".*not reloaded.*")[0]
            self.assertIn("did you mean", line)
            self.assertIn("alpha", get(sluice.port, "/v1/models")[1])
            self.assertIn("sluice_config_reloads_total{result=\"failure\"} 1", get(sluice.admin_port, "/metrics")[1])

    def test_one_that_leaves_nothing_to_serve_changes_nothing_and_says_why(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            sluice.write_config(HEAD + LISTENER + UNNAMED)
            sluice.signal(signal.SIGHUP)
            line = sluice.wait_for_line(r".*not reloaded.*")[0]
            self.assertIn("no model can be served, for none is named", line)
            self.assertIn("alpha", get(sluice.port, "/v1/models")[1])
            self.assertIn("sluice_config_reloads_total{result=\"failure\"} 1", get(sluice.admin_port, "/metrics")[1])

    def test_listeners_come_and_go(self):
        port = free_port()
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            sluice.write_config(HEAD + f'[[listener]]\naddress = "127.0.0.1:{port}"\n' + PROVIDER)
            sluice.signal(signal.SIGHUP)
            sluice.wait_for_line("configuration reloaded")
            self.assertEqual(get(port, "/v1/models")[0], 200)

            def is_refused():
                try:
                    get(sluice.port, "/v1/models")
                    return False
                except OSError:
                    return True

            wait_for(is_refused, "the old listener to close")

    def test_a_listener_moves_to_all_addresses_of_its_port_and_back(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()

            def is_served():  # what was still in the old listener's queue may be reset
                try:
                    return get(sluice.port, "/v1/models")[0] == 200
                except OSError:
                    return False

            # The port was the kernel's choice: from now on it is written.
            for reloads, address in enumerate(("0.0.0.0", "127.0.0.1", "0.0.0.0"), start=1):
                listener = f'[[listener]]\naddress = "{address}:{sluice.port}"\nanonymous = true\n'
                sluice.write_config(HEAD + listener + PROVIDER)
                sluice.signal(signal.SIGHUP)
                wait_for(lambda: sluice.stderr().count("configuration reloaded") == reloads, f"reload to {address}")
                wait_for(is_served, "an answer")

    def test_what_needs_a_restart_is_said(self):
        with Sluice(BINARY, PLAIN) as sluice:
            sluice.wait_until_ready()
            sluice.write_config(PLAIN.replace("workers = 2", "workers = 1"))
            sluice.signal(signal.SIGHUP)
            self.assertIn("server.workers", sluice.wait_for_line(r".*needs a restart.*")[0])

    def test_what_waits_for_a_restart_is_said_until_the_file_says_what_runs(self):
        keys = ("server.workers", "server.pin_workers", "server.listen_backlog", "admin.address", "admin.anonymous", "streaming.relay_buffer_bytes", "log.access")
        running = PLAIN + '[log]\naccess = "off"\n'
        changed = (
            running.replace("workers = 2", "workers = 1\npin_workers = false\nlisten_backlog = 99")
            .replace('[admin]\naddress = "127.0.0.1:0"', '[admin]\naddress = "off"\nanonymous = true')
            .replace('access = "off"', 'access = "stdout"')
        ) + "[streaming]\nrelay_buffer_bytes = 131072\n"
        with Sluice(BINARY, running) as sluice:
            sluice.wait_until_ready()
            said = 0
            for reloads, (text, more) in enumerate(((changed, 1), (changed, 1), (running, 0), (changed, 1)), start=1):
                sluice.write_config(text)
                sluice.signal(signal.SIGHUP)
                wait_for(lambda: sluice.stderr().count("configuration reloaded") == reloads, f"reload {reloads}")
                said += more
                lines = [line for line in sluice.stderr().splitlines() if "needs a restart" in line]
                for key in keys:
                    self.assertEqual(sum(line.endswith(f"key={key}") for line in lines), said, (reloads, key, lines))


class Listeners(unittest.TestCase):
    def test_a_unix_socket_serves_and_goes_with_the_process(self):
        with Sluice(BINARY, HEAD + '[[listener]]\naddress = "unix:FOLDER/s.sock"\n' + PROVIDER) as sluice:
            sluice.wait_until_ready()
            path = sluice.folder / "s.sock"
            for _ in range(4):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(PATIENCE_S)
                    client.connect(str(path))
                    client.sendall(b"GET /readyz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
                    self.assertTrue(client.makefile("rb").readline().startswith(b"HTTP/1.1 200"))
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())
            self.assertFalse(path.exists())

    def test_a_connection_without_its_proxy_header_is_logged_without_its_bytes(self):
        with Sluice(BINARY, HEAD + LISTENER + "proxy_protocol = true\n" + PROVIDER) as sluice:
            sluice.wait_for_line("metrics and health")
            port = int(re.search(r"listening on \S+:(\d+) ", sluice.stderr()).group(1))
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
                own = client.getsockname()[1]
                client.sendall(b"GET /canary HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
                self.assertEqual(client.recv(100), b"")
            line = sluice.wait_for_line(r".*dropped for want of a PROXY header.*")[0]
            for part in (" warn ", f"listener=127.0.0.1:{port}", f"peer=127.0.0.1:{own}", "reason=", "connections=1"):
                self.assertIn(part, line)
            self.assertNotIn("canary", sluice.stderr())

    def test_tokens_that_cannot_be_had_are_logged_once_for_all_workers_and_once_when_they_can(self):
        port = free_port()
        config = HEAD + LISTENER + (
            '[[provider]]\nname = "clouds"\ndialect = "vertex"\nproject = "p"\nlocation = "global"\n'
            'keys = [{ metadata = "default" }]\n[[model]]\nname = "alpha"\n'
            '[[model.deployment]]\nprovider = "clouds"\nmodel = "gemini-2.5-pro"\n'
        )
        with Sluice(BINARY, config, environment={"GCE_METADATA_HOST": f"127.0.0.1:{port}"}) as sluice:
            failed, mended = "an access token cannot be fetched", "access tokens can be fetched again"
            line = sluice.wait_for_line(f".*{failed}.*")[0]
            for part in (" warn ", "provider=clouds", "credential=1", "could not be connected to", "next="):
                self.assertIn(part, line)
            with TokenServer(port) as server:
                line = sluice.wait_for_line(f".*{mended}.*")[0]
                for part in (" info ", "provider=clouds", "credential=1"):
                    self.assertIn(part, line)
                wait_for(lambda: server.asked >= 2, "the other worker's fetch")
            self.assertEqual(sluice.terminate(), 0, sluice.stderr())
            self.assertEqual(sluice.stderr().count(failed), 1, sluice.stderr())
            self.assertEqual(sluice.stderr().count(mended), 1, sluice.stderr())
            self.assertNotIn("canary", sluice.stderr())

    def tls_config(self, *names):
        pairs = ", ".join(f'{{ certificate = "{CERTS}/{name}.crt", key = "{CERTS}/{name}.key" }}' for name in names)
        return HEAD + LISTENER + f"tls = [{pairs}]\n" + PROVIDER

    def ask_by_name(self, port, name):
        """The first line of the answer, and the DNS names of the certificate that was shown."""
        context = ssl.create_default_context(cafile=str(CERTS / "ca.crt"))
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain:
            with context.wrap_socket(plain, server_hostname=name) as client:
                client.sendall(b"GET /readyz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
                line = client.makefile("rb").readline()
                return line, [value for _, value in client.getpeercert()["subjectAltName"]]

    def test_the_certificate_is_chosen_by_the_name_asked_for(self):
        with Sluice(BINARY, self.tls_config("localhost", "api")) as sluice:
            sluice.wait_until_ready()
            for name in ("localhost", "api.example.test"):
                line, names = self.ask_by_name(sluice.port, name)
                self.assertTrue(line.startswith(b"HTTP/1.1 200"), line)
                self.assertIn(name, names)

    def test_a_reload_brings_a_new_certificate(self):
        with Sluice(BINARY, self.tls_config("localhost")) as sluice:
            sluice.wait_until_ready()
            self.assertIn("localhost", self.ask_by_name(sluice.port, "localhost")[1])
            sluice.write_config(self.tls_config("api"))
            sluice.signal(signal.SIGHUP)
            sluice.wait_for_line("configuration reloaded")
            self.assertIn("api.example.test", self.ask_by_name(sluice.port, "api.example.test")[1])


class CannotStart(unittest.TestCase):
    def says(self, sluice, *parts):
        self.assertEqual(sluice.wait(), 1, sluice.stderr())
        for part in parts:
            self.assertIn(part, sluice.stderr())

    def test_a_port_in_use_is_named_with_what_to_do(self):
        with Sluice(BINARY, PLAIN) as first:
            first.wait_until_ready()
            taken = PLAIN.replace(LISTENER, f'[[listener]]\naddress = "127.0.0.1:{first.port}"\n')
            with Sluice(BINARY, taken) as second:
                self.says(second, f"127.0.0.1:{first.port}", "in use")

    def test_no_provider_at_all(self):
        with Sluice(BINARY, environment={}) as sluice:
            self.says(sluice, "OPENAI_API_KEY")

    def test_no_model_to_serve(self):
        with Sluice(BINARY, environment={"AZURE_API_KEY": "k"}) as sluice:
            self.says(sluice, "no model can be served, for every provider is left out (azure: ", "AZURE_RESOURCE_NAME")

    def test_a_key_file_that_cannot_be_read(self):
        tls = 'tls = { certificate = "/nowhere/a.crt", key = "/nowhere/a.key" }\n'
        with Sluice(BINARY, HEAD + LISTENER + tls + PROVIDER) as sluice:
            self.says(sluice, "/nowhere/a.crt")

    def test_a_low_limit_of_open_files_is_warned_of(self):
        def lower():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))

        with Sluice(BINARY, PLAIN, preexec=lower) as sluice:
            sluice.wait_until_ready()
            self.assertIn("limit of open files is 512", sluice.stderr())


class Commands(unittest.TestCase):
    def test_help_and_version(self):
        text = run("--help").stdout
        for part in ("Examples:", "SIGHUP", "keygen", "SLUICE_CONFIG"):
            self.assertIn(part, text)
        version = run("--version")
        self.assertEqual(version.returncode, 0)
        self.assertIn("liburing", version.stdout)

    def test_an_unknown_option_is_status_2(self):
        answer = run("serve", "--prot", "1")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("--prot", answer.stderr)

    def test_check_tells_faults_by_its_status(self):
        with Sluice(BINARY, PLAIN) as sluice:
            good = run("check", str(sluice.config_path))
            self.assertEqual(good.returncode, 0, good.stdout)
            self.assertIn("nobody", good.stdout)
            sluice.write_config("[server]\nworkerz = 1\n")
            bad = run("check", str(sluice.config_path))
            self.assertEqual(bad.returncode, 1)
            self.assertIn(":2:", bad.stdout)

    def test_check_loads_what_the_file_names(self):
        def tls(certificate, key):
            return HEAD + LISTENER + f'tls = {{ certificate = "{certificate}", key = "{key}" }}\n' + PROVIDER

        stanza = run("keygen", "--name", "team-x").stdout
        stanza = stanza[stanza.index("[[key]]") :]
        secure = PROVIDER.replace("http:", "https:").replace("keys = []", 'keys = []\nca_file = "FOLDER/broken.pem"')
        faults = {
            "does not belong": (tls(CERTS / "localhost.crt", CERTS / "api.key"), ":8:7: "),
            "broken.pem": (tls("FOLDER/broken.pem", CERTS / "api.key"), ":8:7: "),
            "provider nobody": (HEAD + LISTENER + secure, ":14:1: "),
            "id of an earlier key": (PLAIN + stanza + stanza.replace("team-x", "team-y"), "number 2: hash"),
        }
        with Sluice(BINARY, PLAIN) as sluice:
            broken = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"
            (sluice.folder / "broken.pem").write_text(broken)
            for words, (config, place) in faults.items():
                with self.subTest(words):
                    sluice.write_config(config)
                    bad = run("check", str(sluice.config_path))
                    self.assertEqual(bad.returncode, 1, bad.stdout)
                    self.assertIn(words, bad.stdout)
                    self.assertIn(place, bad.stdout)
                    self.assertIn("cannot be used as it is", bad.stdout)
            sluice.write_config(tls(CERTS / "localhost.crt", CERTS / "localhost.key"))
            self.assertEqual(run("check", str(sluice.config_path)).returncode, 0)

    def test_check_refuses_what_leaves_no_model_to_serve(self):
        nothing = {
            "there is no [[provider]]": HEAD,
            "none is named": HEAD + UNNAMED,
        }
        with Sluice(BINARY, PLAIN) as sluice:
            for words, config in nothing.items():
                with self.subTest(words):
                    sluice.write_config(config)
                    bad = run("check", str(sluice.config_path))
                    self.assertEqual(bad.returncode, 1, bad.stdout)
                    self.assertIn("no model can be served", bad.stdout)
                    self.assertIn(words, bad.stdout)
                    self.assertIn("cannot be used as it is", bad.stdout)
            simulated = run("--simulated-provider", "check", str(sluice.config_path))
            self.assertEqual(simulated.returncode, 0, simulated.stdout)

    def test_check_says_what_serving_could_not_open(self):
        faults = {
            "admin.address: 127.0.0.1:4711 is": PLAIN.replace("127.0.0.1:0", "127.0.0.1:4711"),
            "log.access: there is no folder FOLDER/none/": PLAIN + '[log]\naccess = "FOLDER/none/a.log"\n',
            "there is no folder FOLDER/none/: make it": PLAIN + '[[listener]]\naddress = "unix:FOLDER/none/s"\n',
        }
        with Sluice(BINARY, PLAIN) as sluice:
            for words, config in faults.items():
                with self.subTest(words):
                    sluice.write_config(config)
                    bad = run("check", "-c", str(sluice.config_path))
                    self.assertEqual(bad.returncode, 1, bad.stdout)
                    self.assertIn(words.replace("FOLDER", str(sluice.folder)), bad.stdout)

    def test_the_example_passes_its_check(self):
        good = run("check", str(SOURCE_ROOT / "sluice.example.toml"), environment={"OPENAI_API_KEY": "sk-test-0123456789"})
        self.assertEqual(good.returncode, 0, good.stdout)
        self.assertNotIn("warning", good.stdout)

    def test_options_that_a_command_would_ignore_are_refused(self):
        for arguments in (("--listen", "127.0.0.1:1", "keygen"), ("--simulated-provider", "keygen"), ("--workers", "1", "models")):
            refused = run(*arguments)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertIn(f"{arguments[0]} means nothing to {arguments[-1]}", refused.stderr)
        for arguments in (("--simulated-provider", "models"), ("explain", "simulated", "--simulated-provider"), ("--simulated-provider", "check")):
            shown = run(*arguments)
            self.assertEqual(shown.returncode, 0, shown.stderr + shown.stdout)
            self.assertIn("simulated", shown.stdout)
        for name in ("", "a b"):
            self.assertEqual(run("keygen", "--name", name).returncode, 2)
        self.assertNotIn("Signals:", run("keygen", "--help").stdout)
        self.assertIn("Signals:", run("--help").stdout)

    def test_a_key_from_keygen_opens_the_door(self):
        made = run("keygen", "--name", "team-x").stdout
        key = next(word for word in made.split() if word.startswith("sk-sluice-"))
        stanza = made[made.index("[[key]]") :]
        with Sluice(BINARY, PLAIN + stanza) as sluice:
            sluice.wait_until_ready()
            self.assertEqual(get(sluice.port, "/v1/models")[0], 401)
            self.assertEqual(get(sluice.port, "/v1/models", {"authorization": f"Bearer {key}"})[0], 200)

    def test_models_and_explain(self):
        environment = {"OPENAI_API_KEY": "sk-test-0123456789"}
        table = run("models", environment=environment).stdout
        self.assertIn("gpt-5-mini", table)
        listed = json.loads(run("models", "--json", environment=environment).stdout)
        self.assertIn(("gpt-5-mini", "chat"), [(model["name"], model["mode"]) for model in listed["models"]])
        self.assertIn("openai", run("explain", "gpt-5-mini", environment=environment).stdout)
        unknown = run("explain", "gpt-5-mni", environment=environment)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("gpt-5-mini", unknown.stderr)


if __name__ == "__main__":
    unittest.main()
