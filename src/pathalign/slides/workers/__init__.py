"""Reading in processes of their own, beside the one that encodes. None of them loads torch."""
