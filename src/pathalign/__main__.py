"""`python -m pathalign`."""

from pathalign.cli import main

main()
