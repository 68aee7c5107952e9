"""What the traits say of each layer, against what torch does with it."""

import re
from collections.abc import Callable
from functools import cache
from random import Random

import pytest
import torch
from torch import Tensor, nn

import netdsl
from netdsl import torch_layers
from netdsl.components import Layer, Result, Trait
from netdsl.components.traits import find_traits
from netdsl.plugins.registry import load_registry
from tests.soundness.generate import Case, random_case
from tests.soundness.harness import by_rule, construct, layers, quiet

ALL = {name: layer for name, layer in layers().items() if layer.takes != "index" and name != "decoder"}
CASES = 6
BATCH = 3

Use = tuple[Case, Result, nn.Module]


@cache
def uses(name: str) -> list[Use]:
    """Random uses of a layer that it accepts."""
    random, found = Random(name), []
    for _ in range(40 * CASES):
        case = random_case(ALL[name], random)
        result = by_rule(case)
        # What is given another output is no function of its input alone.
        if isinstance(result, Result) and not case.labelled:
            found.append((case, result, construct(result, case)))
        if len(found) == CASES:
            break
    return found


def samples(case: Case, seed: int = 0) -> Tensor:
    return 2 * torch.randn(BATCH, *case.shape, generator=torch.Generator().manual_seed(seed))


def run(module: nn.Module, x: Tensor, *, train: bool = False) -> Tensor:
    """The output; in training every time with the same random numbers."""
    torch.default_generator.manual_seed(0)  # the seeds of devices that are not used here would take longer
    with quiet(), torch.no_grad():
        output: Tensor = module.train(train)(x.clone())
    return output


def same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-4, equal_nan=True)


def is_affine(case: Case, _result: Result, module: nn.Module) -> bool:
    x, y, share = samples(case, 1), samples(case, 2), 0.3
    mixed = run(module, share * x + (1 - share) * y)
    return same(mixed, share * run(module, x) + (1 - share) * run(module, y))


def is_idempotent(case: Case, result: Result, module: nn.Module) -> bool:
    once = run(module, samples(case))
    return result.out == case.shape and same(run(module, once), once)


def keeps_positive(case: Case, _result: Result, module: nn.Module) -> bool:
    x = samples(case).abs()
    return same(run(module, x), x)


def is_never_negative(case: Case, _result: Result, module: nn.Module) -> bool:
    return bool((run(module, samples(case)) >= 0).all())


def passes_through(case: Case, _result: Result, module: nn.Module) -> bool:
    x = samples(case)
    return torch.equal(run(module, x).flatten(), x.flatten())


def is_view(case: Case, _result: Result, module: nn.Module) -> bool:
    x = samples(case)
    with quiet(), torch.no_grad():
        output = module.train()(x)
    return bool(output.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()) and not is_inplace(module)


def is_inplace(module: nn.Module) -> bool:
    return getattr(module, "inplace", False) is True


def needs_its_output(case: Case, _result: Result, module: nn.Module) -> bool:
    x = samples(case).requires_grad_().clone()
    with quiet():
        output = module.train()(x)
        output.data_ptr()
        loss = output.mul_(2).sum()
        try:
            loss.backward()
        except RuntimeError as error:
            return "inplace operation" in str(error)
    return False


def normalises(case: Case, _result: Result, module: nn.Module) -> bool:
    """Whether the first sample's output depends on the others, in training."""
    x = samples(case)
    other = torch.cat([x[:1], x[1:] + 1])
    return not same(run(module, x, train=True)[0], run(module, other, train=True)[0])


def is_sigmoid(case: Case, _result: Result, module: nn.Module) -> bool:
    x = samples(case)
    return same(run(module, x), x.sigmoid())


def adds_up_to_one(case: Case, result: Result, module: nn.Module) -> bool:
    shares, dim = run(module, samples(case)), result.call.arguments.get("dim")
    if not isinstance(dim, int) or result.out != case.shape:
        return False
    return bool((shares >= 0).all()) and same(shares.sum(dim), torch.ones_like(shares.sum(dim)))


def is_log_of_shares(case: Case, result: Result, module: nn.Module) -> bool:
    logs, dim = run(module, samples(case)), result.call.arguments.get("dim")
    if not isinstance(dim, int) or result.out != case.shape:
        return False
    return bool((logs <= 0).all()) and same(logs.exp().sum(dim), torch.ones_like(logs.sum(dim)))


Check = Callable[[Case, Result, nn.Module], bool]

EXACT: dict[Trait, Check] = {
    Trait.AFFINE: is_affine,
    Trait.GRADIENT_FROM_OUTPUT: needs_its_output,
    Trait.LOGSOFTMAX: is_log_of_shares,
    Trait.NEVER_NEGATIVE: is_never_negative,
    Trait.NORMALISES: normalises,
    Trait.PASSES_THROUGH: passes_through,
    Trait.SIGMOID: is_sigmoid,
    Trait.SOFTMAX: adds_up_to_one,
    Trait.VIEW: is_view,
}
"""A layer has the trait wherever this holds, and nowhere else."""

OF_ACTIVATIONS: dict[Trait, Check] = {
    Trait.IDEMPOTENT: is_idempotent,
    Trait.KEEPS_POSITIVE: keeps_positive,
}
"""The same among activations; others have it only where somebody asks for it."""


def is_weighted(case: Case, result: Result, module: nn.Module) -> bool:
    return tuple(module.get_parameter("weight").shape) == (result.out[-1], case.shape[-1])


def has_kernels(case: Case, result: Result, module: nn.Module) -> bool:
    kernels = module.get_parameter("weight")
    groups = result.call.arguments["groups"]
    return kernels.dim() == len(case.shape) + 1 and kernels.numel() % groups == 0 and "bias" in result.call.arguments


def moves_a_window(case: Case, result: Result, module: nn.Module) -> bool:
    """Whether what lies beyond the last window changes nothing, by the arguments that the trait promises."""
    given = result.call.arguments
    return {"kernel_size", "stride"} <= given.keys() and len(result.out) == len(case.shape)


def drops_in_training(case: Case, result: Result, module: nn.Module) -> bool:
    p, ones = result.call.arguments["p"], torch.ones(64, *case.shape)
    return p == 0 or not same(run(module, ones, train=True), ones)


def joins(case: Case, result: Result, module: nn.Module) -> bool:
    return passes_through(case, result, module) and len(result.out) <= len(case.shape)


def reads_steps(case: Case, result: Result, module: nn.Module) -> bool:
    """Whether the first step's output depends on no later step, unless it is read backwards as well."""
    x = samples(case)
    later = torch.cat([x[:, :1], x[:, 1:] + 1], 1)
    forward = slice(None, result.out[-1] // 2) if result.call.arguments["bidirectional"] else slice(None)
    alike = same(run(module, x)[:, 0, forward], run(module, later)[:, 0, forward])
    deep = result.call.arguments["num_layers"] > 1 and result.call.arguments["bidirectional"]
    return (alike or deep) and "dropout" in result.call.arguments


def reads_both_ways(case: Case, result: Result, module: nn.Module) -> bool:
    """Whether the second half of the last step's output depends on no earlier step; stacked layers mix the halves."""
    x = samples(case)
    earlier = torch.cat([x[:, :-1] + 1, x[:, -1:]], 1)
    backward = slice(result.out[-1] // 2, None)
    alike = same(run(module, x)[:, -1, backward], run(module, earlier)[:, -1, backward])
    return result.out[-1] % 2 == 0 and (alike or result.call.arguments["num_layers"] > 1)


def sees_later_steps(case: Case, result: Result, module: nn.Module) -> bool:
    """Whether the first step's output changes with the last step, where there are two."""
    x = samples(case)
    later = torch.cat([x[:, :-1], samples(case, 1)[:, -1:]], 1)
    changed = not torch.equal(run(module, x)[:, 0], run(module, later)[:, 0])
    return case.shape[0] == 1 or (changed and result.out[0] == case.shape[0])


def is_activation(case: Case, result: Result, module: nn.Module) -> bool:
    return result.out == case.shape and sum(one.numel() for one in module.parameters()) <= case.shape[0]


def keeps_shape(case: Case, result: Result, module: nn.Module) -> bool:
    return result.out == case.shape


DECLARED: dict[Trait, Check] = {
    Trait.ACTIVATION: is_activation,
    Trait.BIDIRECTIONAL: reads_both_ways,
    Trait.CONVOLUTION: has_kernels,
    Trait.DROPOUT: drops_in_training,
    Trait.FLATTENS: joins,
    Trait.LINEAR: is_weighted,
    Trait.LOOKS_AHEAD: sees_later_steps,
    Trait.RECURRENT: reads_steps,
    Trait.RESCALES: keeps_shape,
    Trait.WINDOW: moves_a_window,
}
"""A layer that has the trait passes the check; others may as well."""

CHECKS = EXACT | OF_ACTIVATIONS | DECLARED

JOINS: dict[Trait, Callable[[list[Tensor]], Tensor]] = {
    Trait.ADDS: sum,  # type: ignore[dict-item]  # of tensors it is one
    Trait.CONCATENATES: lambda outputs: torch.cat(outputs, 1),
    Trait.MULTIPLIES: lambda outputs: outputs[0] * outputs[1],
}
"""What a composite makes of the outputs of its bodies, and of its input with `INCLUDES_INPUT`."""

COMPOSITES = {
    name
    for name, layer in load_registry(installed=False).layers.items()
    if layer.is_composite and layer.learns is None  # these hand on what their one body makes
}


def test_every_trait_is_checked() -> None:
    assert {*CHECKS, *JOINS, Trait.INCLUDES_INPUT} == set(Trait)


@pytest.mark.parametrize("name", sorted(COMPOSITES))
def test_a_composite_joins_its_bodies_as_its_traits_say(name: str) -> None:
    layer = load_registry(installed=False).layers[name]
    assert not callable(layer.traits)
    includes = Trait.INCLUDES_INPUT in layer.traits
    text = f"input 6; {name} {{ linear {3 if layer.feeds else 6} }}" + ("" if includes else " { tanh }")
    module = netdsl.build(text).eval()[0]
    x = torch.randn(2, 6)
    bodies = list(module.children())
    fed = x.chunk(len(bodies), 1) if layer.feeds else [x] * len(bodies)
    outputs = [body(part) for body, part in zip(bodies, fed, strict=True)] + [x] * includes
    [join] = [check for trait, check in JOINS.items() if trait in layer.traits]
    torch.testing.assert_close(module(x), join(outputs))


@pytest.mark.parametrize("name", ALL)
def test_a_layer_has_the_traits_that_torch_gives_it(name: str) -> None:
    found = uses(name)
    assert found, f"no use of `{name}` is accepted"
    holds = {trait: [check(*use) for use in found] for trait, check in EXACT.items()}
    activation = Trait.ACTIVATION in traits_of(ALL[name], found[0][1])
    if activation:
        holds |= {trait: [check(*use) for use in found] for trait, check in OF_ACTIVATIONS.items()}
    for number, (case, result, module) in enumerate(found):
        for trait in traits_of(ALL[name], result):
            held = holds[trait][number] if trait in holds else CHECKS[trait](case, result, module)
            assert held, f"{case} is said to be `{trait}`"
    for trait, each in holds.items():
        without = [held for held, use in zip(each, found, strict=True) if trait not in traits_of(ALL[name], use[1])]
        assert not without or not all(without), f"`{name}` is `{trait}`, and does not say so"


def traits_of(layer: Layer, result: Result) -> frozenset[Trait]:
    return find_traits(layer.traits, result.call.arguments)


@pytest.mark.parametrize("name", ALL)
def test_the_class_of_torch_has_the_traits_of_the_layer_that_builds_it(name: str) -> None:
    for _, result, _ in uses(name):
        module, _, cls = result.call.target.partition(":")
        layer = torch_layers.torch_layer(f"nn.{cls}") if module == "torch.nn" else None
        if layer is not None and "dim" not in result.call.arguments:
            assert traits_of(layer, result) == traits_of(ALL[name], result), cls


def test_a_normalisation_over_the_batch_needs_two_values_in_training() -> None:
    for name in ALL:
        case, result, module = uses(name)[0]
        if Trait.NORMALISES in traits_of(ALL[name], result):
            one = torch.zeros(1, case.shape[0], *(1 for _ in case.shape[1:]))
            with pytest.raises(ValueError, match=re.escape("Expected more than 1 value per channel")):
                module.train()(one)


def test_a_word_that_is_no_trait_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="'afine' is not a valid Trait"):
        Layer(name="mine", function=lambda x: x, family="plugin", traits={"afine"})
