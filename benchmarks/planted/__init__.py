"""What `deidentification.py` plants in real reports: twelve sets of lines, names and shapes, and the drawing of values.

A module a set, from `tuning` to `twelfth`; `sets` names them all, `values` draws an identifier of each kind. Nothing
here is of a real person, and no set has a line, a name, a town or a shape of an institution of an earlier one.
"""
