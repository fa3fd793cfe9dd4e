"""Reports as a person looks at them: what became of each stretch of text, and why."""
