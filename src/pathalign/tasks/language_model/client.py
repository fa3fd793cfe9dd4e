"""The one door to `openai`: a report to an OpenAI-compatible endpoint, and its answer as parts.

Proxies and redirects are not followed: a report goes to one host.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, ValidationError

from pathalign.errors import EndpointFailed, NeedsRepair
from pathalign.tasks.language_model.prompt import messages, version_of

KEY = "PATHALIGN_ENDPOINT_KEY"
"""The environment variable with the endpoint's key."""
TRIES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Before the second try, doubled for each after it; and the most that a server's `Retry-After` is given."""
_ASKED = 2
"""Times that a model is asked for an answer of the right shape."""
_SCHEMA_REFUSED = (400, 404, 415, 422, 501)
_REJECTED = (400, 413, 422)
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    quotes: list[str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    header: str
    retrieval: list[_Sentence]
    generation: list[_Sentence]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    parts: list[_Part]


SCHEMA: dict[str, Any] = _Answer.model_json_schema()
_SCHEMA_TEXT = json.dumps(SCHEMA, sort_keys=True)
PROMPT_VERSION = version_of(_SCHEMA_TEXT)


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """The model, or a filter before it, would not."""
    BAD_JSON = "bad json"
    """No answer of the right shape, asked twice."""
    REJECTED = "rejected"
    """The endpoint does not take the request, as when the report is longer than the model's context."""


class _Rejected(Exception):
    """One request that is not taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer and what it took."""

    outcome: Outcome
    parts: tuple[dict[str, Any], ...] = ()
    """JSON of the parts, of the shape that `ToldPart.of` reads."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    bad_answers: int = 0


class LanguageModel:
    """One model at one endpoint; it may be asked by several threads at once."""

    def __init__(self, name: str, endpoint: str, *, timeout_s: float) -> None:
        """Reaches for nothing yet. `endpoint` is the base address, which ends in /v1 with most servers."""
        self.name = name
        self.place = endpoint
        self._schema_is_taken = True
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._client = openai.OpenAI(
            base_url=endpoint, api_key=os.environ.get(KEY, "").strip() or "none", timeout=timeout_s, max_retries=0,
            http_client=openai.DefaultHttpxClient(trust_env=False, follow_redirects=False, timeout=timeout_s),
        )  # fmt: skip

    def close(self) -> None:
        """End the connections; questions that wait for another try give up."""
        self._closed.set()
        self._client.close()

    def ask(self, report: str) -> Reply:
        """The parts of a report from which identifiers were removed.

        Raises `EndpointFailed` when the endpoint does not answer in all tries, `NeedsRepair` when it refuses the
        request for a reason that asking again cannot mend.
        """
        spent = [0, 0]
        retries = bad = 0
        for _ in range(_ASKED):
            try:
                completion, more = self._completion(report)
            except _Rejected:
                return Reply(outcome=Outcome.REJECTED, bad_answers=bad)
            retries += more
            if completion.usage:
                spent[0] += completion.usage.prompt_tokens or 0
                spent[1] += completion.usage.completion_tokens or 0
            choice = completion.choices[0] if completion.choices else None
            cost: dict[str, Any] = {"prompt_tokens": spent[0], "completion_tokens": spent[1], "retries": retries}
            if choice and (choice.message.refusal or choice.finish_reason == "content_filter"):
                return Reply(outcome=Outcome.REFUSED, bad_answers=bad, **cost)
            try:
                answer = _Answer.model_validate_json(_json_within(choice.message.content if choice else None))
            except ValidationError:
                bad += 1
                continue
            parts = tuple(part.model_dump() for part in answer.parts)
            return Reply(outcome=Outcome.ANSWERED, parts=parts, bad_answers=bad, **cost)
        return Reply(outcome=Outcome.BAD_JSON, bad_answers=bad, **cost)

    def _completion(self, report: str) -> tuple[ChatCompletion, int]:
        """(answer, tries that failed before it)."""
        pause, why = FIRST_PAUSE_S, ""
        for tried in range(TRIES):
            if tried:
                # The pauses differ, so that threads do not come back at once.
                if self._closed.wait(pause * random.uniform(0.75, 1.25)):  # noqa: S311
                    break
                pause = min(2 * pause, LONGEST_PAUSE_S)
            try:
                return self._post(report), tried
            except openai.APITimeoutError:
                why = "it took too long (see --model-timeout)"
            except openai.APIConnectionError as error:
                why = f"the connection failed ({type(error.__cause__ or error).__name__})"
            except openai.APIStatusError as error:
                status = error.status_code
                if status in _REJECTED:
                    raise _Rejected from None
                if status not in (408, 409, 425, 429) and status < 500:
                    raise NeedsRepair(
                        f"The endpoint {self.place} must answer for the model {self.name}, and it answered {status}. "
                        f"{_hint(status)}."
                    ) from None  # what the server wrote may repeat the report
                why = f"it answered {status}"
                asked = error.response.headers.get("retry-after", "")
                if asked.isdigit():
                    pause = min(max(pause, float(asked)), LONGEST_PAUSE_S)
            except (openai.APIError, ValueError):
                why = "its answer was no chat completion"
        raise EndpointFailed(
            f"The endpoint {self.place} must answer for each report, and in {TRIES} tries did not: at last {why}. See "
            "that it runs, then run the same command again: answers that came are kept."
        )

    def _post(self, report: str) -> ChatCompletion:
        if self._schema_is_taken:
            try:
                return self._checked(
                    messages(report),
                    response_format={
                        "type": "json_schema",
                        "json_schema": {"name": "report", "schema": SCHEMA, "strict": True},
                    },
                )
            except openai.APIStatusError as error:
                if error.status_code not in _SCHEMA_REFUSED:
                    raise
        completion = self._checked(messages(report, schema=_SCHEMA_TEXT))
        with self._lock:
            self._schema_is_taken = False  # and it answers without: it was the schema that it did not want
        return completion

    def _checked(self, conversation: list[dict[str, str]], **options: Any) -> ChatCompletion:
        """One request; raises `ValueError` for an answer that is none."""
        made: Any = self._client.chat.completions.create(
            model=self.name, messages=conversation, temperature=0, **options,  # type: ignore[arg-type]
        )  # fmt: skip
        if not isinstance(made, ChatCompletion) or not isinstance(made.choices, list):
            raise ValueError("no chat completion")
        return made


def _json_within(content: str | None) -> str:
    """The outermost JSON object of an answer that may stand in prose, in a fence or after thoughts."""
    text = _THOUGHT.sub("", content or "")
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else ""


def _hint(status: int) -> str:
    hints = {
        401: f"Set {KEY} to the endpoint's key",
        403: f"Set {KEY} to a key that may use this model",
        404: "Check the address (most end in /v1) and the name of the model",
    }
    return hints.get(
        status, "Check the address, the name of the model and its length of context; redirects are refused"
    )
