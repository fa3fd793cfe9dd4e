"""The aligner and the describer: Q-Former, losses, language model."""
