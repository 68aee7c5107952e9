"""The nets that are drawn in tests, checked once."""

from functools import cache
from pathlib import Path

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.drawing.drawing import Drawing
from netdsl.plugins.registry import load_registry

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.net"))

DENSENET121 = """
use densenet
input 3x224x224
conv 64 k7 s2 p3 bias=false; bn; relu; maxpool 3 s2 p1
dense 6; transition
dense 12; transition
dense 24; transition
dense 16
bn; relu; gap; flatten; linear 1000
"""
MOBILENET = """
use mobilenet
input 3x224x224
conv 32 k3 s2 p1 bias=false; bn; relu6
separable 16
inverted 24 stride=2; inverted 24
inverted 32 stride=2; repeat 2 { inverted 32 }
gap; flatten; linear 1000
"""
EXCITED = """
use squeeze_excite
input 16x8x8
residual { conv 16 k3 p1; bn; relu; squeeze_excite 4 }
split { } { conv 8 k3 p1 as inner; relu; add inner }
add { conv 16 k1 } { conv 16 k3 p1; relu } { }
"""
SKIPS = """
input 8x16x16
conv 8 k3 p1 as a; relu as b; conv 8 k3 p1; add a; conv 8 k3 p1 as c; concat b c; conv 8 k1
concat { conv 4 k1; relu } { residual { conv 8 k1; relu }; add a } a
repeat 3 { residual { conv 20 k3 p1; concat a b; conv 20 k1 } }
"""
WRONG = """
input 3x32x32
conv 3->32 k5 p2; maxpoool 2
conv 16->32 k5 p2; relu
residual { conv 32 k3; bn }
flatten; linear 100->10
data cifar10 bach=3
"""
TWO_TOWERS = """
input user=1 item=1
embedding 1000->32; flatten; linear 64; relu; linear 32 as user_tower
from item; embedding 500->32; flatten; linear 64; relu; linear 32
mul user_tower
linear 1 as score
"""
TWO_HEADS = """
input 3x32x32
conv 16 k3 p1; relu; maxpool 2
conv 32 k3 p1; relu as low
from low; gap; flatten; linear 10 as aux
from low; maxpool 2; conv 64 k3 p1; relu as high; gap; flatten; linear 10 as score
output low aux score
"""
ENCODER_DECODER = """
input src=S tgt=S
embedding 80->16; repeat 3 { transformer 4 } as memory
from tgt; embedding 80->16
repeat 2 { transformer 4; add memory }
linear 80
"""
WAYS = """
block gate out { conv out k3 p1 as a; tanh as b; from a; sigmoid; mul b; conv out k1 }
input left=8x16 right=8x16 third=8x16
gate 8 as l
from right; gate 8; mul third as r
concat l; conv 8 k1 as aux
from l; residual { conv 8 k1; relu; from right; conv 8 k1 }
residual { conv 8 k3 p1 as m; relu as n; from m; tanh; concat n; conv 8 k1 } as last
from r; relu; add last aux
"""
SIAMESE = """
block tower { conv 8 k3 p1; relu; maxpool 2; flatten; linear 16 }
input left=1x28x28 right=1x28x28
tower as a
from right; again a as b
mul a; residual { linear 16; relu } as r
repeat 3 { again r }
linear 1
"""
TEXTS = {
    "densenet121": DENSENET121,
    "mobilenet": MOBILENET,
    "excited": EXCITED,
    "skips": SKIPS,
    "wrong": WRONG,
    "two_towers": TWO_TOWERS,
    "two_heads": TWO_HEADS,
    "encoder_decoder": ENCODER_DECODER,
    "ways": WAYS,
    "siamese": SIAMESE,
    "nothing": "",
    "long": f"input 3x8x8; conv {'1' * 4} k3 as {'label' * 12}; nn.{'Hard' * 30} lambd=0.3",
}
VARIANTS = {"resnet50": "examples/resnet.net", "resnet152": "examples/resnet.net"}


LIBRARY = sorted(path.stem for path in (ROOT / "netdsl" / "library").glob("*.net"))
"""The files of blocks, each of which some net here uses."""

NAMES = [*(path.stem for path in EXAMPLES), *TEXTS, *VARIANTS]


@cache
def draw_net(name: str) -> Drawing:
    """The drawing of a net, its blocks opened as the net decides."""
    if name in TEXTS:
        source = Source(f"{name}.net", TEXTS[name])
    else:
        path = ROOT / VARIANTS.get(name, f"examples/{name}.net")
        source = Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    variant = name if name in VARIANTS else None
    folder = ROOT / "examples"
    experiment, diagnostics = check(source, load_registry(installed=False), variant=variant, folder=folder)
    return Drawing(source, experiment, diagnostics)
