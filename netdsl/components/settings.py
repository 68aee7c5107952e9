"""The settings of the `data` and the `train` line: each with its type, its range and what it means.

Lists of them derive from here: what the checker accepts, the pages of `netdsl layers train` and `netdsl layers data`,
and what runs record. Who acts on a setting reads it from the object.
"""

# Annotations are not postponed here: every check of a file with a `train` line would evaluate each from its text first,
# which takes a few milliseconds.
from typing import Annotated, Literal, NamedTuple

from netdsl.components.component import Spelling
from netdsl.core.ranges import Above, AtLeast, HalfOpen


class DataSettings(NamedTuple):
    """What every `data` line may say besides its data set's own parameters."""

    root: Annotated[
        str | None, "the folder of all data sets; left out, `$NETDSL_DATA` or a folder in the user's cache"
    ] = None
    batch: Annotated[int, AtLeast(1), "samples to a batch"] = 64
    workers: Annotated[int | None, AtLeast(0), "processes that read samples; left out, as many as the machine has"] = (
        None
    )
    shuffle: Annotated[bool, "whether every epoch has the training samples in a new order"] = True
    drop_last: Annotated[bool, "whether the last batch of an epoch is left out where it is smaller"] = False
    split: Annotated[
        float | None,
        HalfOpen(0, 1),
        "the share of samples that is kept for testing; 0: none, the training samples test too; left out, the data "
        "set's own test part or 0.2",
    ] = None
    folds: Annotated[
        int | None,
        AtLeast(2),
        "parts of the training samples of which each is tested once, by a net trained on the others; `netdsl run` "
        "trains a net for each",
    ] = None
    fold: Annotated[int | None, AtLeast(1), "the part that is tested, from 1, where only one net is to be trained"] = (
        None
    )
    limit: Annotated[int | None, AtLeast(1), "the most samples to use of each part"] = None
    cache: Annotated[
        Literal["auto", "ram", "disk", "none"], "where samples are kept once they are read and decoded"
    ] = "auto"
    on_error: Annotated[
        Literal["stop", "skip"], "whether to stop at a sample that cannot be read, or to skip and list it"
    ] = "stop"


def count_held_out(samples: int, share: float) -> int:
    """How many samples `split` keeps for testing."""
    return round(samples * share)


def fold_bounds(samples: int, folds: int, fold: int) -> tuple[int, int]:
    """Where a fold, counted from 1, begins among the samples in their random order, and where it ends."""
    return samples * (fold - 1) // folds, samples * fold // folds


def count_training(samples: int, settings: DataSettings) -> list[int]:
    """How many samples train, of a data set with a test part of its own; of several folds, for each of them.

    `samples` are those that train where the line says nothing of it.
    """
    if settings.folds is None:
        return [samples - count_held_out(samples, settings.split or 0)]
    folds = range(1, settings.folds + 1) if settings.fold is None else [settings.fold]
    bounds = (fold_bounds(samples, settings.folds, fold) for fold in folds)
    return [samples - (end - start) for start, end in bounds]


class LossSettings(NamedTuple):
    """What a `loss` line may say besides its loss's own parameters."""

    weight: Annotated[float, Above(0), "what it counts in the sum, where several outputs have a loss"] = 1.0


class InitSettings(NamedTuple):
    """What every `init` line may say besides its initializer's own parameters."""

    on: Annotated[
        tuple[str, ...],
        "the layers whose weights it fills, by label, name, family or block; left out, all but normalisations",
    ] = ()
    bias: Annotated[float | None, "the value of their biases; left out, torch's own"] = None


class OptimizerSettings(NamedTuple):
    """What an `optimizer` line may say besides its optimizer's own parameters."""

    maxnorm: Annotated[
        float | None, Above(0), "the largest L2 norm that the weights of the inputs of a unit may have after a step"
    ] = None


class PretrainedSettings(NamedTuple):
    """What the `pretrained` line says."""

    source: Annotated[
        str | None,
        "a run's folder, whose best epoch counts, a file of weights, or a model of torchvision: `torchvision:resnet18`",
    ] = None
    without: Annotated[
        tuple[str, ...],
        Spelling("except"),
        "the layers that keep their own first weights, by label, name, family or block",
    ] = ()


class TrainSettings(NamedTuple):
    """The `train` line: `epochs` or `steps`, whichever is given."""

    epochs: Annotated[int, AtLeast(1), "passes over the training set"] = 10
    steps: Annotated[int | None, AtLeast(1), "optimizer steps, instead of epochs"] = None
    precision: Annotated[
        Literal["fp32", "bf16", "fp16"],
        "the number format of forward and backward pass; bf16 and fp16 are mixed precision",
    ] = "fp32"
    tf32: Annotated[
        bool, "whether a CUDA device may compute what is fp32 with 10 bits of mantissa, several times as fast"
    ] = True
    deterministic: Annotated[
        bool, "whether a CUDA device computes the same bits each time, without its very fastest algorithms"
    ] = True
    compile: Annotated[
        Literal["off", "default", "reduce_overhead", "max_autotune"], "the mode in which torch.compile makes kernels"
    ] = "off"
    clip: Annotated[float | None, Above(0), "the largest norm that the gradient may have"] = None
    accumulate: Annotated[int, AtLeast(1), "batches to one optimizer step"] = 1
    ema: Annotated[
        float | None, HalfOpen(0, 1), "the decay of a moving average of the weights, which is then tested and kept"
    ] = None
    seed: Annotated[int, AtLeast(0), "the seed of weights, of orders and of random transforms"] = 0
    every: Annotated[int, AtLeast(1), "steps between two logged values of the training loss"] = 100
    patience: Annotated[int | None, AtLeast(1), "epochs without a better one after which training ends"] = None
    keep: Annotated[int, AtLeast(0), "how many of the best epochs keep their weights"] = 1
    speed: Annotated[
        Literal["auto", "contiguous", "channels_last"],
        "how images lie in memory; `auto` times a few steps and takes the faster",
    ] = "auto"
    lanes: Annotated[
        int, AtLeast(1), "parts of a batch that a CPU takes through the net side by side, a thread each"
    ] = 1
    test_batch: Annotated[
        int | None, AtLeast(1), "samples that are tested at once; left out, `batch`, and at least 256"
    ] = None
    test_train: Annotated[
        int, AtLeast(0), "the most training samples that are tested after each epoch too, as the test set is; 0: none"
    ] = 2000
    histograms: Annotated[
        int, AtLeast(0), "epochs between two histograms of weights and gradients in TensorBoard; 0: none"
    ] = 0
    report: Annotated[bool, "whether the run writes `report.html`, a page about itself"] = True
    decay: Annotated[
        Literal["all", "weights"], "what weight decay acts on; `weights` leaves out biases, scales and other vectors"
    ] = "all"
    freeze: Annotated[tuple[str, ...], "the layers that are not trained, by label, name, family or block"] = ()
    shard: Annotated[
        Literal["none", "fsdp"],
        "`fsdp` divides weights and optimizer state among the processes instead of copying them",
    ] = "none"
