"""One module per verb of the chain: reads artifacts, writes one."""
