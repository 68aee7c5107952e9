"""timm in netdsl: any of its models as a layer, its optimizers and its losses by name. timm is imported when asked."""

from netdsl import hookimpl
from netdsl.components import Loss
from netdsl_timm import backbone, losses, optimizers


@hookimpl
def netdsl_layers():
    return [backbone.timm]


@hookimpl
def netdsl_optimizers():
    return optimizers.OPTIMIZERS


@hookimpl
def netdsl_losses():
    return [one for one in vars(losses).values() if isinstance(one, Loss)]
