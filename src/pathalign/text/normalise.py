"""Text made comparable and presentable: the key under which equal texts meet, tidy spacing, sentence case."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

# The sign of a stain result carries the meaning ("HER2(-)" is not "HER2(+)"), so it becomes a word before
# punctuation is dropped.
_POSITIVE = re.compile(r"\(\s*\++\s*\)|(?<=[A-Za-z0-9])\+(?![\w+])")
_NEGATIVE = re.compile(r"\(\s*[-–—]\s*\)|(?<=[A-Za-z0-9])[-–](?=[,.;)]|$)")
_NOT_WORD = re.compile(r"[\W_](?<![\s+<>=%])(?!(?<=\d[.,])\d)")
_BULLET = re.compile(r"^[\s\-–—•·*▪●>]+(?=\S)")

# What a text in capitals keeps when it is lowered: acronyms, words with digits ("CD117"), and the capital of a name.
_KEPT = re.compile(
    r"\b(?:(?P<name>gleason|fuhrman|barrett|paget|hodgkin|nottingham|breslow|clark)|hpv|ebv|dcis|lcis|cin|pin|hgpin|panin|"
    r"vin|ain|hsil|lsil|gist|nos|ihc|pas|er|pr|who|isup|cll|sll|dlbcl|malt|sbr|figo|gej?|psa|ttf|alk|i{2,3}|iv|vii?|"
    r"[a-z]*\d\w*)\b"
)
_STAGE = re.compile(r"[yr]?p[TNM]")
_CAPITAL, _SMALL = string.ascii_uppercase.encode(), string.ascii_lowercase.encode()
_BEFORE_STOP = (" ,", " .", " ;", " )")


def text_key(text: str) -> str:
    """The key of a text: equal for texts that say the same words in the same order.

    Case, punctuation, bullet marks, line breaks and Unicode form do not count; digits, decimal points, order, and the
    signs of a stain result do.
    """
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    plain = signs_as_words(plain)
    return " ".join(_NOT_WORD.sub(" ", plain).split())


def signs_as_words(text: str) -> str:
    """The text with the signs of stain results as words: "HER2(-)" is "HER2 negative"."""
    if "+" in text:
        text = _POSITIVE.sub(" positive ", text)
    return _NEGATIVE.sub(" negative ", text) if "-" in text or "–" in text or "—" in text else text


def tidy(text: str) -> str:
    """One line with single spaces, without a leading bullet and without spaces before punctuation."""
    line = " ".join((text if text[:1].isalnum() else _BULLET.sub("", text)).split())
    for spaced in _BEFORE_STOP:
        if spaced in line:
            line = line.replace(spaced, spaced[1])
    return line


@lru_cache(maxsize=4096)
def sentence_case(text: str) -> str:
    """The text with a capital first letter; text written wholly in capitals is lowered first, acronyms aside.

    Mixed case is left as its author wrote it, since eponyms and stain names depend on it.
    """
    letters = text.encode(errors="surrogatepass")
    capitals, small = (len(letters) - len(letters.translate(None, case)) for case in (_CAPITAL, _SMALL))
    if capitals > 2 * small:
        text = _KEPT.sub(lambda kept: kept[0].capitalize() if kept["name"] else kept[0].upper(), text.lower())
    for at, char in enumerate(text):
        if char.isalnum():
            # "2 of 11 nodes" has no letter to raise; "p53" and "pTNM" keep their small one.
            as_is = char.isdigit() or text[at + 1 : at + 2].isdigit() or _STAGE.match(text, at) is not None
            return text if as_is else text[:at] + char.upper() + text[at + 1 :]
    return text
