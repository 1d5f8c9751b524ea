"""`python -m parkcore` is the `parkcore` command."""

from parkcore.cli import main

main()
