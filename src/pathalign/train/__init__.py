"""Training: data, engine, recipes."""
