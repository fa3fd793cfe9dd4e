"""Reports read by a language model, against a server on this machine that speaks the protocol and misbehaves."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pathalign.errors import EndpointFailed, NeedsRepair
from pathalign.store.catalog import Catalog
from pathalign.store.workspace import Workspace
from pathalign.tasks.curation import Curation, curate
from pathalign.tasks.deidentification import Deidentification
from pathalign.tasks.language_model import client
from pathalign.tasks.language_model.reading import CACHE, ModelChoice, Which
from pathalign.tasks.registration import add
from pathalign.testing.chat_endpoint import ChatEndpoint, chat_endpoint

pytestmark = pytest.mark.unit

REAL_CONNECT = socket.socket.connect
PLAIN = "FINAL DIAGNOSIS:\nA. COLON, BIOPSY:\n  - Tubular adenoma.\n"
ODD = (
    "MICROSCOPIC DESCRIPTION: Seen by Dr. Thistlewood on 03/14/2019: chronic gastritis with intestinal metaplasia. "
    "No dysplasia. Case {}."
)
"""Without a diagnosis that rules find."""


def told(text: str, quote: str, *, generation: bool = True, label: str = "") -> dict[str, Any]:
    """An answer of one sentence, in both views."""
    sentence = {"text": text, "quotes": [quote]}
    return {"parts": [
        {"label": label, "header": "", "retrieval": [sentence], "generation": [sentence] if generation else []}
    ]}  # fmt: skip


GOOD = told("Chronic gastritis with intestinal metaplasia", "chronic gastritis with intestinal metaplasia")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatEndpoint]:
    """A server that answers well; this machine may be reached, and pauses are short."""
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(client, "LONGEST_PAUSE_S", 0.02)

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] == "127.0.0.1", "a test tried to reach another machine"
        REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with chat_endpoint(lambda _: GOOD) as server:
        yield server


@pytest.fixture
def filled(workspace: Workspace, write_table: Callable[..., Path]) -> Workspace:
    """A case that rules read, and six that they do not."""
    cases = ["plain", *(f"odd{number}" for number in range(6))]
    slides = write_table("slides.csv", ("slide_id", "case_id", "path"), *((f"s-{case}", case, "") for case in cases))
    rows = [(case, PLAIN if case == "plain" else ODD.format(case)) for case in cases]
    add(workspace, slides, write_table("reports.csv", ("case_id", "report"), *rows))
    return workspace


def ask(workspace: Workspace, endpoint: ChatEndpoint, **options: Any) -> tuple[Curation, dict[str, Any]]:
    """Curate with the model; what was done, and the counts as JSON has them."""
    choice = ModelChoice(endpoint=endpoint.url, **{"name": "tiny", "timeout_s": 5.0, "workers": 2} | options)
    done = curate(workspace, language_model=choice)
    return done, json.loads(json.dumps(done.as_json()))["language_model"]


def texts(workspace: Workspace) -> dict[str, str]:
    """The generation texts of the slides that have text."""
    with Catalog(workspace.catalog_path) as catalog:
        return {text.slide_id: text.generation_text for text in catalog.texts()}


def test_reports_that_rules_do_not_read_get_text(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """They alone are sent, without identifiers and with the schema; tokens and cost are counted."""
    done, use = ask(filled, endpoint, price_in=2.0, price_out=10.0)

    assert texts(filled) == {"s-plain": "Colon: Tubular adenoma."} | {
        f"s-odd{number}": "Chronic gastritis with intestinal metaplasia." for number in range(6)
    }
    assert done.problems == []
    assert len(endpoint.asked) == 6
    assert endpoint.asked[0]["response_format"]["json_schema"]["schema"]["required"] == ["parts"]
    assert not [text for text in endpoint.reports() if "Thistlewood" in text or "2019" in text]
    assert (use["reports"], use["asked"], use["reports_read"], use["sentences_taken"]) == (6, 6, 6, 12)
    assert (use["prompt_tokens"], use["completion_tokens"]) == (600, 60)
    assert use["cost"] == pytest.approx((600 * 2 + 60 * 10) / 1e6)
    assert use["outcomes"] == {"answered": 6}


def test_all_reports_may_be_sent(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """What is borne out takes the place of what rules found."""
    endpoint.answer = lambda report: told("Adenoma", "Tubular adenoma", label="A") if "COLON" in report else GOOD

    ask(filled, endpoint, which=Which.ALL)

    assert len(endpoint.asked) == 7
    assert texts(filled)["s-plain"] == "Colon: Adenoma."


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (told("Carcinoma", "carcinoma of the stomach"), "a quote is not in the report"),
        (told("Carcinoma", "chronic gastritis with intestinal metaplasia"), "a word or number is not in the quotes"),
        (told("Dysplasia", "dysplasia"), "denied, unsure or past in one and not in the other"),
        (told("No chronic gastritis", "chronic gastritis"), "denied, unsure or past in one and not in the other"),
    ],
)
def test_inventions_are_dropped_and_counted(
    filled: Workspace, endpoint: ChatEndpoint, answer: dict[str, Any], fault: str
) -> None:
    """Invented facts and turned denials reach no text; the report stays as rules have it."""
    endpoint.answer = lambda _: answer

    done, use = ask(filled, endpoint)

    assert sorted(texts(filled)) == ["s-plain"]
    assert use["sentences_dropped"] == {fault: 12}
    assert (use["reports_read"], use["sentences_taken"]) == (0, 0)
    assert len(done.problems) == 6


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ("<think>{maybe}</think>\n```json\n" + json.dumps(GOOD) + "\n```\nDone.", True),
        ("I cannot say.", False), ('{"parts": [{"label": 7', False), ('{"parts": [{"label": "A"}]}', False),
        ("", False), (json.dumps(GOOD | {"extra": 1}), False),
    ],
)  # fmt: skip
def test_bad_json_is_asked_for_again_and_counted(
    filled: Workspace, endpoint: ChatEndpoint, content: str, taken: bool
) -> None:
    """Prose around an answer is forgiven; what is no answer twice leaves the report to rules, and is not kept."""
    endpoint.answer = lambda _: content

    _, use = ask(filled, endpoint)

    assert (len(texts(filled)) == 7) is taken
    assert use["outcomes"] == ({"answered": 6} if taken else {"bad json": 6})
    assert (len(endpoint.asked), use["bad_answers"]) == ((6, 0) if taken else (12, 12))


def test_a_body_that_is_no_completion_is_a_failure(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """As from a proxy that answers with its own page."""
    endpoint.body = b"<html>welcome</html>"

    with pytest.raises(EndpointFailed, match="no chat completion"):
        ask(filled, endpoint)


def test_a_server_without_schemas_is_asked_in_words(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """The schema goes into the prompt, and later requests do not try again."""
    endpoint.takes_schema = False

    _, use = ask(filled, endpoint, workers=1)

    assert use["outcomes"] == {"answered": 6}
    assert len(endpoint.asked) == 7
    assert "response_format" not in endpoint.asked[-1]
    assert '"retrieval"' in endpoint.asked[-1]["messages"][0]["content"]


@pytest.mark.parametrize("failures", [[429, 429], [503], [0, 0], [500, 408]])
def test_failures_that_pass_are_tried_again(filled: Workspace, endpoint: ChatEndpoint, failures: list[int]) -> None:
    """Too many requests, broken servers and dropped connections cost a retry each, and nothing else."""
    endpoint.failures, endpoint.headers = list(failures), {"Retry-After": "1"}

    _, use = ask(filled, endpoint)

    assert (use["outcomes"], use["retries"]) == ({"answered": 6}, len(failures))


def test_time_outs_leave_reports_to_rules(
    filled: Workspace, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that takes too long in all tries is counted, the others are read."""
    monkeypatch.setattr(client, "TRIES", 2)

    respond = endpoint.respond

    def slow(body: dict[str, Any], key: str | None) -> tuple[int, bytes]:
        time.sleep(0.6 if "Case odd3" in str(body) else 0)
        return respond(body, key)

    monkeypatch.setattr(endpoint, "respond", slow)

    _, use = ask(filled, endpoint, timeout_s=0.2)

    assert use["outcomes"] == {"answered": 5, "failed": 1}
    assert sorted(set(texts(filled))) == ["s-odd0", "s-odd1", "s-odd2", "s-odd4", "s-odd5", "s-plain"]


def test_a_dead_endpoint_is_told_at_once(
    filled: Workspace, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is curated, since the user wanted more than rules; what was curated before stays."""
    curate(filled)
    monkeypatch.setattr(client, "TRIES", 2)
    endpoint.delay_s = 1.0

    with pytest.raises(EndpointFailed, match="took too long"):
        ask(filled, endpoint, timeout_s=0.1)
    assert sorted(texts(filled)) == ["s-plain"]


def test_an_endpoint_that_dies_is_left_in_peace(
    filled: Workspace, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many failures in a row the rest is not asked for, and all is curated by rules."""
    monkeypatch.setattr(client, "TRIES", 1)
    monkeypatch.setattr("pathalign.tasks.language_model.reading._GIVE_UP", 2)
    endpoint.failures = [200, *[503] * 20]

    _, use = ask(filled, endpoint, workers=1)

    assert use["outcomes"]["answered"] == 1
    assert use["outcomes"]["failed"] + use["outcomes"]["not asked"] == 5
    assert use["outcomes"]["not asked"] >= 1


@pytest.mark.parametrize(
    ("status", "words"), [(401, "PATHALIGN_ENDPOINT_KEY"), (404, "name of the model"), (307, "redir")]
)
def test_a_refused_request_names_the_repair(filled: Workspace, endpoint: ChatEndpoint, status: int, words: str) -> None:
    """A wrong key, model or address is not tried again; the message holds nothing of the report."""
    endpoint.failures, endpoint.headers = [status] * 20, {"Location": "http://192.0.2.1/v1"}

    with pytest.raises(NeedsRepair, match=words) as told_error:
        ask(filled, endpoint, workers=1)
    assert "gastritis" not in str(told_error.value)


def test_a_report_that_is_too_long_costs_itself(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """A request that the server does not take leaves that report to rules."""
    endpoint.failures = [400, 400]

    _, use = ask(filled, endpoint, workers=1)

    assert use["outcomes"] == {"answered": 5, "rejected": 1}


@pytest.mark.parametrize("way", [{"refusal": "I may not."}, {"finish_reason": "content_filter"}])
def test_refusals_are_counted_and_kept(filled: Workspace, endpoint: ChatEndpoint, way: dict[str, str]) -> None:
    """A model that would not is not asked again."""
    for name, value in way.items():
        setattr(endpoint, name, value)

    assert ask(filled, endpoint)[1]["outcomes"] == {"refused": 6}
    assert ask(filled, endpoint)[1]["cache_hits"] == 6
    assert len(endpoint.asked) == 6
    assert sorted(texts(filled)) == ["s-plain"]


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """Answers that came are not asked for again, and killed and resumed is equal to one run."""
    original = client.LanguageModel.ask

    def killed(self: client.LanguageModel, report: str) -> client.Reply:
        if "odd4" in report:
            raise KeyboardInterrupt
        return original(self, report)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.LanguageModel, "ask", killed)
        with pytest.raises(KeyboardInterrupt):
            ask(filled, endpoint, workers=1)
    before = len(endpoint.asked)
    _, use = ask(filled, endpoint, workers=1)
    expected = texts(filled)

    assert before >= 3
    assert use["cache_hits"] >= 3
    assert use["asked"] == 6 - use["cache_hits"]
    (filled.root / CACHE).unlink()
    for suffix in ("-wal", "-shm"):
        (filled.root / f"{CACHE}{suffix}").unlink(missing_ok=True)
    ask(filled, endpoint)
    assert texts(filled) == expected


@pytest.mark.slow
def test_answers_are_kept_by_content(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """The same again asks for nothing and costs nothing; another model is asked; the file is its owner's alone."""
    ask(filled, endpoint)
    done, use = ask(filled, endpoint)

    assert (use["asked"], use["cache_hits"], use["prompt_tokens"], use["reports_read"]) == (0, 6, 0, 6)
    assert len(texts(filled)) == done.slides_with_text == 7
    assert stat.S_IMODE((filled.root / CACHE).stat().st_mode) == 0o600
    assert ask(filled, endpoint, name="other")[1]["asked"] == 6


def test_several_reports_are_asked_for_at_once(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """As many as there are workers, and no more."""
    endpoint.delay_s = 0.1

    ask(filled, endpoint, workers=3)

    assert endpoint.most_at_once == 3


@pytest.mark.slow
def test_the_key_goes_to_the_endpoint(
    filled: Workspace, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours, never the one that another program's variable holds."""
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    ask(filled, endpoint, name="one")
    monkeypatch.setenv(client.KEY, "mine")
    ask(filled, endpoint, name="two")

    assert set(endpoint.keys[:6]) == {"Bearer none"}
    assert set(endpoint.keys[6:]) == {"Bearer mine"}


def test_a_proxy_is_not_used(filled: Workspace, endpoint: ChatEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would carry reports to another machine."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    monkeypatch.setenv("no_proxy", "")

    assert ask(filled, endpoint)[1]["outcomes"] == {"answered": 6}


@pytest.mark.parametrize(
    "url",
    ["http://192.168.0.7:8000/v1", "https://api.example.org/v1", "http://localhost.example.org/v1", "http://10.0.0.1"],
)
def test_another_machine_is_refused(url: str) -> None:
    """Private networks too, unless the user says that reports may go there."""
    with pytest.raises(NeedsRepair, match="--allow-remote"):
        ModelChoice(name="tiny", endpoint=url)
    assert ModelChoice(name="tiny", endpoint=url, allow_remote=True).endpoint == url


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "file:///etc/passwd", "http://me:secret@127.0.0.1/v1", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    """And a password is not repeated."""
    with pytest.raises(NeedsRepair, match="http or https") as refused:
        ModelChoice(name="tiny", endpoint=url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost:1/v1", "http://[::1]:8000/v1"])
def test_this_machine_is_taken(url: str) -> None:
    """By name and by both kinds of address."""
    assert ModelChoice(name="tiny", endpoint=url).endpoint == url


def test_reports_with_identifiers_are_not_sent(filled: Workspace, endpoint: ChatEndpoint) -> None:
    """Turning de-identification off and asking a model exclude each other."""
    choice = ModelChoice(name="tiny", endpoint=endpoint.url)

    with pytest.raises(NeedsRepair, match="without identifiers"):
        curate(filled, deidentify=Deidentification.OFF, language_model=choice)
    assert endpoint.asked == []
