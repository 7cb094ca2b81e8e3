# ruff: noqa: E402  # torch and onnx are extras: they are asked for before anything that needs them is imported
"""The small network, and the file that it is exported to."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnx")

from karyogram.classify.predict import predict_canvases
from karyogram.classify.prepare import Preparation
from karyogram.errors import ModelError
from karyogram.training.export import Exported, check_export, export
from karyogram.training.nets import NETS
from karyogram.training.nets.compact import Compact
from karyogram.weights.record import open_model
from test_augment import bars

HOW = Preparation(height=56, width=24, scale=0.4)


def test_compact_gives_classes_up_and_whole():
    net = Compact().eval()
    for height, width in ((112, 48), (56, 24)):
        classes, up, whole = net(torch.rand(2, 1, height, width))
        assert (classes.shape, up.shape, whole.shape) == ((2, 24), (2,), (2,))
    assert NETS["compact-v1"] is Compact


def test_compact_tells_top_from_bottom():
    net = Compact().eval()
    canvas = bars(1, 112, 48)
    assert not torch.allclose(net(canvas)[1], net(canvas.flip(2))[1], atol=1e-6)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    torch.manual_seed(0)
    net = Compact()
    return net, export(net, tmp_path_factory.mktemp("model") / "tiny.onnx", "tiny", HOW, temperature=1.5)


@pytest.mark.filterwarnings("ignore")
def test_the_exported_file_is_one_of_our_models(exported):
    net, path = exported
    model = open_model(path.read_bytes(), threads=1)
    assert model.name == "tiny"
    assert model.identity() == {"name": "tiny", "sha256": model.sha256}
    assert [p.name for p in path.parent.iterdir()] == ["tiny.onnx"]
    canvases = np.random.default_rng(0).integers(0, 256, (5, HOW.height, HOW.width)).astype(np.uint8)
    with torch.no_grad():
        classes, up, whole = net.eval()(torch.from_numpy(canvases)[:, None].float() / 255)
    found = predict_canvases(model, canvases, views=1)
    assert np.allclose(found.probabilities, torch.softmax(classes / 1.5, 1).numpy(), atol=1e-4)
    assert np.allclose(found.up, torch.sigmoid(up).numpy(), atol=1e-4)
    assert np.allclose(found.whole, torch.sigmoid(whole).numpy(), atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_canvas_upside_down_turns_only_up(exported):
    model = open_model(exported[1].read_bytes(), threads=1)
    canvases = np.random.default_rng(1).integers(0, 256, (3, HOW.height, HOW.width)).astype(np.uint8)
    plain, turned = predict_canvases(model, canvases), predict_canvases(model, canvases[:, ::-1])
    assert np.allclose(plain.probabilities, turned.probabilities, atol=1e-4)
    assert np.allclose(plain.whole, turned.whole, atol=1e-4)
    assert np.allclose(plain.up, 1 - turned.up, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_disagrees_with_torch_is_refused(exported):
    example = {"canvases": torch.zeros(1, HOW.height, HOW.width, dtype=torch.uint8)}
    with pytest.raises(ModelError, match="onnxruntime and torch differ"):
        check_export(Exported(Compact().eval()), exported[1].read_bytes(), example)


class Drifting(Compact):
    """Answers otherwise each time it is asked, which no file can."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        classes, up, whole = super().forward(x)
        return classes + self.calls, up, whole


@pytest.mark.filterwarnings("ignore")
def test_a_file_that_disagrees_is_never_written(tmp_path):
    with pytest.raises(ModelError, match=r"bad\.onnx: not written: onnxruntime and torch differ"):
        export(Drifting(), tmp_path / "bad.onnx", "bad", HOW)
    assert not list(tmp_path.iterdir())
