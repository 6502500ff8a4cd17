"""`python -m lodd`."""

from lodd.cli import main

main()
