"""Who a report is about, found by rules and taken out: HIPAA's identifiers, with offsets; pure functions over `str`."""
