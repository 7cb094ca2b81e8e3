"""The segmentation network to an ONNX file: a flattened picture in, three maps of logits out."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from karyogram.files import write_bytes
from karyogram.training.export import check_export
from karyogram.training.nets.unet import CHANNELS


class ExportedSegmenter(nn.Module):
    """Flattened uint8 (N, h, w), ground near 255, h and w divisible by 32 -> logits (N, 3, h, w) of ``CHANNELS``."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        maps: Tensor = self.net((255 - picture.float())[:, None] / 255)
        return maps


def export_segmenter(net: nn.Module, path: Path, name: str) -> Path:
    """Write ``net`` as ONNX with its channel names in the metadata; raise ModelError if torch disagrees."""
    import onnx

    module = ExportedSegmenter(net.eval().float()).eval()
    example = torch.randint(0, 256, (1, 64, 96), dtype=torch.uint8)
    buffer = path.with_suffix(".tmp")
    torch.onnx.export(
        module,
        (example,),
        str(buffer),
        input_names=["picture"],
        output_names=["maps"],
        dynamic_axes={"picture": {0: "n", 1: "h", 2: "w"}, "maps": {0: "n", 2: "h", 3: "w"}},
        dynamo=False,
        opset_version=17,
    )
    model = onnx.load(str(buffer))
    buffer.unlink()
    onnx.helper.set_model_props(model, {"name": name, "channels": json.dumps(CHANNELS)})
    write_bytes(path, model.SerializeToString())
    check_export(module, path, {"picture": example})
    return path
