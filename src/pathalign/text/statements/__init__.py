"""Statements of a report: where each stands, what can support it, and how sure it is."""
