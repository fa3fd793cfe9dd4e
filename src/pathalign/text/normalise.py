"""Text made comparable and presentable: the key under which equal texts meet, tidy spacing, sentence case."""

from __future__ import annotations

import re
import unicodedata

# The sign of a stain result carries the meaning ("HER2(-)" is not "HER2(+)"), so it becomes a word before
# punctuation is dropped.
_POSITIVE = re.compile(r"\(\s*\++\s*\)|(?<=[A-Za-z0-9])\+(?![\w+])")
_NEGATIVE = re.compile(r"\(\s*[-–—]\s*\)|(?<=[A-Za-z0-9])[-–](?=[,.;)]|$)")
_NOT_WORD = re.compile(r"(?<!\d)[.,](?!\d)|(?<=\d)[.,](?!\d)|(?<!\d)[.,](?=\d)|[^\w\s.,+<>=%]|_")
_SPACES = re.compile(r"\s+")
_BULLET = re.compile(r"^[\s\-–—•·*▪●>]+(?=\S)")

# What a text in capitals keeps when it is lowered: acronyms, words with digits ("CD117"), and the capital of a name.
_KEPT = re.compile(
    r"\b(?:(?P<name>gleason|fuhrman|barrett|paget|hodgkin|nottingham|breslow|clark)|hpv|ebv|dcis|lcis|cin|pin|hgpin|panin|"
    r"vin|ain|hsil|lsil|gist|nos|ihc|pas|er|pr|who|isup|cll|sll|dlbcl|malt|sbr|figo|gej?|psa|ttf|alk|i{2,3}|iv|vii?|"
    r"[a-z]*\d\w*)\b"
)
_STAGE = re.compile(r"[yr]?p[TNM]")
_CAPITAL, _SMALL = re.compile(r"[A-Z]"), re.compile(r"[a-z]")


def text_key(text: str) -> str:
    """The key of a text: equal for texts that say the same words in the same order.

    Case, punctuation, bullet marks, line breaks and Unicode form do not count; digits, decimal points, order, and the
    signs of a stain result do.
    """
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    plain = signs_as_words(plain)
    return _SPACES.sub(" ", _NOT_WORD.sub(" ", plain)).strip()


def signs_as_words(text: str) -> str:
    """The text with the signs of stain results as words: "HER2(-)" is "HER2 negative"."""
    return _NEGATIVE.sub(" negative ", _POSITIVE.sub(" positive ", text))


def tidy(text: str) -> str:
    """One line with single spaces, without a leading bullet and without spaces before punctuation."""
    line = _SPACES.sub(" ", _BULLET.sub("", text)).strip()
    return re.sub(r"\s+(?=[,.;)])", "", line)


def sentence_case(text: str) -> str:
    """The text with a capital first letter; text written wholly in capitals is lowered first, acronyms aside.

    Mixed case is left as its author wrote it, since eponyms and stain names depend on it.
    """
    if len(_CAPITAL.findall(text)) > 2 * len(_SMALL.findall(text)):
        text = _KEPT.sub(lambda kept: kept[0].capitalize() if kept["name"] else kept[0].upper(), text.lower())
    for at, char in enumerate(text):
        if char.isalnum():
            # "2 of 11 nodes" has no letter to raise; "p53" and "pTNM" keep their small one.
            as_is = char.isdigit() or text[at + 1 : at + 2].isdigit() or _STAGE.match(text, at) is not None
            return text if as_is else text[:at] + char.upper() + text[at + 1 :]
    return text
