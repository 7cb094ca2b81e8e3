"""What the device at hand computes fastest."""

from typing import Literal

import torch

#: What a processor calls its own bf16 arithmetic.
HALVES = ("avx512_bf16", "amx_bf16", "bf16")


def find_precision() -> Literal["bf16-mixed", "32-true"]:
    """Return Lightning's name for the precision to fit in: bf16 where GPU or processor computes it itself, else float32."""
    if torch.cuda.is_available():
        half = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        abilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # an older torch does not tell
        half = any(abilities.get(name) for name in HALVES)
    return "bf16-mixed" if half else "32-true"
