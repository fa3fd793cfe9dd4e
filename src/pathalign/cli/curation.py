"""What `curate` can be asked for beyond the rules: a language model, a page to look at, corrections by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pathalign.cli.console import Verb, progress_bar, say, show_problems
from pathalign.store.workspace import Workspace

_OPTIONS = (
    click.option(
        "--workers", "processes", type=click.IntRange(0), default=0, show_default=True,
        help="Processes that read reports, beside this one; worth it from some thousand reports on. 0: this one reads.",
    ),
    click.option(
        "--identifier-model", "identifier_model", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
        help="Find identifiers with a token classifier too (a folder in Hugging Face's format; no network is used).",
    ),
    click.option(
        "--language-model", "model", metavar="NAME",
        help="Let a model read the reports that rules do not: only what a report bears out is taken (extra `llm`).",
    ),
    click.option("--endpoint", metavar="URL", help="Where it answers: OpenAI-compatible, http://127.0.0.1:8000/v1."),
    click.option(
        "--allow-remote", is_flag=True, help="Reports, without identifiers that rules find, may leave this machine."
    ),
    click.option(
        "--language-model-for", "which", type=click.Choice(["problems", "all"]), default="problems", show_default=True,
        help="The reports that it is to read.",
    ),
    click.option(
        "--model-workers", type=click.IntRange(1, 256), default=4, show_default=True, help="Reports asked for at once."
    ),
    click.option(
        "--model-timeout", "timeout_s", type=click.FloatRange(1), default=120.0, show_default=True,
        help="Seconds that an answer may take.",
    ),
    click.option(
        "--price", nargs=2, type=click.FloatRange(0), default=(0.0, 0.0), metavar="IN OUT",
        help="Of a million tokens read and written, to count the cost.",
    ),
    click.option(
        "--review", is_flag=False, flag_value="", default=None, metavar="[FILE]",
        help="Write a page to look at: reports with coloured spans, texts, problems "
        "(default: runs/curate/review.html of the workspace).",
    ),
    click.option(
        "--review-limit", type=click.IntRange(1), default=200, show_default=True,
        help="Reports on that page: those with problems first, then a sample.",
    ),
    click.option("--review-seed", type=int, default=0, show_default=True, help="Draws the sample."),
    click.option(
        "--corrections", type=click.Path(path_type=Path), metavar="FILE",
        help="Take what was changed in a table of --export-review; it stays when curated again.",
    ),
    click.option(
        "--export-review", "export", type=click.Path(path_type=Path), metavar="FILE",
        help="Write the texts of all slides to a .csv or .jsonl, to be corrected.",
    ),
    click.option(
        "--export-provenance", "provenance", type=click.Path(path_type=Path), metavar="FILE",
        help="Write where each sentence of each text stands in its report to a .csv or .jsonl.",
    ),
)  # fmt: skip
_NAMES = (
    "processes", "identifier_model", "model", "endpoint", "allow_remote", "which", "model_workers", "timeout_s",
    "price", "review", "review_limit", "review_seed", "corrections", "export", "provenance",
)  # fmt: skip


def with_extras(verb: Verb) -> Verb:
    """Add the options, given to the verb as one mapping `extras`."""

    @wraps(verb)
    def called(**given: Any) -> Any:
        extras = {name: given.pop(name) for name in _NAMES}
        return verb(extras=extras, **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def curate_with(workspace: Workspace, deidentify: str, extras: Mapping[str, Any]) -> tuple[Any, dict[str, object]]:
    """Curate as the options say: (what was done, its document)."""
    from pathalign.tasks import corrections, curation, provenance
    from pathalign.tasks.deidentification import Deidentification
    from pathalign.tasks.language_model.reading import ModelChoice, Which
    from pathalign.tasks.private_table import require_table_name
    from pathalign.tasks.review import ReviewRequest

    mode = Deidentification(deidentify)
    choice = None
    if extras["endpoint"] and not extras["model"]:
        raise click.UsageError("--endpoint needs --language-model NAME, the model that answers there.")
    if extras["model"]:
        if not extras["endpoint"]:
            raise click.UsageError("--language-model needs --endpoint URL, such as http://127.0.0.1:8000/v1.")
        choice = ModelChoice(
            name=extras["model"], endpoint=extras["endpoint"], allow_remote=extras["allow_remote"],
            which=Which(extras["which"]), workers=extras["model_workers"], timeout_s=extras["timeout_s"],
            price_in=extras["price"][0], price_out=extras["price"][1],
        )  # fmt: skip
    for name in ("export", "provenance"):
        if extras[name]:
            require_table_name(extras[name])
    document: dict[str, object] = {}
    if extras["corrections"]:
        corrected = corrections.take_corrections(workspace, extras["corrections"], deidentify=mode)
        show_problems(corrected.problems)
        document["corrections"] = corrected.as_json()
    review = None
    if extras["review"] is not None:
        path = Path(extras["review"]) if extras["review"] else None
        review = ReviewRequest(path=path, limit=extras["review_limit"], seed=extras["review_seed"])
    done = curation.curate(
        workspace, deidentify=mode, identifier_model=extras["identifier_model"], language_model=choice, review=review,
        workers=extras["processes"], progress=progress_bar,
    )  # fmt: skip
    if extras["export"]:
        rows = corrections.export_review(workspace, extras["export"])
        document["exported"] = {"path": str(extras["export"]), "rows": rows}
    if extras["provenance"]:
        rows = provenance.export_provenance(workspace, extras["provenance"])
        document["provenance"] = {"path": str(extras["provenance"]), "rows": rows}
    return done, done.as_json() | document


def tell_extras(document: Mapping[str, Any]) -> None:
    """What the options did, for a person to read."""
    if corrected := document.get("corrections"):
        say("Corrections: {taken} taken, {reverted} reverted, {unchanged} rows unchanged.".format(**corrected))
    if use := document.get("language_model"):
        outcomes = ", ".join(f"{name} {count}" for name, count in use["outcomes"].items()) or "nothing to read"
        say(
            f"Language model {use['model']}: {outcomes}; of {use['reports_read']} reports something was taken: "
            f"{use['sentences_taken']} sentences, {sum(use['sentences_dropped'].values())} dropped; "
            f"{use['prompt_tokens']} + {use['completion_tokens']} tokens, cost {use['cost']:g}."
        )
    if page := document.get("review"):
        say(f"To look at: {page}")
    if exported := document.get("exported"):
        say(f"To correct: {exported['path']} ({exported['rows']} slides). Then: pathalign curate --corrections FILE")
    if told := document.get("provenance"):
        say(f"Provenance: {told['path']} ({told['rows']} sentences).")
