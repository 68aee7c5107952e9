import inspect

import pytest
import timm
import timm.loss
import torch
from timm.optim import list_optimizers

import netdsl
from netdsl.components import Layer, Loss, Optimizer
from netdsl.testing import assert_component_documented, load_registry, run_net
from netdsl_timm import making

REGISTRY = load_registry()
MINE = [REGISTRY.components[kind][name] for (kind, name), plugin in REGISTRY.origins.items() if plugin == "timm"]
LOSSES = [one for one in MINE if isinstance(one, Loss)]
OPTIMIZERS = [one for one in MINE if isinstance(one, Optimizer)]
DIGITS = "data digits limit=400 batch=8; flatten; linear 10; train epochs=3"


def messages(text):
    return [one.message for one in netdsl.check(text)]


def test_nothing_is_wrong_with_the_plugin():
    assert [str(problem) for problem in REGISTRY.problems if problem.plugin == "timm"] == []
    assert isinstance(REGISTRY.layers["timm"], Layer)


@pytest.mark.parametrize("component", MINE, ids=lambda one: f"{one.kind}-{one.name}")
def test_each_is_documented(component):
    assert_component_documented(component)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("input 3x64x64; timm test_resnet features", (96, 2, 2)),
        ("input 3x64x64; timm test_resnet num_classes=0", (96,)),
        ("input 1x64x64; timm test_resnet num_classes=10", (10,)),
        ("input 3x64x64; timm test_resnet.r160_in1k", (1000,)),
        ("input 3x48x32; timm test_vit features", (7, 64)),
        ("input 3x48x32; timm test_vit num_classes=0 global_pool=avg", (64,)),
        ("input 2x32x32; conv 3 k1; timm test_efficientnet features drop_rate=0.2; gap; flatten; linear 5", (5,)),
    ],
)
def test_shapes_and_parameters_are_what_torch_makes_of_it(text, out):
    network = netdsl.shapes(text)
    assert network.out == out
    model = netdsl.build(text).eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == network.params
    assert model(torch.zeros(2, *network.input)).shape == (2, *out)


def test_it_is_timms_own_model():
    torch.manual_seed(0)
    ours = netdsl.build("input 3x64x64; timm test_resnet features")[0]
    torch.manual_seed(0)
    theirs = timm.create_model("test_resnet", num_classes=0, global_pool="")
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "convnext_atto", "mobilenetv3_small_050"])
def test_larger_ones_are_checked_without_numbers(name):
    network = netdsl.shapes(f"input 3x64x64; timm {name} num_classes=10")
    assert (network.out, network.params > 500_000, network.macs > 1_000_000) == ((10,), True, True)


def test_weights_are_never_fetched_by_a_check(monkeypatch):
    def created(name, pretrained=False, **settings):
        assert not pretrained
        return original(name, pretrained=pretrained, **settings)

    original = timm.create_model
    monkeypatch.setattr(timm, "create_model", created)
    network = netdsl.shapes("input 3x40x40; timm test_resnet features pretrained")
    assert network.nodes[0].call.arguments["pretrained"] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input 3x64x64; timm resnet81", "timm has no model `resnet81`, did you mean `resnet18`?"),
        ("input 3x64x64; timm", "`timm` needs `model`"),
        ("input 3xHxW; timm test_resnet", "`timm test_resnet` is checked by running it, which needs numbers"),
        ("input 64; timm test_resnet", "`timm` expects C×H×W but receives 64"),
        (
            "input 3x64x64; timm test_resnet features num_classes=3",
            "`features` ends in the feature map, so that `num_classes` has nothing to act on",
        ),
    ],
)
def test_a_mistake_is_one_message(text, message):
    (found,) = messages(text)
    assert found.startswith(message)


def test_what_timm_refuses_is_refused_with_its_words():
    (found,) = messages("input 3x8x8; timm vgg11")
    assert found.startswith("timm refuses `vgg11` for an input of 3x8x8: ")


@pytest.mark.parametrize("one", LOSSES, ids=lambda one: one.name)
def test_losses_have_timms_parameters_and_defaults(one):
    theirs = inspect.signature(getattr(timm.loss, one.target.partition(":")[2])).parameters
    assert {name: parameter.default for name, parameter in one.parameters.items()} == {
        name: theirs[name].default for name in one.parameters
    }


@pytest.mark.parametrize("one", [one for one in LOSSES if one.wants == "classes"], ids=lambda one: one.name)
def test_losses_of_classes_train(one):
    result = run_net(f"{DIGITS}; loss {one.name}; optimizer adam lr=0.01")
    assert result.epochs[-1].test["accuracy"] > 0.6


@pytest.mark.parametrize("one", [one for one in LOSSES if one.wants == "numbers"], ids=lambda one: one.name)
def test_losses_of_several_classes_train(one, tmp_path):
    import numpy

    x = numpy.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    numpy.savez(tmp_path / "many.npz", x=x, y=(x[:, :3] > 0).astype("float32"))
    text = f'data npz "{tmp_path}/many.npz"; linear 3; loss {one.name}; optimizer adam lr=0.1; train epochs=10'
    epochs = run_net(text).epochs
    assert epochs[-1].train_loss < epochs[0].train_loss


@pytest.mark.parametrize("one", OPTIMIZERS, ids=lambda one: one.name)
def test_each_optimizer_takes_steps(one):
    torch.manual_seed(0)
    matrix, vector = (torch.nn.Parameter(torch.randn(size)) for size in ((4, 3), (3,)))
    optimizer = getattr(making, one.name)([matrix, vector], lr=0.01)
    before = matrix.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        ((matrix + vector) ** 2).sum().backward()
        optimizer.step()
    assert torch.isfinite(matrix).all()
    assert not torch.equal(matrix, before)


@pytest.mark.parametrize("line", ["lion lr=0.003", "lamb lr=0.03 weight_decay=0.01 betas=0.9,0.99", "muon lr=0.02"])
def test_nets_learn_with_them(line):
    result = run_net(f"{DIGITS}; optimizer {line}")
    assert result.epochs[-1].test["accuracy"] > 0.6


def test_every_name_is_timms_and_netdsls_own_stay():
    names = {one.name for one in OPTIMIZERS}
    assert names <= set(list_optimizers())
    own = {name for name in REGISTRY.of(Optimizer) if REGISTRY.origins[Optimizer, name] == "netdsl"}
    assert not names & own


def test_a_net_with_a_backbone_trains():
    text = "data digits limit=64 batch=16 { resize 32 }; timm test_resnet num_classes=10; optimizer adamp lr=0.001"
    assert len(run_net(text).epochs) == 1
