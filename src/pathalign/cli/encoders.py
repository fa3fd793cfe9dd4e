"""`encoders`: which patch encoders there are, under which licence, and what it takes to use one here."""

from __future__ import annotations

from typing import Any

import click

from pathalign.cli.console import emit, say, table, with_json


@click.command(short_help="Patch encoders by name: licence, resolution, whether usable here and what to do if not.")
@click.argument("name", required=False)
@with_json
def encoders(name: str | None, as_json: bool) -> None:
    """List the patch encoders that `embed --encoder NAME` knows, or show one with the steps until it can be used.

    Nothing is downloaded and no encoder is loaded; with the NAME of a plug-in, that one is. Beside these, `--encoder`
    takes a folder, a TorchScript or ONNX file, the address of an embedding endpoint, or a name on the Hugging Face Hub:
    docs/encoders.md.
    """
    from pathalign.encoders.availability import all_availabilities, installed_plugins, plugin_as_json

    if name is not None:
        _show_one(name, as_json)
        return
    public, offered = all_availabilities(), [plugin_as_json(plugin) for plugin in installed_plugins()]
    document: dict[str, object] = {"encoders": [*offered, *(each.as_json() for each in public)]}
    emit(as_json, document, lambda: _show_all(public, offered))


def _show_all(public: list[Any], offered: list[dict[str, Any]]) -> None:
    rows = [_row(each) for each in public]
    table(["name", "dim", "px", "mpp", "licence", "gated", "usable here"], rows)
    for each in offered:
        told = " ".join(each["steps"]) or "usable here"
        say(f"{each['name']}: plug-in of {each['source']}; {told}")
    say("`pathalign encoders NAME` shows the whole card and what to do. ?: no source says, or they contradict.")


def _row(each: Any) -> list[object]:
    card = each.card
    return [
        card.name, card.embedding_dim, card.patch_px, _doubted(card, "patch_mpp", f"{card.patch_mpp:g}"),
        _doubted(card, "licence", card.licence), _doubted(card, "gated", "yes" if card.gated else "no"), each.told,
    ]  # fmt: skip


def _doubted(card: Any, field: str, told: str) -> str:
    return f"{told} ?" if field in card.unverified else told


def _show_one(name: str, as_json: bool) -> None:
    from pathalign.encoders.availability import availability
    from pathalign.encoders.cards import the_card
    from pathalign.encoders.plugins import plugins

    if (plugin := plugins().get(name)) is not None:
        card = plugin.load().card.as_json()
        document = {**card, "kind": "plug-in", "source": plugin.distribution, "state": "ready", "steps": []}
        emit(as_json, {"encoder": document}, lambda: _show_card(document))
        return
    document = availability(the_card(name)).as_json()
    emit(as_json, {"encoder": document}, lambda: _show_card(document))


def _show_card(document: dict[str, Any]) -> None:
    left_out = ("kind", "state", "steps", "aliases", "architecture", "unverified")
    rows = [[key.replace("_", " "), _told(value)] for key, value in document.items() if key not in left_out]
    if document.get("architecture"):
        rows.append(["architecture", ", ".join(f"{key} {value}" for key, value in document["architecture"].items())])
    if document.get("aliases"):
        rows.append(["also called", ", ".join(document["aliases"])])
    if document.get("unverified"):
        rows.append(["not verified", ", ".join(document["unverified"])])
    table(["", ""], [row for row in rows if row[1] != ""])
    if not document["steps"]:
        say(f"Usable here: pathalign embed --encoder {document['name']}")
    for number, step in enumerate(document["steps"], start=1):
        say(f"{number}. {step}")


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)


COMMANDS = (encoders,)
