"""The stain of a slide by what was put on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pathalign.text.stains.preparation import stain_of_lines, stain_of_substances

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("substances", "stain"),
    [
        (("hematoxylin stain", "water soluble eosin stain"), "H&E"),
        (("Haematoxylin", "Eosin Y"), "H&E"),
        (("hematoxylin and eosin stain",), "H&E"),
        (("H&E",), "H&E"),
        (("Arginase uV",), "Arginase-1"),
        (("cytokeratin 7 antibody", "hematoxylin stain"), "CK7"),
        (("Ki67", "DAB", "Hematoxylin"), "Ki-67"),
        (("Periodic acid Schiff stain", "hematoxylin"), "PAS"),
        (("phosphotungstic acid hematoxylin",), "PTAH"),
        (("Prussian blue", "nuclear fast red"), "Prussian blue"),
        (("hematoxylin", "eosin", "Alcian blue"), "Alcian blue"),
        (("Okapi-7", "hematoxylin"), "Okapi-7"),
        # in doubt
        (("CK7", "CK20"), ""),
        (("CK7", "Okapi-7"), ""),
        (("Okapi-7", "Okapi-8"), ""),
        (("hematoxylin and eosin", "Okapi-7"), ""),
        (("hematoxylin stain",), ""),
        (("eosin",), ""),
        (("Okapi " * 20,), ""),
        ((), ""),
    ],
)
def test_substances_make_one_stain(substances: tuple[str, ...], stain: str) -> None:
    """Counterstains do not count; two markers, half of H&E, long words are none; an unknown name stays as it is."""
    assert stain_of_substances(substances) == stain
    assert stain_of_substances(substances[::-1]) == stain


def test_a_line_of_a_label_is_a_stain_or_nothing() -> None:
    """Lines with anything beside the stain, and lines of several stains, tell none."""
    assert stain_of_lines(["S24-12345 A1", "Thistlewood", "CK 7"]) == "CK7"
    assert stain_of_lines(["CK7", "H&E"]) == ""
    assert stain_of_lines(["Thistlewood CK7"]) == ""
    assert stain_of_lines([]) == ""


@pytest.mark.slow
def test_time_grows_with_length_alone(grows_evenly: Callable[[Callable[[int], object]], None]) -> None:
    """What stands in a header may be anything."""
    grows_evenly(lambda characters: stain_of_substances(("hematoxylin " * (characters // 12), "(" * characters)))
    grows_evenly(lambda characters: stain_of_lines(["CK7 " * (characters // 4)]))
