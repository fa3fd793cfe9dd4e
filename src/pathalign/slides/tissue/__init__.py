"""Where tissue lies on a thumbnail: glass, pen, threshold, morphology, outline, and what looks wrong."""
