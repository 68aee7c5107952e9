"""timm's optimizers under its own names, but for those that netdsl has from torch, and those that need more than timm.

Their parameters are read from timm when a file names one.
"""

from netdsl.components import Optimizer

BASES = {
    "adabelief": "Adam that steps further where gradients are as expected",
    "adafactor": "Adam that keeps its second moments as rows and columns, in little memory",
    "adafactorbv": "Adafactor as Big Vision trains large vision transformers with it",
    "adamp": "Adam without the part of a step that only makes weights longer",
    "adamuon": "Muon with Adam's second moments",
    "adamwlegacy": "AdamW as timm had it before torch",
    "adan": "Adam with Nesterov's look ahead, at a second difference of gradients",
    "adopt": "Adam that converges for every second beta",
    "lamb": "Adam whose step is a share of each layer's weights, for large batches",
    "laprop": "Adam whose momentum is of normalised gradients",
    "lars": "SGD whose step is a share of each layer's weights, for large batches",
    "lion": "Signs of a momentum: steps of one size",
    "madgrad": "Dual averaging with momentum",
    "mars": "Adam of gradients with less variance",
    "muon": "Momentum made orthogonal for matrices, AdamW for the rest",
    "nadamlegacy": "NAdam as timm had it before torch",
    "nadamw": "Adam with Nesterov's look ahead and decoupled weight decay",
    "novograd": "Adam with one second moment for each layer",
    "radamlegacy": "RAdam as timm had it before torch",
    "rmsproptf": "RMSprop as TensorFlow computes it",
    "sgdp": "SGD without the part of a step that only makes weights longer",
    "sgdw": "SGD with Nesterov momentum and decoupled weight decay",
}
VARIANTS = {
    "adanw adoptw lambw madgradw novogradw rmsproptfw": "`{}` with decoupled weight decay",
    "adafactorbvc adamc adoptc lambcd lapropc lionc nadamc novogradc rmsproptfc sgdc": "`{}` whose weight decay "
    "shrinks with the learning rate",
    "cadafactor cadafactorbv cadamp cadamw cadan cadopt clamb claprop clion cmars cnadamw crmsproptf csgdp csgdw "
    "cadanw cadoptw clambw cadafactorbvc cadamc cadoptc clionc cnadamc csgdc": "`{}` that takes no step against its "
    "gradient",
    "lambc lambcw larc": "`{}` whose steps are never larger than without the share",
    "nlars nlarc nmuon nadamuon": "`{}` with Nesterov momentum",
    "radabelief": "`{}`, rectified in its first steps",
}
"""Of the variants, the base is what is left of the name; where that is not so, it stands in `ORIGINS`."""

ORIGINS = {
    "adamc": "adamw",
    "lambcd": "lamb",
    "nadamc": "nadamw",
    "sgdc": "sgdw",
    "lambcw": "lambw",
    "larc": "lars",
}


def _described():
    yield from BASES.items()
    for names, sentence in VARIANTS.items():
        for name in names.split():
            yield name, sentence.format(_origin(name, sentence))


def _origin(name, sentence):
    if name in ORIGINS:
        return ORIGINS[name]
    return name[1:] if "against" in sentence or "Nesterov" in sentence or "rectified" in sentence else name[:-1]


OPTIMIZERS = [
    Optimizer.of(f"netdsl_timm.making:{name}", name=name, doc=f"{sentence}.") for name, sentence in _described()
]
