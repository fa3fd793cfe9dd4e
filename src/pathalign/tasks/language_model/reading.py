"""Asking a language model for many reports: several at once, each once, none in vain when the run is killed.

Answers come into a cache before the catalog is touched; curation then reads the cache alone.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pathalign.domain.progress import Advance
from pathalign.errors import EndpointFailed, MissingExtra, NeedsRepair
from pathalign.store.answer_cache import AnswerCache
from pathalign.store.workspace import Workspace
from pathalign.tasks.language_model.usage import ModelUse
from pathalign.text.curation import CuratedReport
from pathalign.text.support.answer import ToldPart, accept, merged

if TYPE_CHECKING:
    from pathalign.tasks.language_model.client import LanguageModel, Reply

CACHE = "language-model.sqlite"
_GIVE_UP = 10
"""Reports in a row that the endpoint failed at; the others are then left to rules."""
_MOST_CHARS = 24_000
"""Of a report that is sent; of a longer one, its diagnosis or its beginning."""
_KEPT = ("answered", "refused")
"""Outcomes that asking again would not change."""


class Which(StrEnum):
    """Which reports a model is to read."""

    PROBLEMS = "problems"
    """Those whose diagnosis rules do not find, or of which a slide's part is missing."""
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """A language model as the user chose it."""

    name: str
    endpoint: str
    allow_remote: bool = False
    which: Which = Which.PROBLEMS
    workers: int = 4
    timeout_s: float = 120.0
    price_in: float = 0.0
    price_out: float = 0.0
    """Of a million tokens."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise NeedsRepair(
                "The endpoint of a language model is an http or https address without user, password or query, like "
                "http://127.0.0.1:8000/v1. Give it with --endpoint, and a key in PATHALIGN_ENDPOINT_KEY."
            )
        if not self.allow_remote and not _is_here(parts.hostname):
            raise NeedsRepair(
                f"Reports are sent to no other machine unasked, and {parts.hostname} is not this one. If reports, "
                "without the identifiers that rules find, may leave this machine, add --allow-remote."
            )


def _is_here(host: str) -> bool:
    """Whether a host is this machine. An address of a private network is another machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


class ModelReader:
    """The answers of one model, and what they came to."""

    def __init__(self, model: LanguageModel, cache: AnswerCache, choice: ModelChoice, prompt_version: str) -> None:
        self.use = ModelUse(model=choice.name, price_in=choice.price_in, price_out=choice.price_out)
        self._model, self._cache, self._choice, self._version = model, cache, choice, prompt_version
        self._failures = 0
        self._answered = False

    def wants(self, curated: CuratedReport, *, lacks_part: bool) -> bool:
        """Whether the model is to read a report; an empty one has nothing to read."""
        return bool(curated.text.strip()) and (
            self._choice.which is Which.ALL or curated.problem is not None or lacks_part
        )

    def ask_for(self, reports: Iterable[tuple[str, CuratedReport]], advance: Advance) -> None:
        """Fill the cache with the answers for reports (text, as rules read it) from which identifiers were removed.

        Raises `EndpointFailed` when not even the first is answered, `NeedsRepair` when the endpoint takes none.
        """
        waiting: deque[tuple[str, Future[Reply]]] = deque()
        pool = ThreadPoolExecutor(self._choice.workers, thread_name_prefix="language-model")
        try:
            for text, curated in reports:
                self.use.reports += 1
                sent = _sent(text, curated)
                key = self._key(sent)
                known = self._cache.get(key)
                if known is not None or any(key == other for other, _ in waiting):
                    self.use.cache_hits += 1
                    advance(1)
                    continue
                if self._failures >= _GIVE_UP:
                    self.use.outcomes["not asked"] += 1
                    advance(1)
                    continue
                waiting.append((key, pool.submit(self._model.ask, sent)))
                while len(waiting) >= 2 * self._choice.workers:
                    self._settle(*waiting.popleft())
                    advance(1)
            while waiting:
                self._settle(*waiting.popleft(), is_last=not waiting)
                advance(1)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def read(self, text: str, curated: CuratedReport) -> CuratedReport:
        """The report with what its answer in the cache says and the report bears out; as rules have it without one."""
        known = self._cache.get(self._key(_sent(text, curated)))
        if known is None:
            return curated
        self.use.outcomes[known["outcome"]] += 1
        accepted = accept(text, curated, [ToldPart.of(part) for part in known["parts"]])
        self.use.add_answer(accepted)
        return merged(curated, accepted)

    def _settle(self, key: str, future: Future[Reply], *, is_last: bool = False) -> None:
        self.use.asked += 1
        try:
            reply = future.result()
        except EndpointFailed:
            self._failures += 1
            self.use.outcomes["failed"] += 1
            if not self._answered and (is_last or self._failures >= min(_GIVE_UP, self._choice.workers)):
                raise
            return
        self._failures, self._answered = 0, True
        self.use.retries += reply.retries
        self.use.bad_answers += reply.bad_answers
        self.use.prompt_tokens += reply.prompt_tokens
        self.use.completion_tokens += reply.completion_tokens
        if reply.outcome.value in _KEPT:
            self._cache.put(key, {"outcome": reply.outcome.value, "parts": list(reply.parts)})
        else:
            self.use.outcomes[reply.outcome.value] += 1

    def _key(self, sent: str) -> str:
        """The hash under which an answer is kept: of model, question and report."""
        return hashlib.sha256("\0".join((self._choice.name, self._version, sent)).encode()).hexdigest()


def _sent(text: str, curated: CuratedReport) -> str:
    """What is sent of a report."""
    if len(text) <= _MOST_CHARS:
        return text
    start = max(0, curated.diagnosis_start - 200) if curated.diagnosis_end else 0
    return text[start : start + _MOST_CHARS]


@contextmanager
def model_reader(workspace: Workspace, choice: ModelChoice) -> Iterator[ModelReader]:
    """The reader of a chosen model; raises `MissingExtra` without the packages that it needs."""
    try:
        from pathalign.tasks.language_model.client import PROMPT_VERSION, LanguageModel
    except ImportError as error:
        raise MissingExtra(
            "Reading reports with a language model needs the packages openai and pydantic. Install them with "
            "`pip install 'pathalign[llm]'`."
        ) from error
    model = LanguageModel(choice.name, choice.endpoint, timeout_s=choice.timeout_s)
    cache = AnswerCache(workspace.root / CACHE)
    try:
        yield ModelReader(model, cache, choice, PROMPT_VERSION)
    finally:
        cache.close()
        model.close()
