"""Whether a sentence that someone else wrote of a report is borne out by the report."""
