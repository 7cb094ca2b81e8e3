"""`python -m karyogram.cli`: the command line where no script was installed."""

from karyogram.cli import main

main(prog_name="karyogram")
