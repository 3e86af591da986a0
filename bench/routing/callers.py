"""An open loop of streamed chats: each is due at its time, whatever became of those before it.

What is kept of each is when it was due, and what the client saw. Waits count from when it was due,
not from when it was sent, so that a stall shows in all that it held up.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass

CLIENT_SECONDS_MAX = 20
FIRST_CONTENT = re.compile(rb'"content":"[^"]')
TOKENS_PER_PROMPT = 256  # of 4 bytes


@dataclass
class Seen:
    due: float  # seconds since the loop began
    ok: bool = False  # a whole answer
    first_ms: float | None = None  # until its first content
    whole_ms: float | None = None  # until its last byte


async def open_loop(target_of, rate, seconds):
    """`target_of`: a request's number to (port, model). All that was seen, in the order they were due."""
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.05
    asking = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        asking.append(asyncio.create_task(_ask(*target_of(number), number, due, began)))
    return list(await asyncio.gather(*asking))


async def _ask(port, model, number, due, began):
    seen = Seen(due - began)
    try:
        async with asyncio.timeout(CLIENT_SECONDS_MAX):
            await _stream(port, model, number, due, seen)
    except (OSError, EOFError, ValueError, asyncio.IncompleteReadError, TimeoutError):
        seen.ok = False
    return seen


async def _stream(port, model, number, due, seen):
    now = asyncio.get_running_loop().time
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_request(model, number))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or b"chunked" not in head.lower():
            return
        last = b""
        while size := int(await reader.readline(), 16):
            piece = await reader.readexactly(size + 2)
            if seen.first_ms is None and FIRST_CONTENT.search(piece):
                seen.first_ms = (now() - due) * 1e3
            last = (last + piece[:-2])[-64:]
        seen.whole_ms = (now() - due) * 1e3
        seen.ok = last.endswith(b"data: [DONE]\n\n") and seen.first_ms is not None
    finally:
        writer.close()


def _request(model, number):
    """Each asks something else: two alike would be one conversation, which stays where it was."""
    text = f"{time.time_ns()} {number} ".ljust(4 * TOKENS_PER_PROMPT, "x")
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": text}]})
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}").encode()


def quantile(values, share):
    """The smallest value that `share` of all do not exceed; nothing of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def curve(values):
    """[[quantile, value], ...] as bench/compare/plots.py draws it: more points where the tail is."""
    shares = [number / 100 for number in range(0, 90, 2)] + [0.9 + number / 1000 for number in range(100)]
    return [[share, quantile(values, share)] for share in shares if values]
