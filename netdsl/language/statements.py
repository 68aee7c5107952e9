"""The statements that the language itself knows; every other name is a layer's, or a block's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A statement: how it is written, what it means, an example."""

    name: str
    usage: str
    doc: str
    example: str

    @property
    def summary(self) -> str:
        """The first sentence, as one line."""
        return self.doc.partition("\n")[0]


WORDS = (
    Word(
        "input",
        "input SIZE",
        "The shape of one sample, without the batch.\n\n"
        "A capital letter stands for a size that may vary; the checker then says which sizes fit. Left out, the shape "
        "comes from `data`, or from what the layers state.",
        "input 3x32x32\ninput 3xHxW",
    ),
    Word(
        "let",
        "let NAME=VALUE …",
        "Names values, for arithmetic and arguments.\n\n"
        "A value is a number, a size, a word, or the name of a layer or block. `--set NAME=VALUE` overrides it.",
        "let width=64 depth=2 act=relu\nconv 3->(width*2) k3; act",
    ),
    Word(
        "variant",
        "variant NAME VARIABLE=VALUE …",
        "A named set of overrides, which `--variant NAME` applies.",
        "variant wide width=128 depth=3",
    ),
    Word(
        "block",
        "block NAME [PARAMETER] … [PARAMETER=DEFAULT] … { … }",
        "Defines a block, which is used like a layer.\n\n"
        "In its body `in` is the first size of its input (the channels) and `features` the last. Its use is one nested "
        "module.",
        "block unit out stride=1 { conv out k3 s=stride p1; bn; relu }\nunit 128 stride=2",
    ),
    Word(
        "use",
        'use "FILE", or use LIBRARY',
        "Takes the blocks of another file, or of a library.\n\n"
        "Libraries such as resnet come with netdsl. A file must lie below the folder of the file that is run.",
        'use "blocks.net"\nuse resnet',
    ),
    Word(
        "repeat",
        "repeat N { … }",
        "Stands for its body written out N times.\n\nThe layers are siblings, not nested; 0 is a switch that is off.",
        "repeat 3 { conv 64 k3 p1; relu }",
    ),
    Word(
        "budget",
        "budget QUANTITY<=NUMBER …",
        "A promise about the net that `netdsl check` keeps.\n\n"
        "Quantities are params, macs (of one sample), memory (bytes of weights and activations for a batch), "
        "receptive (pixels that an output depends on) and depth (layers with weights in a row).",
        "budget params<=25M macs<=4G",
    ),
    Word(
        "data",
        "data NAME … [batch=64] [split=…] [limit=…] [{ TRANSFORM; … }]",
        "The data set to train on, and what is done to its samples.\n\n"
        "Besides its data set's own parameters a line may give root, batch, workers, shuffle, drop_last, split (the "
        "share kept for testing), limit, cache and on_error. Random transforms act in training only.",
        "data cifar10 batch=64 { randomcrop 32 padding=4; hflip; normalize }",
    ),
    Word(
        "loss",
        "loss NAME …",
        "What training makes small.\n\nLeft out, it follows from the kind of target.",
        "loss cross_entropy label_smoothing=0.1",
    ),
    Word("optimizer", "optimizer NAME …", "How the weights are changed.", "optimizer sgd lr=0.1 momentum=0.9"),
    Word("schedule", "schedule NAME …", "How the learning rate changes during training.", "schedule cosine"),
    Word(
        "metrics",
        "metrics NAME …",
        "What is measured on the test set after every epoch.\n\nSeveral lines may stand.",
        "metrics accuracy",
    ),
    Word(
        "logger",
        "logger NAME …",
        "Where curves are written; several lines may stand.",
        "logger tensorboard",
    ),
    Word(
        "train",
        "train [epochs=10] [steps=…] [precision=fp32] [seed=0] …",
        "How long and how to train.\n\n"
        "Further: compile, tf32 and deterministic (on CUDA), clip (of the gradient's norm), accumulate (batches to a "
        "step), ema (decay of averaged weights), every (steps between two logged losses), patience (epochs without "
        "improvement), keep (best epochs whose weights stay), speed and test_batch (the header says what `auto` "
        "chose), decay, freeze and shard.",
        "train epochs=30 precision=bf16 ema=0.999",
    ),
)
