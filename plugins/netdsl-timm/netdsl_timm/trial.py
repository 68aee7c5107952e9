"""A model, tried without numbers: what comes out of it, and what it costs."""

import warnings
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

from netdsl.components import Refusal

BATCH = 2
LONGEST = 160


class Found(NamedTuple):
    out: tuple[int, ...]
    params: int
    macs: int
    settings: dict[str, Any]


@lru_cache(maxsize=64)  # an editor checks a file at every key press
def tried(model, x, settings):
    """What comes of it; the settings are those given, and `img_size` where the model wants to know it beforehand."""
    _check_name(model)
    given = dict(settings)
    try:
        return _run(model, x, given)
    except Exception as error:  # whatever torch and timm raise is a refusal
        reason = error
    if "img_size" not in given:
        try:
            return _run(model, x, {**given, "img_size": x[1:]})
        except Exception:  # the first reason is about what was written
            pass
    size = "x".join(map(str, x))
    raise Refusal(f"timm refuses `{model}` for an input of {size}: {_in_a_line(reason)}") from reason


def _run(model, x, settings):
    with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=()), torch.device("meta"):
        module = timm.create_model(model, pretrained=False, in_chans=x[0], **settings).train()
        with FlopCounterMode(display=False) as counter:
            out = module(torch.zeros(BATCH, *x))
    if not isinstance(out, torch.Tensor):
        raise TypeError(f"it returns a {type(out).__name__}, but a layer returns one tensor")
    params = sum(parameter.numel() for parameter in module.parameters())
    return Found(tuple(out.shape[1:]), params, counter.get_total_flops() // (2 * BATCH), settings)


def _check_name(model):
    if timm.is_model(model):
        return
    near = get_close_matches(model, timm.list_models(), 1)
    meant = f", did you mean `{near[0]}`?" if near else ""
    raise Refusal(f"timm has no model `{model}`{meant}", "model", "`timm.list_models()` names them all")


def _in_a_line(error):
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
