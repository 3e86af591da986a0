"""Writes what the recorded answers of Bedrock's Converse say, as bedrock_reader_test.cc does.

Usage: bedrock_expected.py tests/fixtures/recorded > tests/llm/bedrock_expected.txt. Another reading
of the documentation and of the bytes than the program's: struct, zlib and json. The test compares
the program with the file; it is made anew when recordings are added, and then read.
"""

import base64
import json
import pathlib
import struct
import sys
import zlib


def messages(stream):
    """(name, payload) of each message; checksums are checked."""
    at = 0
    while at < len(stream):
        total, headers_bytes, checksum = struct.unpack_from(">III", stream, at)
        message = stream[at : at + total]
        assert zlib.crc32(message[:8]) == checksum
        assert zlib.crc32(message[:-4]) == struct.unpack(">I", message[-4:])[0]
        headers, place = {}, 12
        while place < 12 + headers_bytes:
            name_bytes = message[place]
            name = message[place + 1 : place + 1 + name_bytes].decode()
            place += 1 + name_bytes
            assert message[place] == 7
            (value_bytes,) = struct.unpack_from(">H", message, place + 1)
            headers[name] = message[place + 3 : place + 3 + value_bytes].decode()
            place += 3 + value_bytes
        assert headers[":message-type"] == "event"
        yield headers[":event-type"], json.loads(message[12 + headers_bytes : -4])
        at += total


def sealed(blob):
    return base64.b64decode(blob).decode()


def whole(answer):
    """Entries [what, text] of a whole answer."""
    call = 0
    for block in answer["output"]["message"]["content"]:
        if "text" in block:
            yield ["text", block["text"]]
        if "toolUse" in block:
            use = block["toolUse"]
            yield [f"call {call}", f"{use['toolUseId']} {use['name']}"]
            yield [f"arguments {call}", use["input"]]
            call += 1
        if "reasoningContent" in block:
            thought = block["reasoningContent"]
            if "reasoningText" in thought:
                yield ["reasoning", thought["reasoningText"]["text"]]
                if "signature" in thought["reasoningText"]:
                    yield ["signed", thought["reasoningText"]["signature"]]
            else:
                yield ["sealed", sealed(thought["redactedContent"])]
    yield from ending(answer["stopReason"], answer.get("usage"), call)


def streamed(events):
    """The same of a stream; pieces of one kind that follow each other are one entry."""
    stop, usage, call, arguments = None, None, -1, None
    for name, payload in events:
        delta = payload.get("delta", {})
        use = payload.get("start", {}).get("toolUse")
        if name == "contentBlockStart" and use:
            call, arguments = call + 1, ""
            yield [f"call {call}", f"{use['toolUseId']} {use['name']}"]
        elif name == "contentBlockStop" and arguments is not None:
            yield [f"arguments {call}", json.loads(arguments or "{}")]
            arguments = None
        elif "toolUse" in delta:
            arguments += delta["toolUse"]["input"]
        elif "text" in delta:
            yield ["text", delta["text"]]
        elif "text" in delta.get("reasoningContent", {}):
            yield ["reasoning", delta["reasoningContent"]["text"]]
        elif "signature" in delta.get("reasoningContent", {}):
            yield ["signed", delta["reasoningContent"]["signature"]]
        elif "redactedContent" in delta.get("reasoningContent", {}):
            yield ["sealed", sealed(delta["reasoningContent"]["redactedContent"])]
        elif name == "messageStop":
            stop = payload["stopReason"]
        elif name == "metadata":
            usage = payload["usage"]
    yield from ending(stop, usage, call + 1)


REASONS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}


def ending(stop, usage, calls):
    assert (stop == "tool_use") == (calls > 0)
    yield ["finished", f"{REASONS[stop]} ({stop})"]
    if usage:
        cached, written = usage.get("cacheReadInputTokens"), usage.get("cacheWriteInputTokens")
        counts = {"input": usage["inputTokens"] + (cached or 0) + (written or 0), "cached": cached, "written": written}
        counts |= {"output": usage["outputTokens"], "total": usage["totalTokens"]}
        yield ["usage", " ".join(f"{name}={count}" for name, count in counts.items() if count is not None)]


def joined(entries):
    out = []
    for what, text in entries:
        if text == "" and what in ("text", "reasoning"):
            continue
        if out and out[-1][0] == what and what in ("text", "reasoning"):
            out[-1][1] += text
        else:
            out.append([what, text])
    return out


def show(name, entries):
    print(f"== {name}")
    for what, text in joined(entries):
        # Arguments are compared as values: keys sorted, no spaces.
        form = dict(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        print(what, json.dumps(text, **form))


def main():
    root = pathlib.Path(sys.argv[1])
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(("bedrock/converse/", "cross/")):
            continue
        if name.endswith(".pairs.jsonl"):
            for line in path.read_text(encoding="utf-8").splitlines():
                pair = json.loads(line)
                answer = pair["response"]
                if "/converse" not in pair["request"]["url"] or answer["status"] != 200:
                    continue
                title = f"{name} {pair['case']} {pair['seq']}"
                if "body_base64" in answer:
                    show(title, streamed(messages(base64.b64decode(answer["body_base64"]))))
                else:
                    show(title, whole(json.loads(answer["body_text"])))
        elif name.endswith(".json"):
            show(name, whole(json.loads(path.read_text(encoding="utf-8"))))
        elif name.endswith(".chunks.txt"):
            lines = path.read_text(encoding="utf-8").splitlines()
            show(name, streamed(next(iter(json.loads(line).items())) for line in lines if line))


if __name__ == "__main__":
    main()
