"""Sixteen ways in which a provider fails, over real sockets: whether the client gets its answer.

Usage: rides_out_test.py SLUICE SLUICE_SIM [unittest arguments]

Every model has a primary that fails and one fallback, two retries, and 30 s for the request and for
silence; where that is shortened, or a time is scaled, the test says so.

Thirteen are made good without the client knowing. Three cannot be once a part of the answer was
shown: they end in an error event, and nothing about them looks complete. When a failure comes
decides which it is. So a malformed chunk and a missing [DONE] are here twice: before the first
content both are made good; behind it the chunk is an error too, and the gateway says [DONE] itself
(FailedLate). With stream_rescue all of them end well (Rescued).
"""

import http.client
import json
import sys
import time
import unittest

import at_once
from chat_stream import ChatStream
from rides_out_world import TOKENS, Ride, World
from server_process import PATIENCE_S, get, wait_for

# One line: whether the gateway goes on elsewhere with a stream that broke behind its commit point.
STREAM_RESCUE = True

HALF = 1 + 40  # events: the role's, and 40 of the 60 tokens
WORLD = None  # of all tests: each has its own models in it
WHOLE = ""  # what any of the providers says to the prompt, read without a gateway

RIDES = [
    Ride("limited-once", "first:1:status:429:2"),
    Ride("limited", "status:429"),
    Ride("fails-once", "first:1:status:500"),
    Ride("overloaded", "status:503"),
    Ride("resets", "reset-before-head"),
    Ride("silent", "hang", timeouts={"first_byte_ms": 2000}),
    Ride("late", "stall-after:1:20000"),
    Ride("cut", f"reset-after:{HALF}"),
    Ride("stalls", f"stall-after:{HALF}:30000", timeouts={"idle_ms": 4000}),
    Ride("malformed", "malformed-chunk"),
    Ride("unfinished", "no-done:1"),
    Ride("too-long", "context-length", fallback_is_a_model=True),
    Ride("filtered", "content-filter", fallback_is_a_model=True),
    Ride("cut-for-good", f"close-after:{HALF}", fallback_fault="refuse-prefill"),
    # 60 s scaled to 6 s, and the rest of who failed from 10 s to 1 s.
    Ride("down", health={"rest_ms": 1000}, primary_can_be_ended=True),
    Ride("billed", "error-event-after:1"),
    Ride("billed-whole", "truncate:2"),
    Ride("malformed-late", f"malformed-chunk:{HALF}"),
    Ride("never-done", "no-done"),
]


class Case(unittest.TestCase):
    def ask(self, model, **members):
        return ChatStream(WORLD.port, model, **members)

    def assert_whole(self, stream, provider=None):
        self.assertEqual(stream.status, 200, stream.error)
        self.assertIsNone(stream.error)
        self.assertEqual(stream.text, WHOLE)
        self.assertEqual(stream.finish_reasons, ["stop"])
        self.assertTrue(stream.done)
        self.assertEqual(stream.after_the_end, [])
        self.assertTrue(stream.ended_in_order)
        if provider:
            self.assertEqual(stream.provider, provider)

    def assert_cut(self, stream, *codes):
        """A part of the answer, an error that says what it is, an orderly end; and no sign of success."""
        self.assertEqual(stream.status, 200)
        self.assertTrue(WHOLE.startswith(stream.text) and 0 < len(stream.text) < len(WHOLE), stream.text)
        self.assertIn((stream.error or {}).get("code"), codes)
        self.assertTrue(stream.error["message"] and stream.error["type"], stream.error)
        self.assertFalse(stream.looks_complete)
        self.assertEqual(stream.after_the_end, [])
        self.assertTrue(stream.ended_in_order)
        self.assertFalse(stream.is_continued)

    def assert_attempts(self, stream, *expected):
        """(provider, outcome) of each attempt, as the access log has them."""
        attempts = WORLD.log_of(stream.request_id)["attempts"]
        self.assertEqual([(each["provider"], each["outcome"]) for each in attempts], list(expected))


class RidesOut(Case):
    def test_429_with_retry_after_once(self):
        began = time.monotonic()
        for _ in range(2):
            self.assert_whole(self.ask("limited-once"), "limited-once-fallback")
        self.assertLess(time.monotonic() - began, 2, "nobody waits where there is a fallback")
        self.assertEqual(WORLD.failing.asked("first:1:status:429:2"), 1, "not before it said so")
        time.sleep(max(0, began + 2.5 - time.monotonic()))
        self.assert_whole(self.ask("limited-once"), "limited-once-primary")
        self.assertEqual(WORLD.failing.asked("first:1:status:429:2"), 2)

    def test_429_without_header_for_good_is_not_hammered(self):
        began = time.monotonic()
        for _ in range(24):
            self.assert_whole(self.ask("limited"), "limited-fallback")
            time.sleep(0.3)
        # It cools down for 5 s, then 10, 20, ...: asked at 0 s, 5 s, 15 s, 35 s.
        elapsed = time.monotonic() - began
        at_most = sum(elapsed >= moment for moment in (0, 5, 15, 35, 75))
        self.assertIn(WORLD.failing.asked("status:429"), range(1, at_most + 1), f"in {elapsed:.1f} s")

    def test_500_once(self):
        stream = self.ask("fails-once")
        self.assert_whole(stream, "fails-once-fallback")
        self.assert_attempts(stream, ("fails-once-primary", "failed"), ("fails-once-fallback", "success"))
        self.assert_whole(self.ask("fails-once"), "fails-once-primary")

    def test_503_for_good(self):
        began = time.monotonic()
        for _ in range(20):
            self.assert_whole(self.ask("overloaded"), "overloaded-fallback")
        # Five in a row and it rests for 10 s, then 20; one request tries it in between.
        at_most = 5 + sum(time.monotonic() - began >= moment for moment in (10, 30, 70))
        self.assertIn(WORLD.failing.asked("status:503"), range(1, at_most + 1))

    def test_reset_before_the_head(self):
        stream = self.ask("resets")
        self.assert_whole(stream, "resets-fallback")
        self.assert_attempts(stream, ("resets-primary", "reset"), ("resets-fallback", "success"))

    def test_no_response_at_all(self):
        # The head is waited for 2 s, not 60: behind 30 s the request's own time would be over.
        stream = self.ask("silent")
        self.assert_whole(stream, "silent-fallback")
        self.assertGreaterEqual(stream.first_content_s, 1.9)
        self.assertLess(stream.first_content_s, 15)
        self.assert_attempts(stream, ("silent-primary", "timed_out"), ("silent-fallback", "success"))

    def test_first_token_after_20_s(self):
        # No failure: it is waited for, and nobody else is asked.
        stream = self.ask("late")
        self.assert_whole(stream, "late-primary")
        self.assertGreaterEqual(stream.first_content_s, 19.5)
        self.assert_attempts(stream, ("late-primary", "success"))

    def test_a_malformed_chunk_before_the_first_token(self):
        stream = self.ask("malformed")
        self.assert_whole(stream, "malformed-fallback")
        self.assert_attempts(stream, ("malformed-primary", "malformed"), ("malformed-fallback", "success"))

    def test_no_done_and_no_token_either(self):
        stream = self.ask("unfinished")
        self.assert_whole(stream, "unfinished-fallback")
        attempts = WORLD.log_of(stream.request_id)["attempts"]
        self.assertEqual([each["provider"] for each in attempts], ["unfinished-primary", "unfinished-fallback"])

    def test_400_for_a_context_too_long(self):
        # The request's own fault, so that only another model may do better, which it names.
        stream = self.ask("too-long", fallbacks=["too-long-other"])
        self.assert_whole(stream, "too-long-fallback")
        self.assert_attempts(stream, ("too-long-primary", "refused"), ("too-long-fallback", "success"))
        self.assertEqual(WORLD.failing.asked("context-length"), 1)
        alone = self.ask("too-long")
        self.assertEqual((alone.status, alone.error["code"]), (400, "context_length_exceeded"))

    def test_a_content_filter(self):
        # Gone around only where the caller says "on any error", by `models`.
        stream = self.ask("filtered", models=["filtered-other"])
        self.assert_whole(stream, "filtered-fallback")
        self.assertEqual(WORLD.failing.asked("content-filter"), 1)
        kept = self.ask("filtered", fallbacks=["filtered-other"])
        self.assertEqual((kept.status, kept.error["code"]), (400, "content_filter"))

    def test_the_primary_is_down_under_20_requests_and_comes_back(self):
        self.assert_whole(self.ask("down"), "down-primary")  # and leaves a connection that will break
        WORLD.mortal.kill()
        began = time.monotonic()
        streams = []
        for _ in range(20):
            streams.append(self.ask("down"))
            self.assert_whole(streams[-1], "down-fallback")
            time.sleep(6 / 20)
        elapsed = time.monotonic() - began
        tried = sum(each["provider"] == "down-primary"
                    for stream in streams for each in WORLD.log_of(stream.request_id)["attempts"])
        # Five failures in a row and it rests for 1 s, then 2, 4, ...: one request tries it in between.
        at_most = 5 + sum(elapsed >= moment for moment in (1, 3, 7, 15, 31, 63))
        self.assertIn(tried, range(1, at_most + 1), f"in {elapsed:.1f} s")
        WORLD.mortal.start()

        def is_back():
            stream = self.ask("down")
            self.assert_whole(stream)
            return stream.provider == "down-primary"

        wait_for(is_back, "the primary to be asked again")

    def test_only_the_attempt_that_serves_is_billed(self):
        stream = self.ask("billed")
        self.assert_whole(stream, "billed-fallback")
        self.assert_bill("billed", stream.request_id, stream.usage)

    def test_only_the_attempt_that_serves_is_billed_of_a_whole_answer(self):
        # The primary sent half of its body: it had written all of it, and none of it is shown.
        body = json.dumps({"model": "billed-whole", "messages": [{"role": "user", "content": "hello"}]})
        connection = http.client.HTTPConnection("127.0.0.1", WORLD.port, timeout=PATIENCE_S)
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        response = connection.getresponse()
        answer = json.load(response)
        connection.close()
        self.assertEqual(response.status, 200, answer)
        self.assertEqual(answer["choices"][0]["message"]["content"], WHOLE)
        self.assert_bill("billed-whole", response.headers["x-request-id"], answer["usage"])

    def assert_bill(self, name, request_id, usage):
        self.assertEqual(usage["completion_tokens"], TOKENS)
        line = WORLD.log_of(request_id)
        self.assertEqual([each["provider"] for each in line["attempts"]], [f"{name}-primary", f"{name}-fallback"])
        self.assertEqual(line["tokens"]["input"], usage["prompt_tokens"])
        self.assertEqual(line["tokens"]["output"], TOKENS)
        # A dollar per million tokens in, two out; the primary's are a thousand times as dear.
        cost = (usage["prompt_tokens"] + 2 * TOKENS) / 1e6
        self.assertAlmostEqual(line["cost_usd"], cost, places=12)
        metrics = get(WORLD.gateway.admin_port, "/metrics")[1]

        def cost_of(label):
            lines = [each for each in metrics.splitlines() if each.startswith("sluice_") and
                     "cost_usd_total{" in each and f'"{label}"' in each]
            return sum(float(each.rsplit(" ", 1)[1]) for each in lines)

        self.assertEqual(cost_of(f"{name}-primary"), 0)
        self.assertAlmostEqual(cost_of(f"{name}-fallback"), cost, places=12)
        self.assertAlmostEqual(cost_of(name), cost, places=12)


class Cut(Case):
    """The three that broke behind the commit point."""

    def test_at_40_of_60_tokens(self):
        self.assert_cut(self.ask("cut"), "upstream_reset", "upstream_truncated")

    def test_by_a_stall_of_30_s(self):
        # Silence is waited for 4 s, not 30.
        stream = self.ask("stalls")
        self.assert_cut(stream, "timeout")
        self.assertEqual(len(stream.text.split(" ")), 40)
        self.assertGreaterEqual(stream.seconds, 3.9)
        self.assertLess(stream.seconds, 20)

    def test_where_the_fallback_would_refuse_to_go_on(self):
        self.assert_cut(self.ask("cut-for-good"), "upstream_reset", "upstream_truncated")


class FailedLate(Case):
    """What comes behind the first content, and is made good before it."""

    def test_a_malformed_chunk_at_40_of_60_tokens(self):
        self.assert_cut(self.ask("malformed-late"), "upstream_malformed")

    def test_no_done_behind_all_that_was_to_be_said(self):
        # Every choice said that it was finished: the gateway ends the stream in its place.
        self.assert_whole(self.ask("never-done"))


@unittest.skipUnless(STREAM_RESCUE, "streams are not rescued")
class Rescued(Case):
    """The same, where the request says that it is to be gone on with elsewhere."""

    def assert_rescued(self, model):
        stream = self.ask(model, stream_rescue=True)
        self.assert_whole(stream)
        self.assertTrue(stream.is_continued, stream.asides)

    def test_at_40_of_60_tokens(self):
        self.assert_rescued("cut")

    def test_by_a_stall_of_30_s(self):
        self.assert_rescued("stalls")

    def test_where_the_fallback_refuses_prefill(self):
        self.assert_rescued("cut-for-good")

    def test_a_malformed_chunk_at_40_of_60_tokens(self):
        self.assert_rescued("malformed-late")

    def test_no_done_behind_all_that_was_to_be_said(self):
        self.assert_whole(self.ask("never-done", stream_rescue=True))  # nothing is left to go on with

    def test_what_did_not_break_is_not_marked(self):
        stream = self.ask("resets", stream_rescue=True)
        self.assert_whole(stream)
        self.assertFalse(stream.is_continued)


if __name__ == "__main__":
    binaries = [sys.argv.pop(1) for _ in range(2)]
    with World(*binaries, RIDES) as WORLD:
        WHOLE = ChatStream(WORLD.serving.port, "any").text
        at_once.main(sys.modules["__main__"])
