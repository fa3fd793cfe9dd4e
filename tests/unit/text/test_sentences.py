"""Where sentences of a report end, and which breaks within them are mended."""

from __future__ import annotations

import pytest

from pathalign.text.sentences import sentences

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Bronchial margin: negative. Vein margin: positive. Nerve: free.",
         ["Bronchial margin: negative", "Vein margin: positive", "Nerve: free"]),
        ("All margins are negative. Normal thyroid.", ["All margins are negative", "Normal thyroid"]),
        ("NODES NEGATIVE. FOR TUMOR. MARGINS FREE. OF TUMOR.", ["NODES NEGATIVE FOR TUMOR", "MARGINS FREE OF TUMOR"]),
        ("Bile duct invasion: No. Cirrhosis: Yes.", ["Bile duct invasion: No", "Cirrhosis: Yes"]),
        ("NO. EVIDENCE OF TUMOR.", ["NO EVIDENCE OF TUMOR"]),
        ("Axillary node no. 5 is free.", ["Axillary node no 5 is free"]),
        ("THE TUMOR AND ALL MARGINS. ARE FREE.", ["THE TUMOR AND ALL MARGINS ARE FREE"]),
        ("MUCINOUS CARCINOMA. OR SIGNET RINGS.", ["MUCINOUS CARCINOMA OR SIGNET RINGS"]),
        ("Positive nodes. (3/12). Fat necrosis.", ["Positive nodes (3/12)", "Fat necrosis"]),
        ("Two nodes, see specimen A. 2. Fat necrosis.", ["Two nodes, see specimen A", "Fat necrosis"]),
        ("Looked at by Dr. Sections show a nevus.", ["Looked at by Dr", "Sections show a nevus"]),
        ("Looked at by Dr. Miller today.", ["Looked at by Dr Miller today"]),
        ("J. Nevus. K. Scar. M. Wart.", ["Nevus", "Scar", "Wart"]),
        ("Grade: N/A. Invasion: absent.", ["Grade: N/A", "Invasion: absent"]),
        ("Cleared by the U.S. Food Office. Signed.", ["Cleared by the U.S Food Office", "Signed"]),
        ("Seen by A. Smith, M.D. Nevus.", ["Seen by A Smith, M.D", "Nevus"]),
        ("Mitoses 4 in 10 H.P.F. Necrosis is absent.", ["Mitoses 4 in 10 H.P.F", "Necrosis is absent"]),
        ("Ward and unit no. Nevus of the arm.", ["Ward and unit no", "Nevus of the arm"]),
        ("Number of nodes examined: 1. Fat: free.", ["Number of nodes examined: 1", "Fat: free"]),
        ("Nodes positive: 1. Nodes sent: 1. Scar.", ["Nodes positive: 1", "Nodes sent", "Scar"]),
        ("2 CM FROM THE CLOSEST. DEEP MARGIN.", ["2 CM FROM THE CLOSEST DEEP MARGIN"]),
        ("Field diam. 0.5 mm. Scar.", ["Field diam 0.5 mm", "Scar"]),
    ],
)  # fmt: skip
def test_where_sentences_end(text: str, wanted: list[str]) -> None:
    """A verdict or an answer ends its sentence; what cannot begin one is joined to what stands before it."""
    assert [one.text for one in sentences(text)] == wanted


@pytest.mark.slow
def test_a_long_text_without_full_stops_is_read_in_time() -> None:
    """Time grows with the length of the text."""
    assert len(sentences("no tumor (1/2) AND " * 3000)) == 1
