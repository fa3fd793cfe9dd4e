"""Reports to words: sections, parts and the two text views of a slide; pure functions over `str`."""
