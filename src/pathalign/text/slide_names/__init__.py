"""What the name of a slide says: case, part, block, slide."""
