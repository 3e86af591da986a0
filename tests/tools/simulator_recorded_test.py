"""sluice-sim judges recorded requests as their providers did.

Every request of tests/fixtures/recorded to Anthropic, Gemini, Vertex AI or Bedrock is sent to the
simulator: what the provider took it must take, and what the provider refused for its shape it must
refuse with the same status.

Usage: simulator_recorded_test.py SLUICE_SIM FOLDER
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

SIM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])

SIGNATURES = ("thoughtSignature", "thought_signature")
PATHS = re.compile(r"/v1/messages(/count_tokens)?$|:(stream)?[gG]enerateContent$|:countTokens$|/converse(-stream)?$")

# What was refused for what the request does not show: keys, quotas, models that were not there, and
# a prompt that is shortened here. The simulator is asked for such answers by name.
NOT_OF_SHAPE = re.compile(
    r"api.key|API key|rate limit|exceeded your current quota|^model: |is not found for API|Publisher Model"
    r"|security token|model identifier|end of its life|on-demand throughput|too long|token count|Tokens Exceeded"
    r"|Cannot fetch content"
)  # fmt: skip


def exchanges():
    for path in sorted(FOLDER.rglob("*.pairs.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            exchange = json.loads(line)
            request = exchange["request"]
            url = urllib.parse.urlsplit(request["url"])
            if request["method"] == "POST" and "body_text" in request and PATHS.search(url.path):
                if not exchange.get("synthetic"):
                    yield f"{path.relative_to(FOLDER)} {exchange['case']}", url, exchange


def without_signatures(value):
    """The request without what only the provider that signed it can judge."""
    if isinstance(value, list):
        return [without_signatures(each) for each in value if not is_thought(each)]
    if isinstance(value, dict):
        return {
            name: "skip_thought_signature_validator" if name in SIGNATURES else without_signatures(each)
            for name, each in value.items()
        }
    return value


def is_thought(block):
    if not isinstance(block, dict):
        return False
    return block.get("type") in ("thinking", "redacted_thinking") or "reasoningContent" in block


def message_of(body):
    """The provider's words, wherever they stand in the body."""
    try:
        error = json.loads(body)
    except ValueError:
        return body
    while isinstance(error, dict) and "error" in error:
        error = error["error"]
    return error.get("message", "") if isinstance(error, dict) else body


class Recorded(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([SIM, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stdout.readline()).group().rstrip("/")

    def tearDown(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def ask(self, url, request):
        body = request["body_text"]
        try:
            parsed = json.loads(body)
            kept = without_signatures(parsed)
            if kept != parsed:
                kept.pop("thinking", None)  # which would want the thoughts that were taken out
                body = json.dumps(kept)
        except ValueError:
            pass
        path = urllib.parse.quote(url.path, safe="/:%@")
        headers = {
            "content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01",
            "x-goog-api-key": "k", "authorization": "Bearer k",
        }  # fmt: skip
        headers |= {name: value for name, value in request["headers"].items() if name == "anthropic-beta"}
        asked = urllib.request.Request(f"{self.url}{path}?{url.query}", body.encode(), headers)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def test_what_was_taken_is_taken_and_what_was_refused_is_refused(self):
        judged = 0
        for name, url, exchange in exchanges():
            wanted = exchange["response"]["status"]
            if wanted != 200 and NOT_OF_SHAPE.search(message_of(exchange["response"].get("body_text", ""))):
                continue
            with self.subTest(name):
                status, body = self.ask(url, exchange["request"])
                self.assertEqual(status, wanted, message_of(body)[:400])
            judged += 1
        print(f"{judged} recorded requests judged")
        self.assertGreater(judged, 10)


unittest.main(argv=sys.argv[:1])
