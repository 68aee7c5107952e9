"""A small net for each kind of data, and the files that they read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

NETS = {
    "drawn masks": "conv 4 k3 p1; bn; relu; conv 4 k1\ndata shapes 1x16x16 size=40 batch=8 { hflip; rotation 20 }",
    "masks in files": """conv 4 k3 p1; bn; relu; conv 3 k1
data masks "pets" classes=3 batch=4 cache=none workers=0 split=0.25 { resize 12x12; hflip; randomcrop 8 }""",
    "table": """linear 4; relu; dropout 0.3; linear 1
data csv "houses.csv" target=price scale=log missing=median flag batch=8 { normalize }
metrics log_rmse""",
    "settings of layers": """conv 4 k3 p1; bn; relu; conv 4 k1 as head
data shapes 1x16x16 size=40 batch=8 { hflip; rotation 20 }
optimizer adamw lr=0.01 head.lr=0.1 normalisation.weight_decay=0 conv.betas=0.8,0.9 maxnorm=0.4 head.maxnorm=1
schedule cosine warmup=0.5""",
    "folds of a table": """linear 4; relu; dropout 0.3; linear 1
data csv "houses.csv" target=price scale=standard missing=mean folds=2 batch=4 { normalize }""",
    "text": "embedding 6->4; lstm 5; linear 6\ndata text text.txt length=4 batch=16",
    "states of a text": "embedding 6->4; lstm 5; gru 4; linear 6\ndata text text.txt length=4 batch=16 stateful",
    "texts with classes": """embedding 12->4; gru 4 bidirectional; last; dropout 0.2; linear 2
data csv "texts.csv" target=class text=line length=5 batch=8""",
    "several inputs": """input line=5 word=4 size=1
embedding 12->4; attention 2 dropout=0.2 as memory
from word; embedding 8->4; attention 1 from=memory; mean as heard
from size; linear 4; mul heard; linear 2
data csv "texts.csv" target=class text=line,word batch=8 { normalize }""",
    "what is written": """input line=5 word=4
embedding 12->4; transformer 2 dim_feedforward=8 as memory
from word; embedding 8->4; decoder 2 from=memory dim_feedforward=8; linear 8
data csv "texts.csv" target=word text=line,word drop=class,size level=word batch=8""",
    "arrays": """input left=3 right=2
linear 4; dropout 0.2 as seen
from right; linear 4; mul seen; linear 2
data npz arrays.npz batch=8 { normalize }""",
}


def write_kinds(folder: Path) -> None:
    """Writes the files that the nets of all kinds read."""
    generator = np.random.default_rng(0)
    for inner in ("images", "masks"):
        (folder / "pets" / inner).mkdir(parents=True)
    for name in map(str, range(20)):
        pixels = generator.integers(0, 256, (14, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pets" / "images" / f"{name}.png")
        Image.fromarray(pixels[..., 0] % 3).save(folder / "pets" / "masks" / f"{name}.png")
    (folder / "text.txt").write_text("".join("abcdef"[n * n % 6 if n % 5 else n // 5 % 6] for n in range(400)))
    words = ("one", "two", "three", "four")
    lines = [
        f"{' '.join(f'w{n * k % 9}' for k in range(1, n % 5 + 2))},{words[n % 4]},{n % 7},{n % 2}" for n in range(50)
    ]
    (folder / "texts.csv").write_text("\n".join(["line,word,size,class", *lines]) + "\n")
    arrays = {"left": generator.normal(size=(50, 3)), "right": generator.normal(size=(50, 2)), "y": np.arange(50) % 2}
    np.savez(folder / "arrays.npz", **arrays)
    rows = [f"{n % 11 if n % 4 else ''},{'red' if n % 3 else 'blue'},{1000 + 30 * n}" for n in range(60)]
    (folder / "houses.csv").write_text("\n".join(["size,colour,price", *rows]) + "\n")
