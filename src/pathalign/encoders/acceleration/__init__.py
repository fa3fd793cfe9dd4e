"""The same embeddings in less time: how a torch encoder is run where there is no GPU."""
