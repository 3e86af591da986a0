"""What is compared: each gateway as a process with its configuration.

HAProxy and nginx are plain proxies here: no log, no rules, no checks, keep-alive on both sides, and
not one copy to a file. Sluice has everything on: a caller's key, a provider's key put in its place,
JSON checked, routing, tokens counted, metrics, one line of access log per request.
"""

import os
import time
from pathlib import Path

from processes import STOP_SECONDS_MAX, Process, free_port

MODEL = "sim-model"
PROVIDER_KEY = "provider-key-of-the-simulator"  # checked by nobody; it makes the gateway send one

HAPROXY_CONFIG = """\
global
  nbthread 1
  maxconn {connections_max}
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
  timeout http-request 10s
  timeout http-keep-alive 120s
frontend downstream
  bind 127.0.0.1:{port} backlog 4096{bind_tls}
{rules}  default_backend upstream
backend upstream
  http-reuse always
{servers}"""

NGINX_CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile {descriptors_max};
pid {folder}/nginx.pid;
error_log stderr error;
events {{
  worker_connections {connections_max};
}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  upstream simulator {{
{servers}    keepalive {idle_upstreams_max};
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096{listen_tls};
{tls}    location / {{
{rules}      proxy_pass {scheme}://simulator;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering {body_first};
      client_max_body_size 0;
      client_body_buffer_size 64k;
      proxy_read_timeout 300s;
    }}
  }}
}}
"""

SLUICE_CONFIG = """\
[server]
workers = {workers}
connections_max = {connections_max}
[[listener]]
address = "127.0.0.1:{port}"
{listener_tls}[admin]
address = "127.0.0.1:{admin_port}"
{providers}[[model]]
name = "{model}"
{deployments}[limits]
keep_alive_ms_max = 300000
[pool]
connections_max = {connections_max}
[log]
access = "{access_log}"
{key_stanza}"""

SLUICE_PROVIDER = """\
[[provider]]
name = "{name}"
dialect = "{dialect}"
base_url = "{scheme}://{host}:{port}/v1"
keys = [{{ env = "SIMULATOR_KEY" }}]
{ca}"""

SLUICE_DEPLOYMENT = """\
[[model.deployment]]
provider = "{name}"
model = "{model}"
price = {{ input = 0.25, output = 2.0 }}
"""


class Direct:
    """The simulator itself: what a proxy adds is told by its absence."""

    name = "direct"

    def __init__(self, stage, part):
        self.url = f"{'https' if part.upstream_tls else 'http'}://127.0.0.1:{stage.simulator.port}"

        self.pids = ()  # its processor time is nobody's cost

    def resident_bytes(self):
        return None

    def check_alive(self):
        pass

    def stop(self):
        pass


class Proxy(Process):
    """A process between load and simulator."""

    cores = "proxy"  # of the stage's

    def __init__(self, stage, part, name, command, port, environment=None):
        self.url = f"{'https' if part.downstream_tls else 'http'}://127.0.0.1:{port}"
        wrapper = [word.format(folder=stage.folder) for word in stage.wrapper]
        super().__init__(name, [*wrapper, *command], stage.folder, stage.cores[self.cores], port, stage.urgent,
                         {**(environment or {}), **stage.wrapper_environment})

    @property
    def pids(self):
        return [self.pid]


class Floor(Proxy):
    """The relay that parses nothing: bench/floor."""

    def __init__(self, stage, part):
        port = free_port()
        command = [stage.programs["floor"], str(port), str(stage.simulator.port)]
        super().__init__(stage, part, "floor", command, port)


class HaProxy(Proxy):
    def __init__(self, stage, part):
        port = free_port()
        bind_tls = f" ssl crt {stage.certificate.bundle} alpn http/1.1" if part.downstream_tls else ""
        tls = (f" ssl verify required ca-file {stage.certificate.certificate} sni str(localhost)"
               " verifyhost localhost") if part.upstream_tls else ""
        servers = f"  server simulator 127.0.0.1:{stage.simulator.port}{tls}\n"
        if part.fails_first:
            servers = ("  balance first\n  retries 1\n  retry-on 503\n  option redispatch 1\n"
                       f"  server failing 127.0.0.1:{stage.failing.port}\n" + servers)
        rules = "  option http-no-delay\n" if part.no_delay else ""
        if part.checks_key:
            rules += ("  http-request deny deny_status 401 unless "
                     f'{{ req.hdr(authorization) -m str "Bearer {stage.key}" }}\n')
        config = Path(stage.folder) / "haproxy.cfg"
        config.write_text(HAPROXY_CONFIG.format(
            port=port, connections_max=(stage.descriptors_max - 100) // 2, bind_tls=bind_tls,
            rules=rules, servers=servers))
        command = [stage.programs["haproxy"], "-db", "-q", "-f", str(config)]
        super().__init__(stage, part, "haproxy", command, port)


class Nginx(Proxy):
    def __init__(self, stage, part):
        port = free_port()
        certificate = stage.certificate
        tls = ""
        if part.downstream_tls:
            tls += f"    ssl_certificate {certificate.certificate};\n    ssl_certificate_key {certificate.key};\n"
        if part.upstream_tls:
            tls += (f"    proxy_ssl_verify on;\n    proxy_ssl_trusted_certificate {certificate.certificate};\n"
                    "    proxy_ssl_name localhost;\n    proxy_ssl_server_name on;\n"
                    "    proxy_ssl_protocols TLSv1.2 TLSv1.3;\n")
        servers = f"    server 127.0.0.1:{stage.simulator.port};\n"
        rules = ""
        if part.fails_first:
            servers = (f"    server 127.0.0.1:{stage.failing.port} max_fails=0;\n"
                       f"    server 127.0.0.1:{stage.simulator.port} backup;\n")
            rules += "      proxy_next_upstream error http_503 non_idempotent;\n"
        if part.checks_key:
            rules += f'      if ($http_authorization != "Bearer {stage.key}") {{ return 401; }}\n'
        folder = Path(stage.folder) / "nginx"
        folder.mkdir(exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(NGINX_CONFIG.format(
            port=port, folder=folder, descriptors_max=stage.descriptors_max,
            connections_max=stage.descriptors_max - 100, idle_upstreams_max=stage.descriptors_max // 2,
            listen_tls=" ssl" if part.downstream_tls else "", tls=tls, servers=servers, rules=rules,
            scheme="https" if part.upstream_tls else "http",
            body_first="on" if part.fails_first else "off"))  # what may be sent twice must be kept
        command = [stage.programs["nginx"], "-p", str(folder), "-c", str(config), "-e", "stderr"]
        super().__init__(stage, part, "nginx", command, port)


class Sluice(Proxy):
    name = "sluice"
    dialect = "openai"  # of the provider
    workers = 1

    def __init__(self, stage, part):
        port = free_port()
        self.access_log = Path(stage.folder) / f"{self.name}.jsonl"
        self.access_log.unlink(missing_ok=True)
        providers = [("simulator", stage.simulator.port)]
        if part.fails_first:
            providers.insert(0, ("failing", stage.failing.port))
        certificate = stage.certificate
        config = Path(stage.folder) / f"{self.name}.toml"
        config.write_text(SLUICE_CONFIG.format(
            port=port, admin_port=free_port(), workers=self.workers, model=MODEL, access_log=self.access_log,
            connections_max=stage.descriptors_max // 2, key_stanza=stage.key_stanza,
            listener_tls=(f'tls = {{ certificate = "{certificate.certificate}", key = "{certificate.key}" }}\n'
                          if part.downstream_tls else ""),
            providers="".join(SLUICE_PROVIDER.format(
                name=name, dialect=self.dialect, port=provider_port, scheme="https" if part.upstream_tls else "http",
                host="localhost" if part.upstream_tls else "127.0.0.1",
                ca=f'ca_file = "{certificate.certificate}"\n' if part.upstream_tls else "")
                for name, provider_port in providers),
            deployments="".join(SLUICE_DEPLOYMENT.format(name=name, model=MODEL) for name, _ in providers)))
        super().__init__(stage, part, self.name, [stage.programs["sluice"], "serve", "--config", str(config)],
                         port, {"SIMULATOR_KEY": PROVIDER_KEY})

    def let_log_run(self):
        """Its log's thread would starve beside an urgent worker that never yields."""
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            if (thread / "comm").read_text().strip() == "sluice-log":
                os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(2))

    def take_log(self, lines_wanted):
        """Empties the access log and returns its lines, once there are so many."""
        until = time.monotonic() + STOP_SECONDS_MAX
        while True:
            data = self.access_log.read_bytes() if self.access_log.exists() else b""
            if data.count(b"\n") >= lines_wanted or time.monotonic() > until:
                break
            time.sleep(0.1)
        if data:
            os.truncate(self.access_log, 0)
        return data.splitlines()


class SluiceToAnthropic(Sluice):
    """The same callers, and a provider that speaks Anthropic's dialect: every answer is written anew."""

    name = "sluice-anthropic"
    dialect = "anthropic"


class SluiceOfTwoWorkers(Sluice):
    name = "sluice-2"
    workers = 2
    cores = "workers"


class Simulator(Proxy):
    """The provider simulator in a proxy's place: it answers what the others pass on."""

    def __init__(self, stage, part):
        port = free_port()
        command = [stage.programs["sluice-sim"], "--listen", f"127.0.0.1:{port}", "--workers", "1", *part.simulator]
        super().__init__(stage, part, "simulator", command, port)


KINDS = {"floor": Floor, "sluice": Sluice, "sluice-anthropic": SluiceToAnthropic,
         "sluice-2": SluiceOfTwoWorkers, "haproxy": HaProxy,
         "nginx": Nginx, "simulator": Simulator}
