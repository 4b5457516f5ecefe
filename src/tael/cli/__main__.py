"""``python -m tael.cli``."""

from tael.cli.app import main

main()
