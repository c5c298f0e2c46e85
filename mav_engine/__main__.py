"""`python -m mav_engine` is `mav`."""

from mav_engine.cli import main

main()
