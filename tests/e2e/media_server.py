"""A web server with a few files on it, on a port of 127.0.0.1 that the kernel chose: what chats name
by a URL in the end-to-end tests.

    /picture.png    an image           /moved.png    a redirect to it
    /page.html      no image           /large.png    more than the gateway fetches
    /asked          how often each path was asked for, as JSON
"""
import base64
import collections
import http.server
import json
import threading

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg==")
BYTES_MAX = 65536


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/asked":
            return self._answer(200, "application/json", json.dumps(self.server.asked).encode())
        self.server.asked[path] += 1
        # A gateway that sends credentials along must not go unnoticed.
        if any(name in self.headers for name in ("authorization", "x-api-key", "cookie")):
            return self._answer(500, "text/plain", b"a credential came along")
        if path == "/picture.png":
            return self._answer(200, "image/png", PICTURE)
        if path == "/page.html":
            return self._answer(200, "text/html", b"<html>" + b" " * 100)
        if path == "/large.png":
            return self._answer(200, "image/png", PICTURE + b"\0" * BYTES_MAX)
        if path == "/moved.png":
            return self._answer(302, "text/plain", b"", {"Location": "/picture.png"})
        return self._answer(404, "text/plain", b"")

    def _answer(self, status, media_type, body, more=None):
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)),
                            **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class MediaServer:
    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.asked = collections.Counter()
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def config(self):
        """The table [media] of a gateway that fetches from here and from nowhere else."""
        return ("[media]\nfetch = true\nallow_http = true\nhosts = [\"localhost\"]\n"
                f"ports = [{self.port}]\nallow_private = [\"127.0.0.0/8\"]\n"
                f"bytes_max = {BYTES_MAX}\ntotal_bytes_max = {4 * BYTES_MAX}\n")
