"""Any model of timm as a layer."""

from netdsl.components import INFERRED, Refusal, Result, Size, Undetermined, call, layer


@layer("timm", accepts=("CHW",), assumes="CHW", stated={"in_chans": 0}, example="timm resnet18 features")
def timm(
    x,
    model: str,
    *,
    features: bool = False,
    num_classes: int | None = None,
    global_pool: str | None = None,
    pretrained: bool = False,
    in_chans: int = INFERRED,
    img_size: Size | None = None,
    drop_rate: float = 0.0,
    drop_path_rate: float | None = None,
) -> Result:
    """A model of timm by its name: `timm resnet18 features`.

    With `features` it ends in its feature map, such as 512x7x7, or in its tokens, 197x192; with `num_classes=0` in one
    vector of features; with `num_classes=10` in ten scores. Left out, `num_classes` is the model's own, mostly 1000.
    The other parameters are those of `timm.create_model`; one that is left out is the model's own. A model that is made
    for one size of image (a vision transformer) is made for the size that comes in.

    `pretrained` takes the weights that timm has for the model, which are fetched when the net is built, never when it
    is checked. Sizes are found by running the model on torch's `meta` device: importing timm takes some seconds.
    """
    if not all(isinstance(size, int) for size in x):
        raise Undetermined(f"`timm {model}` is checked by running it, which needs numbers", help="`input 3x224x224`")
    if features and (num_classes or global_pool):
        other = "num_classes" if num_classes else "global_pool"
        raise Refusal(f"`features` ends in the feature map, so that `{other}` has nothing to act on", other)
    from netdsl_timm.trial import tried

    ending = {"num_classes": 0, "global_pool": ""} if features else {}
    given = {
        "num_classes": num_classes,
        "global_pool": global_pool,
        "img_size": img_size,
        "drop_rate": drop_rate or None,
        "drop_path_rate": drop_path_rate,
    }
    settings = {name: value for name, value in given.items() if value is not None} | ending
    found = tried(model, x, tuple(settings.items()))
    arguments = {"model_name": model, "pretrained": pretrained, "in_chans": x[0], **found.settings}
    return Result(found.out, call("timm:create_model", **arguments), params=found.params, macs=found.macs)
