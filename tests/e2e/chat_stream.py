"""One streamed chat as a client sees it, to its end or to where it broke."""

import http.client
import json
import time

from server_process import PATIENCE_S


class ChatStream:
    """Asks and reads. Nothing is taken on trust: what did not come is not there."""

    def __init__(self, port, model, prompt="hello", **members):
        self.text = ""
        self.finish_reasons = []
        self.done = False  # [DONE] came
        self.error = None  # of an error body, or of an error event
        self.usage = None
        self.asides = []  # everything that is no text: comments, and events without their choices
        self.ended_in_order = False
        self.after_the_end = []  # events that came behind [DONE] or an error
        self.first_content_s = None
        self._began = time.monotonic()
        body = {"model": model, "stream": True, "stream_options": {"include_usage": True},
                "messages": [{"role": "user", "content": prompt}], **members}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body),
                               {"content-type": "application/json"})
            response = connection.getresponse()
            self.status = response.status
            self.headers = {name.lower(): value for name, value in response.getheaders()}
            self._read(response)
        finally:
            connection.close()
        self.seconds = time.monotonic() - self._began

    @property
    def provider(self):
        return self.headers.get("x-sluice-provider")

    @property
    def request_id(self):
        return self.headers["x-request-id"]

    @property
    def looks_complete(self):
        return self.done or bool(self.finish_reasons)

    @property
    def is_continued(self):
        """Whether the stream says somewhere that it was gone on with by somebody else."""
        said = [*self.asides, *(f"{name}: {value}" for name, value in self.headers.items())]
        return any(word in each.lower() for each in said for word in ("continued", "rescue"))

    def _read(self, response):
        if self.status != 200:
            self.error = json.loads(response.read())["error"]
            self.ended_in_order = True
            return
        try:
            while line := response.readline():
                self._take(line.decode().rstrip("\r\n"))
            self.ended_in_order = True
        except (http.client.IncompleteRead, ConnectionResetError):
            pass

    def _take(self, line):
        if line.startswith(":"):
            self.asides.append(line)
        elif line.startswith("data: "):
            self._take_event(line.removeprefix("data: "))

    def _take_event(self, data):
        if self.done or self.error:
            self.after_the_end.append(data)
        if data == "[DONE]":
            self.done = True
            return
        event = json.loads(data)
        if "error" in event:
            self.error = event["error"]
            return
        for choice in event.pop("choices", []):
            piece = choice["delta"].get("content") or ""
            if piece and self.first_content_s is None:
                self.first_content_s = time.monotonic() - self._began
            self.text += piece
            if choice["finish_reason"]:
                self.finish_reasons.append(choice["finish_reason"])
        self.usage = event.get("usage") or self.usage
        self.asides.append(json.dumps(event))
