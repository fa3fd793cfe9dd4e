"""Pictures to look over a slide and a cohort."""
