"""Every statement of the language, declared once; any other first word is the name of a layer or of a block.

What a statement is follows from its declaration here: the checker's directives and definitions, `--set`, suggestions
for misspelt words, the kinds of components that plugins may bring, `netdsl layers` and completion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from netdsl.components import (
    Component,
    Dataset,
    Initializer,
    Layer,
    Logger,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Transform,
)
from netdsl.components.settings import (
    DataSettings,
    InitSettings,
    LossSettings,
    OptimizerSettings,
    PretrainedSettings,
    TrainSettings,
)
from netdsl.core.translation import translate


class StatementKind(NamedTuple):
    """A statement of the language.

    Args:
        name: the word that it begins with.
        nature: a `definition` gives names their meaning, a `directive` speaks of the experiment around the net, `flow`
            stands for layers.
        usage: how it is written; `settings` are added to it.
        doc: what it means: a sentence, then paragraphs.
        example: how it may look in a file.
        component: the kind of component that it names: `loss cross_entropy`.
        body: the kind of component that each statement of its body names.
        settings: the class whose fields it takes as settings, besides its component's parameters.
        repeats: whether a file may have several, and one may name several components.
        paths: whether its arguments may be paths, which then need no quotes.
        default: the component where a file has no such line, or that for each kind of target that the data has.
    """

    name: str
    nature: Literal["definition", "directive", "flow"]
    usage: str
    doc: str
    example: str
    component: type[Component] | None = None
    body: type[Component] | None = None
    settings: type[Any] | None = None
    repeats: bool = False
    paths: bool = False
    default: str | Mapping[str, str] | None = None

    @property
    def summary(self) -> str:
        """The first sentence, as one line."""
        return translate(self.doc).partition("\n")[0]

    @property
    def own(self) -> Component | None:
        """Its settings, as a component that has them for parameters; None where it has none."""
        if self.settings is None:
            return None
        return Component(name=self.name, function=self.settings, example=self.example)

    def default_for(self, targets: str | None) -> str | None:
        """The name of the component where a file gives none; `targets` is None where there is no data."""
        return self.default.get(targets or "") if isinstance(self.default, Mapping) else self.default


INPUT = StatementKind(
    name="input",
    nature="directive",
    usage="input SIZE, or input NAME=SIZE …",
    doc=(
        "The shape of one sample, without the batch.\n\n"
        "A capital letter stands for a size that may vary; the checker then says which sizes fit. Left out, the shape "
        "comes from `data`, or from what the layers state. Of several inputs each has a name, which is a label: "
        "`from NAME` goes on with it, and the first is the current value at the beginning."
    ),
    example="input 3x32x32\ninput 3xHxW\ninput user=1 item=1",
)
OUTPUT = StatementKind(
    name="output",
    nature="directive",
    usage="output LABEL …",
    doc=(
        "The labelled outputs that the net gives: of several, a tuple in this order.\n\n"
        "Left out, it is the last value. The last of several is the main one: what `predict` and metrics look at, and "
        "the loss without a name."
    ),
    example="output aux score",
)
FROM = StatementKind(
    name="from",
    nature="flow",
    usage="from LABEL",
    doc=(
        "Makes a labelled output, or a named input, the current value.\n\n"
        "It is no module: what stands below it receives that output instead of the one above."
    ),
    example="linear 8 as low; relu as high; from low; linear 8; add high",
    repeats=True,
)
AGAIN = StatementKind(
    name="again",
    nature="flow",
    usage="again LABEL",
    doc=(
        "Applies the module of a labelled statement once more: a layer, a composite, or the use of a block.\n\n"
        "It has the same weights, which are counted once and keep their name. The label stands above, in the same "
        "body, and what comes in must fit the module as it was built there."
    ),
    example="linear 64 as step; relu; again step; relu",
    repeats=True,
)
LET = StatementKind(
    name="let",
    nature="definition",
    usage="let NAME=VALUE …",
    doc=(
        "Names values, for arithmetic and arguments.\n\n"
        "A value is a number, a size, a word, or the name of a layer or block. `--set NAME=VALUE` overrides it."
    ),
    example="let width=64 depth=2 act=relu\nconv 3->(width*2) k3; act",
    repeats=True,
)
VARIANT = StatementKind(
    name="variant",
    nature="definition",
    usage="variant NAME VARIABLE=VALUE …",
    doc="A named set of overrides, which `--variant NAME` applies.",
    example="variant wide width=128 depth=3",
    repeats=True,
    paths=True,
)
BLOCK = StatementKind(
    name="block",
    nature="definition",
    usage="block NAME [PARAMETER] … [PARAMETER=DEFAULT] … { … }",
    doc=(
        "Defines a block, which is used like a layer.\n\n"
        "In its body `in` is the first size of its input (the channels) and `features` the last. Its use is one nested "
        "module."
    ),
    example="block unit out stride=1 { conv out k3 s=stride p1; bn; relu }\nunit 128 stride=2",
    repeats=True,
)
USE = StatementKind(
    name="use",
    nature="definition",
    usage='use "FILE", or use LIBRARY',
    doc=(
        "Takes the blocks of another file, or of a library.\n\n"
        "Libraries such as resnet come with netdsl. A file must lie below the folder of the file that is run."
    ),
    example='use "blocks.net"\nuse resnet',
    repeats=True,
    paths=True,
)
REPEAT = StatementKind(
    name="repeat",
    nature="flow",
    usage="repeat N { … }",
    doc="Stands for its body written out N times.\n\nThe layers are siblings, not nested; 0 is a switch that is off.",
    example="repeat 3 { conv 64 k3 p1; relu }",
    repeats=True,
)
BUDGET = StatementKind(
    name="budget",
    nature="directive",
    usage="budget QUANTITY<=NUMBER …",
    doc=(
        "A promise about the net that `netdsl check` keeps.\n\n"
        "Quantities are params, macs (of one sample), memory (bytes of weights and activations for a batch), "
        "receptive (pixels that an output depends on) and depth (layers with weights in a row)."
    ),
    example="budget params<=25M macs<=4G",
    repeats=True,
)
DATA = StatementKind(
    name="data",
    nature="directive",
    usage="data NAME …",
    doc=(
        "The data set to train on, and what is done to its samples.\n\n"
        "A data set has parameters of its own besides these settings. Random transforms act in training only."
    ),
    example="data cifar10 batch=64 { randomcrop 32 padding=4; hflip; normalize }",
    component=Dataset,
    body=Transform,
    settings=DataSettings,
    paths=True,
)
INIT = StatementKind(
    name="init",
    nature="directive",
    usage="init NAME …",
    doc=(
        "The first values of weights, instead of torch's own.\n\n"
        "Of several lines, the last that names a layer counts for it. Weights of fewer than two dimensions are filled "
        "where `on` names a layer that has no others. The values follow from the seed."
    ),
    example="init kaiming_normal on=conv nonlinearity=relu\ninit normal std=0.01 on=head bias=0",
    component=Initializer,
    settings=InitSettings,
    repeats=True,
)
PRETRAINED = StatementKind(
    name="pretrained",
    nature="directive",
    usage="pretrained",
    doc=(
        "The weights to begin training with, which somebody trained before.\n\n"
        "The net and a model of torchvision, as in `torchvision:resnet18:IMAGENET1K_V1`, are walked side by side. In "
        "another file, weights have the names that the net gives them. What does not fit is reported. `--init-from` of "
        "the command line wins over this line."
    ),
    example="pretrained torchvision:resnet18 except=head",
    settings=PretrainedSettings,
    paths=True,
)
LOSS = StatementKind(
    name="loss",
    nature="directive",
    usage="loss [OUTPUT] NAME …",
    doc=(
        "The function that training minimises.\n\n"
        "Left out, it follows from the kind of target. Of a net with several outputs each may have one, named by its "
        "label, and training minimises their weighted sum; without a name it is that of the last output."
    ),
    example="loss cross_entropy label_smoothing=0.1\nloss aux cross_entropy weight=0.3",
    component=Loss,
    settings=LossSettings,
    default={"classes": "cross_entropy", "numbers": "mse"},
)
OPTIMIZER = StatementKind(
    name="optimizer",
    nature="directive",
    usage="optimizer NAME …",
    doc=(
        "How the weights are changed.\n\n"
        "`head.lr=0.1` gives the layers named `head` a learning rate of their own, and `normalisation.weight_decay=0` "
        "another number. A name is a label, or that of a layer, a family or a block; it stands for all in them too. "
        "Where two names give a layer the same setting, the name counts that lies in the other: all of its layers go "
        "by the other name too. A schedule scales all rates. A rate of 0 keeps the weights; `train freeze=` does so "
        "for less work.\n\n"
        "`maxnorm=c` bounds the weights w of the inputs of each unit: where ‖w‖ > c after a step, w becomes c·w/‖w‖, "
        "with the L2 norm ‖w‖. A unit is a row of a matrix, as in `linear` and `embedding`, or a kernel of a "
        'convolution. Biases and normalisations stay as they are. Sources: Hinton et al., "Improving neural networks '
        'by preventing co-adaptation of feature detectors", 2012; Srivastava et al., "Dropout", 2014.'
    ),
    example="optimizer sgd lr=0.1 momentum=0.9\noptimizer sgd lr=0.01 head.lr=0.1 maxnorm=3",
    component=Optimizer,
    settings=OptimizerSettings,
    default="adam",
)
SCHEDULE = StatementKind(
    name="schedule",
    nature="directive",
    usage="schedule NAME …",
    doc="How the learning rate changes during training.",
    example="schedule cosine",
    component=Schedule,
)
METRICS = StatementKind(
    name="metrics",
    nature="directive",
    usage="metrics NAME …",
    doc="What is measured on the test set after every epoch.\n\nSeveral lines may stand.",
    example="metrics accuracy",
    component=Metric,
    repeats=True,
    default={"classes": "accuracy", "binary": "binary_accuracy", "numbers": "mae"},
)
LOGGER = StatementKind(
    name="logger",
    nature="directive",
    usage="logger NAME …",
    doc="Where curves are written; several lines may stand.",
    example="logger tensorboard",
    component=Logger,
    repeats=True,
    paths=True,
)
TRAIN = StatementKind(
    name="train",
    nature="directive",
    usage="train",
    doc="How long and how to train.",
    example="train epochs=30 precision=bf16 ema=0.999",
    settings=TrainSettings,
)

STATEMENTS: Mapping[str, StatementKind] = {
    kind.name: kind for kind in tuple(globals().values()) if isinstance(kind, StatementKind)
}
"""All statements declared above, by the word that they begin with."""

DIRECTIVES = tuple(name for name, kind in STATEMENTS.items() if kind.nature == "directive")
DEFINITIONS = tuple(name for name, kind in STATEMENTS.items() if kind.nature == "definition")
TAKING_PATHS = frozenset(name for name, kind in STATEMENTS.items() if kind.paths)
AT_THE_TOP = frozenset((*DIRECTIVES, *DEFINITIONS))
"""The statements that stand outside the net, though a `let` may stand in a body too."""

COMPONENT_KINDS: tuple[type[Component], ...] = (
    Layer,
    *(kind for one in STATEMENTS.values() for kind in (one.component, one.body) if kind),
)
"""The kinds of components that a text may name, and plugins may bring."""
