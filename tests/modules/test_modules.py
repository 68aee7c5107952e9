import copy
import inspect
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper

from netdsl import modules
from netdsl.modules import (
    GRU,
    LSTM,
    RNN,
    Add,
    CausalTransformerEncoderLayer,
    ClassToken,
    Concat,
    Crop,
    DropPath,
    Last,
    Mean,
    Mul,
    Permute,
    PositionalEmbedding,
    Reshape,
    Residual,
    Scale,
    Select,
    SelfAttention,
    Skipping,
    Split,
    Transpose,
)

KEPT_KEYS = [
    (LSTM(3, 4, num_layers=2, bidirectional=True), nn.LSTM(3, 4, num_layers=2, bidirectional=True)),
    (LSTM(3, 4, proj_size=2), nn.LSTM(3, 4, proj_size=2)),
    (GRU(3, 4), nn.GRU(3, 4)),
    (RNN(3, 4, nonlinearity="relu"), nn.RNN(3, 4, nonlinearity="relu")),
    (SelfAttention(4, 2, add_bias_kv=True), nn.MultiheadAttention(4, 2, add_bias_kv=True)),
    (CausalTransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True), nn.TransformerEncoderLayer(4, 2, 8)),
    (Skipping(nn.Linear(2, 2), nn.ReLU(), keeps={"0": "stem"}), nn.Sequential(nn.Linear(2, 2), nn.ReLU())),
]


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        yield


def named(**children: nn.Module) -> "OrderedDict[str, nn.Module]":
    return OrderedDict(children)


def skipping() -> Skipping:
    """A net whose first output is used three times: at the top, in a body, and in a body of that body."""
    inner = Skipping(named(up=nn.Linear(3, 2), join=Concat(takes=("stem", "up"))), keeps={"up": "up"})
    both = Concat(inner, nn.Identity(), takes=("stem",))
    body = Skipping(named(down=nn.Linear(4, 3), both=both, out=nn.Linear(15, 4)))
    layers = named(stem=nn.Linear(3, 4), act=nn.ReLU(), rest=Residual(body), join=Add(takes=("stem",)))
    return Skipping(layers, keeps={"stem": "stem"})


def by_hand(net: Skipping, x: torch.Tensor) -> torch.Tensor:
    """The same in plain PyTorch."""
    body = net.rest.body
    stem = net.stem(x)
    h = net.act(stem)
    down = body.down(h)
    up = body.both[0].up(down)
    inner = torch.cat([up, stem, up], 1)
    return body.out(torch.cat([inner, down, stem], 1)) + h + stem


@pytest.mark.parametrize(("ours", "theirs"), KEPT_KEYS, ids=lambda module: type(module).__name__)
def test_state_dict_is_torchs_own(ours, theirs):
    shapes = [{key: value.shape for key, value in module.state_dict().items()} for module in (ours, theirs)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("module", "shape", "out"),
    [
        (Reshape((4, -1)), (2, 3, 8), (2, 4, 6)),
        (Permute((0, 3, 1, 2)), (2, 3, 4, 5), (2, 5, 3, 4)),
        (Transpose(1, -1), (2, 3, 4, 5), (2, 5, 4, 3)),
        (Crop((2, 3)), (2, 1, 5, 5), (2, 1, 2, 3)),
        (Select(2, -1), (2, 3, 4), (2, 3)),
        (Last(), (2, 3, 4), (2, 4)),
        (Mean((1, 2), keepdim=True), (2, 3, 4), (2, 1, 1)),
        (DropPath(0.5), (2, 3, 4), (2, 3, 4)),
        (LSTM(4, 6, bidirectional=True), (2, 3, 4), (2, 3, 12)),
        (ClassToken(4), (2, 3, 4), (2, 4, 4)),
        (PositionalEmbedding(3, 4), (2, 3, 4), (2, 3, 4)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_shapes(module, shape, out):
    assert module(torch.randn(shape)).shape == out


@pytest.mark.parametrize(
    "module",
    [
        Reshape((4, -1)),
        Permute((0, 2, 1)),
        Transpose(1, 2),
        Crop((2,)),
        Select(1, 0),
        Mean(1),
        DropPath(0.5),
        ClassToken(4),
        PositionalEmbedding(3, 4),
    ],
    ids=repr,
)
def test_reprs_are_the_calls_that_make_them(module):
    built = eval(repr(module), vars(modules))
    assert repr(built) == repr(module)
    assert all(f"{name}=" in repr(module) for name in inspect.signature(type(module)).parameters)


def test_crop_leaves_the_larger_part_after_the_middle():
    x = torch.arange(5.0).reshape(1, 1, 5)
    assert Crop((2,))(x).flatten().tolist() == [1, 2]
    assert Crop((2,), offset=(0,))(x).flatten().tolist() == [0, 1]


@pytest.mark.parametrize("settings", [{}, {"add_bias_kv": True}, {"add_zero_attn": True, "bias": False}])
def test_causal_attention_sees_no_later_step(settings):
    x = torch.randn(2, 5, 4)
    changed = torch.cat([x[:, :3], torch.randn(2, 2, 4)], dim=1)
    for causal in (True, False):
        attention = SelfAttention(4, 2, causal=causal, **settings)
        same = torch.allclose(attention(x)[:, :3], attention(changed)[:, :3], atol=1e-6)
        assert same is causal


@pytest.mark.parametrize("settings", [{}, {"add_bias_kv": True}, {"add_zero_attn": True}])
def test_what_causal_attention_appends_is_seen_by_every_step(settings):
    torch.manual_seed(0)
    attention = SelfAttention(4, 2, causal=True, **settings)
    x = torch.randn(2, 5, 4)
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1)
    expected, _ = nn.MultiheadAttention.forward(attention, x, x, x, attn_mask=mask)
    assert torch.allclose(attention(x), expected, atol=1e-6)


def test_a_causal_encoder_layer_sees_no_later_step():
    layer = CausalTransformerEncoderLayer(4, 2, dim_feedforward=8, dropout=0, batch_first=True)
    x = torch.randn(2, 5, 4)
    changed = torch.cat([x[:, :3], torch.randn(2, 2, 4)], dim=1)
    for mode in (layer.train(), copy.deepcopy(layer).eval()):
        assert torch.allclose(mode(x)[:, :3], mode(changed)[:, :3], atol=1e-6)
        assert not torch.allclose(mode(x)[:, 3:], mode(changed)[:, 3:], atol=1e-6)


def test_drop_path_drops_whole_samples_and_scales_the_others():
    x = torch.ones(1000, 2, 3)
    dropped = DropPath(0.2)(x)
    per_sample = dropped.flatten(1).unique(dim=0)
    assert torch.allclose(per_sample, torch.tensor([[0.0] * 6, [1.25] * 6]))
    assert dropped.mean().item() == pytest.approx(1, abs=0.1)
    assert torch.equal(DropPath(0.2).eval()(x), x)
    assert torch.equal(DropPath(1.0)(x), torch.zeros_like(x))


@pytest.mark.parametrize("module", [ClassToken(4), PositionalEmbedding(3, 4)])
def test_learned_vectors_are_drawn_small_and_learn(module):
    module(torch.zeros(2, 3, 4)).sum().backward()
    assert torch.equal(module.weight.grad, torch.full_like(module.weight, 2))
    assert 0 < module.weight.std() < 0.06
    before = module.weight.clone()
    module.reset_parameters()
    assert not torch.equal(module.weight, before)


def test_class_token_comes_first_in_the_precision_of_the_sequence():
    token = ClassToken(4)
    out = token(torch.zeros(2, 3, 4, dtype=torch.bfloat16))
    assert out.dtype == torch.bfloat16
    assert torch.equal(out[1, 0], token.weight.bfloat16())


def test_composites_are_their_formulas():
    x, double, triple = torch.randn(2, 6, 4), Scaled(2), Scaled(3)
    assert torch.equal(Residual(double)(x), 2 * x + x)
    assert torch.equal(Residual(double, triple)(x), 2 * x + 3 * x)
    assert torch.equal(Scale(double)(x), x * (2 * x))
    assert torch.equal(Concat(double, triple, dim=2)(x), torch.cat([2 * x, 3 * x], 2))
    assert torch.equal(Add(double, triple)(x), 2 * x + 3 * x)
    assert torch.equal(Mul(double, triple)(x), 2 * x * (3 * x))
    assert torch.equal(Split(double, triple)(x), torch.cat([2 * x[:, :3], 3 * x[:, 3:]], 1))


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * x


def test_children_have_clear_names():
    def keys(module: nn.Module) -> list[str]:
        return [name for name, _ in module.named_children()]

    assert keys(Residual(nn.ReLU())) == ["body"]
    assert keys(Residual(nn.ReLU(), nn.Tanh())) == ["body", "shortcut"]
    assert keys(Scale(nn.ReLU())) == ["body"]
    assert all(keys(branches(nn.ReLU(), nn.Tanh())) == ["0", "1"] for branches in (Concat, Add, Mul, Split))


def test_labelled_outputs_reach_any_depth():
    net, x = skipping(), torch.randn(5, 3)
    assert torch.equal(net(x), by_hand(net, x))


def test_labels_of_a_body_stay_inside():
    body = Skipping(named(stem=nn.Linear(3, 3), join=Add(takes=("stem",))), keeps={"stem": "stem"})
    layers = named(stem=nn.Linear(3, 3), rest=Residual(body), join=Concat(takes=("stem",)))
    net = Skipping(layers, keeps={"stem": "stem"})
    x = torch.randn(2, 3)
    assert torch.equal(net(x)[:, 3:], net.stem(x))


def test_a_slice_keeps_its_labels():
    net, x = skipping(), torch.randn(5, 3)
    part = net[:3]
    assert isinstance(part, Skipping)
    assert torch.equal(part(x) + net.stem(x), net(x))
    assert net[1] is net.act


def test_a_net_with_skips_is_copied_compiled_and_exported():
    net, x = skipping(), torch.randn(5, 3)
    expected = net(x)
    copied = copy.deepcopy(net)
    nn.init.zeros_(net.stem.weight)
    assert torch.equal(copied(x), expected)
    assert torch.allclose(torch.compile(copied, backend="eager", fullgraph=True)(x), expected)
    for strict in (True, False):
        assert torch.allclose(torch.export.export(copied, (x,), strict=strict).module()(x), expected)
    traced = torch.fx.symbolic_trace(copied, concrete_args={"skips": None})
    assert torch.allclose(traced(x, None), expected)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # torch's compiler asks for it
def test_parts_of_a_net_with_skips_can_be_wrapped():
    net, x = skipping(), torch.randn(5, 3)
    expected = net(x)
    net.rest.body = checkpoint_wrapper(net.rest.body)
    net.rest = torch.compile(net.rest, backend="eager")
    assert torch.allclose(net(x), expected)


def test_a_net_with_skips_trains_under_distributed_data_parallel(tmp_path):
    store = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        net, x = skipping(), torch.randn(5, 3)
        plain = copy.deepcopy(net)
        nn.parallel.DistributedDataParallel(net)(x).sum().backward()
        plain(x).sum().backward()
    finally:
        torch.distributed.destroy_process_group()
    pairs = zip(net.parameters(), plain.parameters(), strict=True)
    assert all(torch.allclose(ours.grad, theirs.grad) for ours, theirs in pairs)


def test_every_public_module_says_what_it_does():
    assert sorted(modules.__all__) == sorted(name for name in vars(modules) if name[0].isupper())
    assert all(inspect.getdoc(getattr(modules, name)) for name in modules.__all__)
