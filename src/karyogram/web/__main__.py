"""``python -m karyogram.web`` is ``karyogram serve``."""

from karyogram.web.cli import serve

serve(prog_name="karyogram serve")
