#!/usr/bin/env python3
"""What bad input gets, against the real program: the right status, an error in the dialect's shape,
a closed connection where the framing is in doubt; and good requests beside it never fail.

    client_bad_input.py GATEWAY SIMULATOR
"""
import json
import socket
import sys
import threading
import unittest

sys.dont_write_bytecode = True
from client_harness import World  # noqa: E402  (after dont_write_bytecode)

PROGRAMS = []
LIMITS = """[limits]
head_ms_max = 700
body_grace_ms = 500
body_bytes_per_second_min = 100000
tls_hello_ms_max = 700
json_depth_max = 64
"""
# Ends a test that waits for what never comes; nothing that works comes near it.
PATIENCE_SECONDS = 30
CHAT = "/v1/chat/completions"
GOOD_BODY = b'{"model":"sim","messages":[{"role":"user","content":"hi"}]}'


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body


class Connection:
    """A connection that sends what it is given, and reads answers strictly."""

    def __init__(self, world):
        self.socket = socket.create_connection(("127.0.0.1", world.port), PATIENCE_SECONDS)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"closed behind {self.buffer[-200:]!r}")
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def take_until(self, mark):
        while mark not in self.buffer:
            self.more()
        return self.take(self.buffer.index(mark) + len(mark))

    def read(self, has_body=True):
        lines = self.take_until(b"\r\n\r\n").decode("ascii").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        headers = {}
        for line in lines[1:-2]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        body = b""
        if has_body and "content-length" in headers:
            body = self.take(int(headers["content-length"]))
        elif has_body:
            assert headers.get("transfer-encoding") == "chunked", headers
            while size := int(self.take_until(b"\r\n"), 16):
                body += self.take(size + 2)[:-2]
            self.take(2)
        return Answer(int(status), headers, body)

    def closed(self):
        """Waits for the end; whether nothing came in front of it."""
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return self.buffer == b""


def request(world, method=b"POST", target=CHAT, body=GOOD_BODY, key=True, headers=(),
            content_type=b"application/json"):
    head = [method + b" " + target.encode("latin-1") + b" HTTP/1.1", b"Host: gateway"]
    if key:
        head.append(b"Authorization: Bearer " + world.key.encode())
    if body is not None:
        head.append(b"Content-Length: %d" % len(body))
        if content_type:
            head.append(b"Content-Type: " + content_type)
    return b"\r\n".join([*head, *headers, b"", body or b""])


def deep(levels):
    return b'{"model":"sim","messages":' + b"[" * levels + b"]" * levels + b"}"


GET = b"GET /v1/models HTTP/1.1\r\n"
POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
# Bytes, and the status; the connection closes behind it, for nobody knows where the next begins.
BROKEN_FRAMING = {
    "no request at all": (b"hello there\r\n\r\n", 400),
    "a line without target": (b"GET\r\nHost: a\r\n\r\n", 400),
    "a target with a space": (b"GET /v1 /models HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no Host": (GET + b"\r\n", 400),
    "two Hosts": (GET + b"Host: a\r\nHost: b\r\n\r\n", 400),
    "a field without colon": (GET + b"Host: a\r\nnonsense\r\n\r\n", 400),
    "a space before the colon": (GET + b"Host: a\r\nX-A : b\r\n\r\n", 400),
    "a folded line": (GET + b"Host: a\r\nX-A: b\r\n c\r\n\r\n", 400),
    "a zero byte": (GET + b"Host: a\r\nX-A: b\0c\r\n\r\n", 400),
    "a lone CR": (GET + b"Host: a\r\nX-A: b\rc\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "a list of lengths": (POST + b"Content-Length: 3, 4\r\n\r\nabcd", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a signed length": (POST + b"Content-Length: +3\r\n\r\nabc", 400),
    "a length beyond numbers": (POST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "length and chunks": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                          400),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in front": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "a later version": (b"GET /v1/models HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/2 without asking": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a long target": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a long field": (GET + b"Host: a\r\nX-A: " + b"b" * 100_000 + b"\r\n\r\n", 431),
    "many fields": (GET + b"Host: a\r\n" + b"X-A: b\r\n" * 1_000 + b"\r\n", 431),
    "TLS on a plaintext port": (bytes.fromhex("16030100c8010000c40303") + bytes(189), 400),
}
# Chunks that are none, behind a good head with a key.
BROKEN_CHUNKS = {
    "a size that is no number": b"zz\r\nabc\r\n0\r\n\r\n",
    "a size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size beyond numbers": b"fffffffffffffffff\r\n",
    "a chunk longer than its size": b"2\r\nabc\r\n0\r\n\r\n",
    "a negative size": b"-1\r\n\r\n",
}
# Whole requests with a wrong body; the connection stays.
WRONG_BODIES = {
    "nothing": b"",
    "white space": b"  \n",
    "no JSON": b"hello",
    "cut JSON": GOOD_BODY[:-1],
    "more behind the JSON": GOOD_BODY + b"x",
    "two documents": GOOD_BODY + GOOD_BODY,
    "a fault nobody reads": GOOD_BODY[:-1] + b',"x":[1,]}',
    "a bad number": GOOD_BODY[:-1] + b',"x":01}',
    "NaN": GOOD_BODY[:-1] + b',"temperature":NaN}',
    "a bad escape": GOOD_BODY[:-1] + b',"x":"\\q"}',
    "a control character": GOOD_BODY[:-1] + b',"x":"a\nb"}',
    "invalid UTF-8": GOOD_BODY[:-1] + b',"x":"\xff\xfe"}',
    "an overlong sequence": GOOD_BODY[:-1] + b',"x":"\xc0\xaf"}',
    "a surrogate in UTF-8": GOOD_BODY[:-1] + b',"x":"\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD_BODY,
    "UTF-16": GOOD_BODY.decode().encode("utf-16"),
    "an array": b"[]",
    "a string": b'"model"',
    "null": b"null",
    "no model": b'{"messages":[]}',
    "a null model": b'{"model":null,"messages":[]}',
    "an empty model": b'{"model":"","messages":[]}',
    "a model that is a number": b'{"model":1,"messages":[]}',
    "a model that is long": b'{"model":"' + b"m" * 5_000 + b'","messages":[]}',
    "no messages": b'{"model":"sim"}',
    "messages that are no array": b'{"model":"sim","messages":"hi"}',
    "stream that is no boolean": GOOD_BODY[:-1] + b',"stream":"yes"}',
    "stream_options without stream": GOOD_BODY[:-1] + b',"stream_options":{}}',
    "model twice": b'{"model":"sim",' + GOOD_BODY[1:],
    "model twice, once in escapes": b'{"m\\u006fdel":"sim",' + GOOD_BODY[1:],
    "too deep": deep(65),
    "far too deep": deep(100_000),
}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(*PROGRAMS, limits=LIMITS)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)

    def setUp(self):
        # Good requests, beside whatever the test does.
        self._ending = threading.Event()
        self._good_count = 0
        self._good_fault = None
        self._good = threading.Thread(target=self._ask_good)
        self._good.start()

    def tearDown(self):
        self._ending.set()
        self._good.join()
        self.assertIsNone(self._good_fault, "a good request beside the bad ones failed")
        self.assertGreater(self._good_count, 0)
        self.assertTrue(self.world.gateway_is_alive(), self.world.log("gateway"))

    def _ask_good(self):
        try:
            with Connection(self.world) as connection:
                while not self._good_count or not self._ending.wait(0.005):
                    connection.send(request(self.world))
                    answer = connection.read()
                    assert answer.status == 200, (answer.status, answer.body)
                    assert json.loads(answer.body)["choices"]
                    self._good_count += 1
        except Exception as fault:  # pylint: disable=broad-except  (shown by tearDown)
            self._good_fault = repr(fault)

    def expect_error(self, answer, status):
        self.assertEqual(answer.status, status, answer.body[:300])
        self.assertEqual(answer.headers["content-type"], "application/json")
        whole = json.loads(answer.body)
        error = whole["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertGreater(len(error["message"]), 10)
        self.assertIsInstance(error["type"], str)
        self.assertTrue(whole["request_id"])
        self.assertEqual(answer.headers.get("x-request-id", whole["request_id"]),
                         whole["request_id"])
        self.assertNotIn(self.world.key, answer.body.decode())
        return error

    def expect_still_good(self, connection):
        connection.send(request(self.world))
        self.assertEqual(connection.read().status, 200)

    def test_broken_framing_is_refused_and_the_connection_closed(self):
        for name, (data, status) in BROKEN_FRAMING.items():
            with self.subTest(name), Connection(self.world) as connection:
                try:
                    connection.send(data)
                except OSError:
                    pass  # answered before all of it was sent
                self.expect_error(connection.read(), status)
                self.assertTrue(connection.closed())

    def test_broken_chunks_are_refused_and_the_connection_closed(self):
        for name, chunks in BROKEN_CHUNKS.items():
            with self.subTest(name), Connection(self.world) as connection:
                connection.send(request(self.world, body=None, headers=[
                    b"Content-Type: application/json", b"Transfer-Encoding: chunked"]) + chunks)
                self.expect_error(connection.read(), 400)
                self.assertTrue(connection.closed())

    def test_wrong_bodies_are_refused_and_the_connection_stays(self):
        for name, body in WRONG_BODIES.items():
            with self.subTest(name), Connection(self.world) as connection:
                connection.send(request(self.world, body=body))
                error = self.expect_error(connection.read(), 400)
                self.assertEqual(error["type"], "invalid_request_error")
                self.expect_still_good(connection)

    def test_every_cut_of_a_request_leaves_the_gateway_well(self):
        whole = request(self.world)
        for cut in range(0, len(whole), 7):
            with Connection(self.world) as connection:
                connection.send(whole[:cut])

    def test_wrong_addresses_are_answered_by_name(self):
        for method, target, body, status, allow in (
                (b"POST", "/v1/chat/completion", GOOD_BODY, 404, None),
                (b"POST", "/chat/completions", GOOD_BODY, 404, None),
                (b"GET", "/", None, 404, None),
                (b"GET", "/v1/models/none", None, 404, None),
                (b"POST", "/v1//chat/completions", GOOD_BODY, 404, None),
                (b"POST", "/v1/%63hat/completions", GOOD_BODY, 404, None),
                (b"GET", "/v1/../etc/passwd", None, 404, None),
                (b"GET", CHAT, None, 405, "POST"),
                (b"DELETE", CHAT, None, 405, "POST"),
                (b"post", CHAT, GOOD_BODY, 405, "POST"),
                (b"PUT", "/v1/models", GOOD_BODY, 405, "GET, HEAD"),
                (b"BREW", "/v1/embeddings", GOOD_BODY, 405, "POST")):
            with self.subTest(f"{method} {target}"), Connection(self.world) as connection:
                connection.send(request(self.world, method=method, target=target, body=body))
                answer = connection.read()
                self.expect_error(answer, status)
                self.assertEqual(answer.headers.get("allow"), allow)
                self.expect_still_good(connection)

    def test_a_head_request_gets_no_body(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world, method=b"HEAD", body=None))
            self.assertEqual(connection.read(has_body=False).status, 405)
            self.expect_still_good(connection)

    def test_an_unknown_model_is_404(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world, body=GOOD_BODY.replace(b"sim", b"no-such")))
            self.assertEqual(self.expect_error(connection.read(), 404)["param"], "model")

    def test_wrong_media_types_are_415(self):
        for content_type in (b"text/plain", b"application/x-www-form-urlencoded",
                             b"multipart/form-data; boundary=x"):
            with self.subTest(content_type), Connection(self.world) as connection:
                connection.send(request(self.world, content_type=content_type))
                self.expect_error(connection.read(), 415)

    def test_broken_forms_are_400(self):
        form = (b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nsim\r\n'
                b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nab\r\n')
        for name, content_type, body in (
                ("no boundary", b"multipart/form-data", form + b"--x--\r\n"),
                ("another boundary", b"multipart/form-data; boundary=y", form + b"--x--\r\n"),
                ("no end", b"multipart/form-data; boundary=x", form),
                ("no model", b"multipart/form-data; boundary=x", b"--x--\r\n")):
            with self.subTest(name), Connection(self.world) as connection:
                connection.send(request(self.world, target="/v1/audio/transcriptions", body=body,
                                        content_type=content_type))
                self.expect_error(connection.read(), 400)

    def test_a_body_that_is_too_large_is_413(self):
        with Connection(self.world) as connection:  # said so
            connection.send(POST + b"Authorization: Bearer " + self.world.key.encode() +
                            b"\r\nContent-Length: 2000000\r\n\r\n")
            self.expect_error(connection.read(), 413)
            self.assertTrue(connection.closed())
        with Connection(self.world) as connection:  # found out
            chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
            try:
                connection.send(request(self.world, body=None, headers=[
                    b"Content-Type: application/json", b"Transfer-Encoding: chunked"]) + chunk * 20)
            except OSError:
                pass
            self.expect_error(connection.read(), 413)

    def test_a_missing_or_wrong_key_is_401(self):
        for name, key in (("none", b""), ("wrong", b"Authorization: Bearer sk-wrong\r\n"),
                          ("no scheme", b"Authorization: nonsense\r\n")):
            with self.subTest(name), Connection(self.world) as connection:
                connection.send(POST + key + b"Content-Length: %d\r\n\r\n" % len(GOOD_BODY)
                                + GOOD_BODY)
                answer = connection.read()
                self.expect_error(answer, 401)
                self.assertIn("bearer", answer.headers["www-authenticate"].lower())

    def test_an_expectation_nobody_knows_is_417(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world, headers=[b"Expect: miracles"]))
            self.expect_error(connection.read(), 417)

    def test_a_head_that_never_ends_is_408(self):
        for begin in (b"P", POST, POST + b"X-A: b"):
            with self.subTest(begin), Connection(self.world) as connection:
                connection.send(begin)
                self.expect_error(connection.read(), 408)
                self.assertTrue(connection.closed())

    def test_a_body_that_never_ends_is_408(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world)[:-5])
            self.expect_error(connection.read(), 408)
            self.assertTrue(connection.closed())

    def test_garbage_behind_a_good_request_does_not_spoil_its_answer(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world) + b"\x00\x01 garbage\r\n\r\n")
            self.assertEqual(connection.read().status, 200)
            self.expect_error(connection.read(), 400)
            self.assertTrue(connection.closed())

    def test_pipelined_requests_are_answered_in_order(self):
        with Connection(self.world) as connection:
            connection.send(request(self.world) + request(self.world, body=b"{") +
                            request(self.world, target="/none") + request(self.world))
            self.assertEqual([connection.read().status for _ in range(4)], [200, 400, 404, 200])

    def test_connections_that_say_nothing_do_no_harm(self):
        silent = [Connection(self.world) for _ in range(200)]
        with Connection(self.world) as connection:
            self.expect_still_good(connection)
        for connection in silent:
            connection.socket.close()


class BadTls(unittest.TestCase):
    def test_what_is_no_handshake_is_dropped_and_good_ones_served(self):
        with World(*PROGRAMS, limits=LIMITS, tls=True) as world:
            for data in (b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\xff\xff",
                         bytes(1_000), b""):
                with self.subTest(data[:10]), Connection(world) as connection:
                    connection.send(data)
                    try:
                        while connection.socket.recv(65536):
                            pass  # an alert, at most
                    except ConnectionResetError:
                        pass
            self.assertTrue(world.gateway_is_alive())
            self.assertIn("requests", world.simulator_stats())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    PROGRAMS = [sys.argv.pop(1), sys.argv.pop(1)]
    unittest.main()
