"""The demo cohort: drawn slides with known lesions and matching reports, for newcomers and for tests, offline."""
