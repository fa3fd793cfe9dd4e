"""`demo`: the whole chain on a generated cohort, offline."""

COMMANDS = ()
