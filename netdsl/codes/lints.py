"""NET9xx: what is allowed and probably not meant. `# netdsl: allow NET901` silences one on its line."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET901",
        "two linear layers with no activation between them",
        "A linear map of a linear map is a linear map: the two layers, which may be convolutions, can do nothing that "
        "one could not. An activation between them makes the second one count. A layer narrower than both its "
        "neighbours is a bottleneck and is not warned of, nor is a depthwise convolution before a 1x1 one.",
        "input 784\nlinear 128\nlinear 10",
        "input 784\nlinear 128; relu\nlinear 10",
    ),
    Page(
        "NET902",
        "softmax before cross_entropy",
        "The loss `cross_entropy` takes the scores as they come out of the last layer and applies the softmax itself, "
        "in a form that neither overflows nor loses digits. A second softmax flattens the scores, and the net learns "
        "slowly if at all.",
        "data mnist\nflatten; linear 10; softmax\nloss cross_entropy",
        "data mnist\nflatten; linear 10\nloss cross_entropy",
    ),
    Page(
        "NET903",
        "sigmoid before bce_with_logits",
        "The loss `bce_with_logits` applies the sigmoid itself: that is what its name says. Without it the loss is "
        "`bce`, which is less exact for scores far from zero.",
        "data fake 8 classes=2\nlinear 1; sigmoid\nloss bce_with_logits",
        "data fake 8 classes=2\nlinear 1\nloss bce_with_logits",
    ),
    Page(
        "NET904",
        "an activation on the scores",
        "The loss takes scores of any size and sign. An activation behind the last layer keeps some of them from it: "
        "after a `relu` no score is below zero, and a class whose score is zero has no gradient left to learn by.",
        "data mnist\nflatten; linear 10; relu\nloss cross_entropy",
        "data mnist\nflatten; linear 10\nloss cross_entropy",
    ),
    Page(
        "NET905",
        "dropout behind the last layer",
        "Dropout sets numbers to zero so that the layers after it rely on none of them. Behind the last layer there is "
        "none: it sets answers to zero, and the loss counts them as wrong. It belongs before the last layer.",
        "data mnist\nflatten; linear 10; dropout",
        "data mnist\nflatten; dropout; linear 10",
    ),
    Page(
        "NET906",
        "a loss of probabilities on plain scores",
        "`nll` expects logarithms of probabilities, as `logsoftmax` gives them, and `bce` probabilities, as `sigmoid` "
        "gives them; on other numbers they compute something that is no loss. `cross_entropy` and `bce_with_logits` "
        "take the scores as they are.",
        "data mnist\nflatten; linear 10\nloss nll",
        "data mnist\nflatten; linear 10; logsoftmax\nloss nll",
    ),
    Page(
        "NET907",
        "a bias before batch normalisation",
        "Batch normalisation subtracts each channel's mean, and with it any bias that was added just before; then it "
        "adds a learned shift of its own. The bias costs memory and time, and learns nothing.",
        "input 3x32x32\nconv 32 k3 p1; bn; relu",
        "input 3x32x32\nconv 32 k3 p1 bias=false; bn; relu",
    ),
    Page(
        "NET908",
        "batch normalisation of a single sample",
        "Batch normalisation compares the samples of a batch with each other. A batch of one has nothing to compare, "
        "and a vector of one sample is an error in torch when it comes up in training, which may be in the last batch "
        "of an epoch.",
        "data cifar10 batch=1\nconv 10 k3 bias=false; bn; relu; gap; flatten; linear 10",
        "data cifar10 batch=64\nconv 10 k3 bias=false; bn; relu; gap; flatten; linear 10",
    ),
    Page(
        "NET909",
        "rows or columns that no window sees",
        "The window's last step would take it over the edge, so that what remains at the end of the input is ignored: "
        "the last row and column of 7x7, with windows of 2. Choose a size that divides, pad, or let a pool keep the "
        "rest with `ceil_mode`.",
        "input 16x7x7\nmaxpool 2",
        "input 16x7x7\nmaxpool 2 ceil_mode",
    ),
    Page(
        "NET910",
        "an activation that changes nothing",
        "What is positive already is left alone by `relu`: behind another `relu`, a `sigmoid` or a `softmax` it does "
        "nothing. Most often a line was copied once too often.",
        "input 64\nlinear 32; relu; relu; linear 10",
        "input 64\nlinear 32; relu; linear 10",
    ),
    Page(
        "NET911",
        "a softmax of one number",
        "A softmax makes shares that add up to 1, and the share of a single number is 1 whatever it is: the net can "
        "say only one thing. For a yes or a no, `sigmoid` is meant.",
        "input 64\nlinear 1; softmax",
        "input 64\nlinear 1; sigmoid",
    ),
    Page(
        "NET912",
        "a block that is never used",
        "Nothing in the file names the block, so that it is no part of the net.",
        "block head out { linear out; relu }\ninput 64\nlinear 10",
        "block head out { linear out; relu }\ninput 64\nhead 10",
    ),
    Page(
        "NET913",
        "a variable that is never used",
        "Nothing is made of the variable, or of the block's parameter: changing it, in the file or with `--set`, would "
        "change nothing.",
        "let width=64 depth=2\ninput 8\nlinear width",
        "let width=64 depth=2\ninput 8\nrepeat depth { linear width; relu }",
    ),
    Page(
        "NET914",
        "a variable that hides a flag",
        "A bare name means the variable of that name where there is one, and otherwise a flag or a word that the layer "
        "knows. Here there are both, and the variable wins.",
        "let bidirectional=2\ninput 8x16\nlstm 32 bidirectional",
        "let depth=2\ninput 8x16\nlstm 32 depth bidirectional",
    ),
    Page(
        "NET915",
        "dropout between the layers of one layer",
        "The `dropout` of `lstm`, `gru` and `rnn` acts between their layers. With one layer there is no such place, "
        "and nothing is dropped. A `dropout` behind it drops numbers of its output.",
        "input 8x16\nlstm 32 dropout=0.5",
        "input 8x16\nlstm 32 num_layers=2 dropout=0.5",
    ),
    Page(
        "NET916",
        "numbers overwritten that are needed again",
        "An `inplace` activation saves memory by writing its output over its input. Where a skip carries that input "
        "on, it carries the activation's output instead; where the layer before works its gradient out from its own "
        "output, as `relu`, `sigmoid`, `tanh` and `softmax` do, training stops with an error of torch's.",
        "input 8\nresidual { relu inplace=true; linear 8 }",
        "input 8\nresidual { relu; linear 8 }",
    ),
    Page(
        "NET990",
        "a check that imports torch",
        "The layer goes by a name of torch.nn that the checker has no rule for. It is checked by running it in torch "
        "without data, whose import takes a few seconds.",
        "input 8\nnn.Hardshrink lambd=0.3",
        "input 8\nhardshrink lambd=0.3",
    ),
)
