"""Unknown words and numbers go unless something says that they are medical."""

import sys
from pathlib import Path

import pytest

from pathalign.text.deidentification.deidentifier import deidentify, find_identifiers
from pathalign.text.deidentification.identifiers import Kind
from pathalign.text.deidentification.spelling import ends_as_technical, is_like_a_known_word

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("report", "gone"),
    [
        ("Tormundsen agrees.", "Tormundsen"),
        ("The jar was brought by a cousin, Pellworthy.", "Pellworthy"),
        ("THE SLIDES CAME WITH TORMUNDSEN ON A BUS.", "TORMUNDSEN"),
        ("Seen with W. Tormundsen today.", "W. Tormundsen"),
        ("Remains are shipped to Harlacoma.", "Harlacoma"),
        ("SENT BY HARLACOMA COUNTY HOSPITAL DISTRICT.", "HARLACOMA COUNTY HOSPITAL DISTRICT"),
        ("Lent by Pellworthy Bone & Joint Clinic.", "Pellworthy Bone & Joint Clinic"),
        ("Lent by the Digestive Disease Center of Pellworthy.", "Digestive Disease Center of Pellworthy"),
        ("Office of the Medica1 Examiner, Pellworthy County", "Office of the Medica1 Examiner, Pellworthy County"),
        ("Found at 787 Pellworthy Rural Route 3.", "787 Pellworthy Rural Route 3"),
        ("Found at 298 Pellworthy Ter, Lot 16.", "298 Pellworthy Ter, Lot 16"),
    ],
)
def test_an_unknown_word_and_what_is_beside_it_go(report: str, gone: str) -> None:
    """Whether or not something announces it, with initials, words of institutions, numbers of houses."""
    kept = deidentify(report).text
    assert not [word for word in gone.split() if len(word) > 1 and word in kept.split()], kept


@pytest.mark.parametrize(
    "report",
    [
        "SKIN KARGIN IS FREE. LYMPH BODES ARE NEGATIVE. RENAL VOIN INVASION.",
        "Adenocarcinoam of the stomach. Bisectioned. Rightbreast. Furhman grade 2.",
        "Mul/lymph nodes. Lympho-vascular. Warthin-Starry stain.",
        "XENOGLIOFIBROMA AND PSEUDOCYTITIS ARE ABSENT (NO VI/XVIII).",
    ],
)
def test_what_may_be_medical_stays(report: str) -> None:
    """A known word misspelt, bent, cut or run together; one built as a term; one beside a word of medicine."""
    assert deidentify(report).text == report


def test_a_name_in_small_letters_within_an_address_does_not_keep_it() -> None:
    """ "tormundsen" in an e-mail is no ordinary word; outside of one it is."""
    assert "Tormundsen" not in deidentify("Mail to ismet.tormundsen@pellworthy.org. Tormundsen agrees.").text
    assert "Tormundsen" in deidentify("The tormundsen was cut. Tormundsen agrees.").text


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        ("Compare with 22-664-7511 block 2.", Kind.PHONE),
        ("Compare with A-72-13 block 2.", Kind.ACCESSION),
        ("The wrong number, 27-28-98, was used.", Kind.NUMBER),
        ("Reach us on 512*555*0144.", Kind.PHONE),
        ("She is a spry 97 and lives alone.", Kind.AGE),
    ],
)
def test_a_number_without_a_key_goes(report: str, kind: Kind) -> None:
    """Five digits and more in groups, a telephone in odd marks, an age beside a person."""
    found = find_identifiers(report)
    assert len(found) == 1
    assert found[0].kind in (kind, Kind.NUMBER)


def test_an_extension_goes_with_its_telephone() -> None:
    assert deidentify("Office 830-555-1760 x20, closed").text == "Office [PHONE 1], closed"


@pytest.mark.parametrize(
    "report",
    [
        "Weight 97 grams, 95 of 100 cells, 92% of nuclei, 95 x 92 mm.",
        "Blocks A12-A15, B3; sizes 10-15-20 mm; pT2N0; 8140/3; C50.9; 2011-2014; 88307-26; D19S219; 34BE12.",
        "Ventana catalog 790-4508; S-100/HMB45; BRAF V600E; 7q31.",
    ],
)
def test_numbers_of_medicine_stay(report: str) -> None:
    """Counts, weights, blocks, codes, clones, spans of years."""
    assert deidentify(report).text == report


@pytest.mark.parametrize("value", ["retired miner", "Lutheran", "school teacher", "unemp1oyed", "RETIRED MINER"])
@pytest.mark.parametrize("key", ["Bill type:", "Rank/Grade:", "ROOM", "Funeral home:"])
def test_an_occupation_alone_behind_a_key_goes(key: str, value: str) -> None:
    """Whatever the key is; in a sentence it stays."""
    assert value not in deidentify(f"Path. no. S24-12345     {key} {value}     Received in formalin").text
    assert value.lower() in deidentify(f"He is a {value.lower()} with a cough").text


def test_initials_that_are_no_word_go() -> None:
    """In brackets, behind a time, after a verb; codes of methods stay."""
    for report in ("Released: (xqz) 3/4/2011", "Mitoses are counted by xqz (total 4).", "Verified 0930 XQZ"):
        assert "xqz" not in deidentify(report).text.lower()
    assert deidentify("Detected by PCR (IHC) in 10 HPF.").text == "Detected by PCR (IHC) in 10 HPF."


def test_words_are_known_in_other_forms() -> None:
    """Bent, misspelt, run together, built as terms; names are none of these."""
    assert all(map(is_like_a_known_word, ("bisectioned", "adenocarcinoam", "rightbreast", "pseudolobe", "xviii")))
    assert not any(map(is_like_a_known_word, ("okonjo", "tormundsen", "pellworth")))
    assert ends_as_technical("harlacoma")


def test_a_long_report_of_unknown_words_is_read_in_linear_time() -> None:
    """Fifty thousand characters in one sentence; each word is asked once and looks at eight beside it."""
    report = "Tormundsen Pellworthy County " * 1700
    assert "Tormundsen" not in deidentify(report).text


def test_a_vocabulary_is_swapped_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark's cross-fitted count judges reports without words that only they have."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[4] / "benchmarks"))
    from planted.crossfit import vocabulary_without

    report = "Granulation agrees."
    assert deidentify(report).text == report
    with vocabulary_without(frozenset(("granulation", "granulations"))):
        from pathalign.text.deidentification import suspicion

        assert "granulation" not in suspicion.VOCABULARY
    assert "granulation" in suspicion.VOCABULARY
    for name in [name for name in sys.modules if name.partition(".")[0] == "planted"]:
        monkeypatch.delitem(sys.modules, name)
