"""Stains of slides, and what the report says of a marker."""
