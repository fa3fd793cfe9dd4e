"""What a diagnosis says, in codes: site, histologic type, grade, findings, procedure."""
