"""A caller written out by hand, for what sluice-load does not do: connections that do nothing."""

import json
import socket

from gateways import MODEL
from processes import Trouble


def chat_request(key, prompt_bytes, model=MODEL):
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "x" * prompt_bytes}]})
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}").encode()


def connect(target):
    return socket.create_connection(("127.0.0.1", target.port), 20)


def ask_once(connection, request):
    """One request, its whole answer, and the connection stays open."""
    connection.sendall(request)
    answer = b""
    while True:
        head, found, body = answer.partition(b"\r\n\r\n")
        if found:
            fields = head.lower().split(b"\r\n")
            if not fields[0].startswith(b"http/1.1 200"):
                raise Trouble(f"an idle connection was answered {head[:80]!r}")
            lengths = [field.split(b":")[1] for field in fields if field.startswith(b"content-length:")]
            if len(body) >= int(lengths[0]) if lengths else body.endswith(b"0\r\n\r\n"):
                return
        piece = connection.recv(65536)
        if not piece:
            raise Trouble("a connection was closed that should have been kept alive")
        answer += piece
