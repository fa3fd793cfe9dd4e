"""Lists of words: what may be a name, what never is one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def _words(name: str) -> frozenset[str]:
    """The words of one list of this package, in lower case; lines with "#" are remarks."""
    text = files("pathalign.text.deidentification").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


GIVEN_NAMES = _words("given_names")
NAME_WORDS = _words("name_words")
"""Ordinary words that are names too ("Stone", "Young")."""
EPONYMS = _words("eponyms")
"""Names that mean a grade, a cell or a disease."""
EPONYM_SURNAMES = _words("eponym_surnames")
"""Eponyms that are common surnames: an eponym only beside what it names."""
MEDICINE = _words("known_medicine") - GIVEN_NAMES - NAME_WORDS - EPONYMS - EPONYM_SURNAMES
"""Words of medicine alone, written down from knowledge."""
KNOWN_WORDS = (_words("known_medicine") | _words("known_english")) - (
    GIVEN_NAMES | NAME_WORDS | EPONYMS | EPONYM_SURNAMES
)
"""Words that were written down from knowledge and not drawn from reports."""
VOCABULARY = _words("vocabulary") | KNOWN_WORDS
"""Words of reports that are no names."""

NAMED_AFTER = word_set(
    "disease diseases syndrome syndromes tumor tumors tumour tumours cell cells stain stains stained staining "
    "grade grades graded grading level levels score scores sum criteria body bodies esophagus oesophagus lymphoma "
    "sarcoma nevus naevus procedure operation classification stage staging system index thyroiditis duct ducts "
    "gland glands space fascia capsule nodes node pouch ligament canal antigen crystals membrane layer pattern "
    "patterns carcinoma adenoma anemia ulcer hernia fibers fibres resection granules chromosome method technique "
    "protocol angle bone jelly oil polyp polyps esophagectomy oesophagectomy gastrectomy mastectomy repair "
    "pouches sequencing valve sign triad test agar solution fixative silver blue red mutation a b x y"
)
"""What an eponym stands before."""

_MEDICAL = re.compile(
    r"(?:oma|omas|omata|itis|ectomy|otomy|ostomy|osis|oses|ology|ologic|ological|emia|scopy|scopic|plasia|plastic|"
    r"plasty|"
    r"genic|philic|ular|tion|tions|ation|ical|ically|ity|eous|inous|oid|cyte|cytes|cytic|"
    r"blast|blasts|gram|graphy|pathy|trophy|trophic|trophied|penia|megaly|aneous|ated|ized|ised)$"
)


def is_medical(word: str) -> bool:
    """Whether an unknown word in lower case is built as a technical term is ("cystadenofibroma")."""
    return len(word) > 6 and _MEDICAL.search(word) is not None and word not in GIVEN_NAMES


_OCR = str.maketrans("0134568", "oieasgb")
_ONE_MISREAD = re.compile(
    r"(?=(?:.?[^\W\d_]){3})[^\W\d_]+[015][^\W\d_]*|[^\W\d_]0[^\W\d_]|(?![cpry]?[tnm]0)[^\W\d_]{2}0"
)
_BLOCK = re.compile(r"[^\W\d_]{1,3}\d+|[^\W\d_]{1,2}\d+[^\W\d_]\d*|[^\W\d_]+\d{2,}|(?:[cprya]*[tnm][\dx][a-d]?)+")


def read_through(word: str) -> str:
    """A word in lower case with the digits that OCR put for letters read as those letters; "" for a code ("ck7")."""
    if word.isalpha():
        return word
    letters = sum(map(str.isalpha, word))
    if letters < 3 or len(word) - letters > 2 or _BLOCK.fullmatch(word):
        return ""
    return word.translate(_OCR)


def read_as_name(word: str, *, titled: bool = False) -> str:
    """As `read_through`, and where a name is announced also of what could be a code: "zh0u", "jo5e", "pau1".

    `titled` says that only its first letter is a capital, as no code is written.
    """
    read = read_through(word)
    if read or not _ONE_MISREAD.fullmatch(word):
        return read
    sure = titled or word[-1] not in "15" or folded(word) in _folded_given_names()
    return word.translate(_OCR) if sure else ""


@cache
def _folded_given_names() -> frozenset[str]:
    return frozenset(map(folded, GIVEN_NAMES))


_MISREADING = {"o": "0", "l": "1i", "i": "1l", "s": "5"}
"""What OCR makes of a letter."""


def with_misreadings(words: frozenset[str]) -> frozenset[str]:
    """The words and each with one letter as OCR may have read it."""
    made = {
        word[:at] + other + word[at + 1 :]
        for word in words
        for at, letter in enumerate(word)
        for other in _MISREADING.get(letter, "")
    }
    return words | made


def misread_pattern(letters: str) -> str:
    """A pattern of plain letters that also matches what OCR made of them."""
    return re.sub("[oils]", lambda letter: f"[{letter[0]}{_MISREADING[letter[0]]}]", letters)


PARTICLES = with_misreadings(
    word_set(
        "de del della der den des di da das do dos du el al la las le lo los van von vom zu zur ter ten st bin ibn "
        "abu ben mac mc san santa e y"
    )
)
"""Small words within surnames."""


_FOLD = str.maketrans(
    "01l|58346áàâäãåéèêëíìîïóòôöõøúùûüñç",
    "oiiisbeagaaaaaaeeeeiiiioooooouuuunc",
)


def folded(low: str) -> str:
    """A word with the letters and digits that OCR takes for one another made equal."""
    return low.translate(_FOLD).replace("rn", "m").replace("vv", "w")
