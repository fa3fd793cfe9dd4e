"""Small slides in vendors' formats, written byte by byte, so that readers can be tested where no real file may lie.

Each is opened by the independent readers that know the format; docs/formats.md has the table. Where a format keeps
label and macro images, these are of one loud colour, which must never be seen.
"""

LOUD = (255, 0, 255)
"""The colour of label and macro images."""
