"""Reports that rules do not read, read by a language model of the user's choice; its answers are checked."""
