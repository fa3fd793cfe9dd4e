"""Metrics with confidence intervals and baselines, their figures, and one HTML report."""
