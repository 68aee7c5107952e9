"""A language model writes: one token after the other, each drawn from what the net expects next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from math import inf

import torch
from torch import Tensor, nn

from netdsl.builtins.files.vocabulary import PADDING, UNKNOWN, Vocabulary
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.modules.carried_state import carried_states, recurrent_modules
from netdsl.training.positions import classes_second

HALF = 4
"""Two stretches of so many tokens show whether a net reads one stretch after the other as it reads both at once."""

UNFINISHED = "\ufffd"
"""What stands for a character of which not all bytes are written yet."""

Expect = Callable[[Tensor], Tensor]
"""Scores of each token to come next, given the numbers of those that are new since the last call."""


def write_tokens(
    net: nn.Module,
    start: list[int],
    vocabulary: Vocabulary,
    *,
    length: int,
    temperature: float,
    top_k: int | None,
    seed: int | None,
) -> Iterator[int]:
    """The numbers of tokens that follow a start of at least one, without end.

    Args:
        net: a net in evaluation mode.
        start: the numbers of the tokens to begin with.
        vocabulary: the tokens; those that stand for no text are never drawn.
        length: how many tokens the net has been trained to see at once.
        temperature: what the scores are divided by: below 1 the likely becomes likelier, 0 takes the likeliest.
        top_k: of how many of the likeliest tokens one is drawn; None: of all.
        seed: the same seed writes the same text; None: another one each time.
    """
    device = next(net.parameters()).device
    random = torch.Generator()
    random.seed() if seed is None else random.manual_seed(seed)
    never = [number for number, token in enumerate(vocabulary.tokens) if token in (UNKNOWN, PADDING)]
    carries = _reads_in_stretches(net, device)
    context: AbstractContextManager[None] = carried_states(net) if carries else nullcontext()
    with context:
        seen = new = start
        while True:
            given = new if carries else seen[-length:]
            scores = _next_scores(net, torch.tensor([given], device=device))
            scores[never] = -inf
            scores[len(vocabulary.tokens) :] = -inf
            number = _draw(scores, temperature, top_k, random)
            yield number
            new = [number]
            seen = [*seen[-length:], number]


def written_pieces(numbers: Iterator[int], start: list[int], vocabulary: Vocabulary, count: int) -> Iterator[str]:
    """The text of `count` tokens behind a start, piece by piece, of which each is whole characters."""
    known = list(start)
    # The start is looked at for the blank between its last word and the next one.
    shown = len(vocabulary.decode(known))
    for number in islice(numbers, count):
        known.append(number)
        whole = vocabulary.decode(known)
        if not whole.endswith(UNFINISHED):
            yield whole[shown:]
            shown = len(whole)
            if vocabulary.level == "char":
                known, shown = [], 0  # characters stand by themselves


@torch.no_grad()
def _next_scores(net: nn.Module, given: Tensor) -> Tensor:
    """The scores of each token behind the last one, on the CPU: every device draws alike."""
    output = net(given)
    return classes_second(output, given.shape[1:])[0, :, -1].double().cpu()


def _draw(scores: Tensor, temperature: float, top_k: int | None, random: torch.Generator) -> int:
    if temperature == 0:
        return int(scores.argmax())
    if top_k is not None:
        least = scores.topk(min(top_k, len(scores))).values[-1]
        scores = scores.masked_fill(scores < least, -inf)
    return int(torch.multinomial((scores / temperature).softmax(0), 1, generator=random))


@torch.no_grad()
def _reads_in_stretches(net: nn.Module, device: torch.device) -> bool:
    """Whether a net reads a text in two stretches, its states carried, as it reads it at once.

    Then it need not see the tokens again that it has read. It is tried, for every layer but recurrent ones could look
    back.
    """
    if not recurrent_modules(net) or any(module.bidirectional for module in recurrent_modules(net).values()):
        return False
    both = torch.arange(2 * HALF, device=device).remainder(2).unsqueeze(0)
    try:
        whole = net(both)
        with carried_states(net):
            last = [net(part) for part in torch.split(both, HALF, 1)][-1]
    except RuntimeError:  # it takes samples of one length only
        return False
    whole, last = classes_second(whole, (2 * HALF,)), classes_second(last, (HALF,))
    return torch.allclose(whole[..., HALF:], last, rtol=1e-3, atol=1e-4)


def require_writer(vocabulary: Vocabulary | None, dataset: str, *, is_language_model: bool) -> Vocabulary:
    """The vocabulary of a net that can write; raises `DataError` for any other net."""
    if vocabulary is None or not is_language_model:
        raise DataError(
            text("a net that was trained on `data {dataset}` cannot write", dataset=dataset),
            "train a net on `data text`",
        )
    return vocabulary
