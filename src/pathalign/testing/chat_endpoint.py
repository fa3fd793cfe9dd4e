"""A chat endpoint on this machine that speaks the protocol of OpenAI, and misbehaves as it is told."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[str], Any]
"""From a report to the document that the model answers with, or to a string that it says as it is."""


@dataclass(kw_only=True)
class ChatEndpoint:
    """What the server does, and what it saw."""

    answer: Answer
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of the requests that came."""
    keys: list[str | None] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Status of the next answers, in turn; 0 drops the connection."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of answers that fail."""
    delay_s: float = 0.0
    """Before each answer."""
    takes_schema: bool = True
    """Otherwise a request with `response_format` is answered with 400."""
    refusal: str | None = None
    finish_reason: str = "stop"
    body: bytes | None = None
    """Sent in the place of a completion."""
    most_at_once: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reports(self) -> list[str]:
        """The reports that were sent, in the order in which they came."""
        return [body["messages"][-1]["content"] for body in self.asked]

    def respond(self, body: dict[str, Any], key: str | None) -> tuple[int, bytes]:
        """(status, content) for a request; status 0 stands for no answer at all."""
        with self._lock:
            self.asked.append(body)
            self.keys.append(key)
            status = self.failures.pop(0) if self.failures else 200
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
        try:
            time.sleep(self.delay_s)
            if status != 200:
                return status, b'{"error": {"message": "told to fail"}}'
            if "response_format" in body and not self.takes_schema:
                return 400, b'{"error": {"message": "response_format is not supported"}}'
            return 200, self.body if self.body is not None else json.dumps(self._completion(body)).encode()
        finally:
            with self._lock:
                self._busy -= 1

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        said = self.answer(body["messages"][-1]["content"])
        content = said if isinstance(said, str) else json.dumps(said)
        message = {"role": "assistant", "content": None if self.refusal else content, "refusal": self.refusal}
        return {
            "id": "1", "object": "chat.completion", "created": 0, "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason, "logprobs": None}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        }  # fmt: skip


@contextmanager
def chat_endpoint(answer: Answer) -> Iterator[ChatEndpoint]:
    """A server at a free port of 127.0.0.1 for as long as the block lasts."""
    endpoint = ChatEndpoint(answer=answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = endpoint.respond(body, self.headers.get("Authorization"))
            if not status:
                self.close_connection = True
                return
            with suppress(OSError):  # the client gave up
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                for name, value in endpoint.headers.items() if status != 200 else ():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
