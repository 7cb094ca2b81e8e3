"""The registry of networks, and weights to start from."""

import json

import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
pytest.importorskip("pytorchcv")

from karyogram.cli.models import models  # noqa: E402
from karyogram.errors import ModelError  # noqa: E402
from karyogram.training.nets import NETS, count_parameters, describe_nets  # noqa: E402
from karyogram.training.nets.weights import imagenet_weights, load_weights, read_tensors  # noqa: E402
from karyogram.training.presets import PRESETS  # noqa: E402
from tiny import Tiny  # noqa: E402

# networks


@pytest.mark.parametrize("name", ["resnet18", "inception-resnet-v2"])
def test_a_network_of_the_library_gives_24_logits_for_any_size(name):
    net = NETS[name]().eval()
    with torch.inference_mode():
        assert net(torch.zeros(1, 3, 96, 80)).shape == (1, 24)


@pytest.mark.parametrize("name", sorted(PRESETS["founders"].nets))
def test_every_network_of_the_study_takes_what_it_wants_to_see(name):
    entry = NETS[name]
    assert (entry.height, entry.width) == ((299, 299) if "inception" in name else (224, 224))
    with torch.device("meta"):
        assert entry().eval()(torch.zeros(2, entry.channels, entry.height, entry.width)).shape == (2, 24)


def test_parameters_are_those_of_the_published_networks():
    # Published for 1000 classes, the last layer of which is (features + 1) * 1000; here it has 24.
    with torch.device("meta"):
        assert count_parameters(NETS["resnet18"]()) == 11_689_512 - 513 * 976
        assert count_parameters(NETS["resnet50"]()) == 25_557_032 - 2049 * 976
        assert count_parameters(NETS["inception-v3"]()) == 23_834_568 - 2049 * 976


def test_the_heads_are_the_studies():
    with torch.device("meta"):
        paper, vgg = NETS["inception-v3-paper"]().output, NETS["vgg16"]().output
    for head, features in ((paper, 2048), (vgg, 512)):
        kinds = {type(layer).__name__ for layer in head}
        assert {"Dropout", "BatchNorm1d"} <= kinds
        assert head[-1].out_features == 24
        assert next(layer for layer in head if hasattr(layer, "in_features")).in_features == features
    assert next(layer.p for layer in vgg if hasattr(layer, "p")) == 0.2


def test_models_lists_what_can_be_trained():
    done = CliRunner().invoke(models, ["--trainable"])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == describe_nets()
    assert "resnet18: 11.2 M parameters, input 3 x 224 x 224" in done.output


# weights


def write_safetensors(path, tensors):
    header, raw = {}, b""
    for name, tensor in tensors.items():
        data = tensor.numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(raw), len(raw) + len(data)]}
        raw += data
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw)


def test_weights_of_both_formats_are_loaded(tmp_path):
    source = Tiny().state_dict()
    torch.save({"state_dict": source}, tmp_path / "a.pth")
    write_safetensors(tmp_path / "a.safetensors", source)
    for path in sorted(tmp_path.iterdir()):
        net = Tiny()
        load_weights(net, path)
        assert all(torch.equal(value, source[name]) for name, value in net.state_dict().items()), path


def test_a_classifier_of_other_classes_is_left_out(tmp_path):
    source = Tiny().state_dict()
    source["output.weight"], source["output.bias"] = torch.ones(1000, 4), torch.ones(1000)
    del source["features.1.num_batches_tracked"]
    torch.save(source, tmp_path / "a.pth")
    net = Tiny()
    own = net.output.weight.clone()
    load_weights(net, tmp_path / "a.pth")
    assert torch.equal(net.output.weight, own)
    assert torch.equal(net.features[0].weight, source["features.0.weight"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"features.0.weight": None}, "tensor features.0.weight is missing"),
        ({"stem.weight": torch.ones(2)}, "no tensor stem.weight"),
        ({"features.0.bias": torch.ones(7)}, r"features.0.bias is \(7,\), in the network \(4,\)"),
    ],
)
def test_other_weights_that_do_not_fit_are_named(tmp_path, change, reason):
    source = {k: v for k, v in {**Tiny().state_dict(), **change}.items() if v is not None}
    torch.save(source, tmp_path / "a.pth")
    net = Tiny()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(ModelError, match=f"a.pth: .*{reason}"):
        load_weights(net, tmp_path / "a.pth")
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


@pytest.mark.parametrize("data", [b"", b"\x08\0\0\0\0\0\0\0{}", b"\xff" * 40, b'\x10\0\0\0\0\0\0\0{"a": {"dtype"'])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_broken_file_of_weights_is_named(tmp_path, data, suffix):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="broken"):
        load_weights(Tiny(), path)


def test_a_safetensors_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    write_safetensors(path, {"a": torch.ones(8)})
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelError, match="a is cut off"):
        read_tensors(path)


def test_code_in_a_file_of_weights_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "touched"), "w"))

    torch.save({"a": Evil()}, tmp_path / "a.pth")
    with pytest.raises(ModelError, match="no file of weights"):
        read_tensors(tmp_path / "a.pth")
    assert not (tmp_path / "touched").exists()


def test_imagenet_weights_come_from_the_library(monkeypatch, tmp_path):
    from pytorchcv.models.common import model_store

    monkeypatch.setattr(model_store, "get_model_file", lambda name: tmp_path / name)
    assert imagenet_weights(NETS["resnet18"]) == tmp_path / "resnet18"

    def offline(name):
        raise OSError("no network")

    monkeypatch.setattr(model_store, "get_model_file", offline)
    with pytest.raises(ModelError, match=r"vgg16: .*no network"):
        imagenet_weights(NETS["vgg16"])
    with pytest.raises(ModelError, match="no ImageNet weights"):
        imagenet_weights(NETS["compact-v1"])
