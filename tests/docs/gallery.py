"""docs/gallery.md: every example with its picture, which `pytest tests/drawing --update-golden` makes, and its table.

The curves are those that `python -m tests.docs.curves` draws.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from netdsl.core.translation import ENGLISH
from tests.docs.blocks import ROOT
from tests.docs.curves import TRAINED
from tests.docs.session import run_command

VOLUMES = ("lenet5", "alexnet", "alexnet_2012", "unet", "vgg")
"""The examples that papers draw as volumes."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Gallery",
        "introduction": """\
Every example, as `netdsl draw FILE -o net.svg` draws it, with its table, and with its curves where the data come with
netdsl and training takes seconds: blue is the loss of training, orange that of the test. Blocks stay closed where the
picture would become large: `--depth N` opens them. `-o net.html` makes a page on which each statement explains itself.
""",
        "volumes": "`netdsl draw examples/{file} --style volumes`:",
        "as volumes": "{file} as volumes",
        "curves": "`netdsl run examples/{file}`:",
        "curves of": "the loss of {file}",
        "table": "Its table",
    },
    "zh": {
        "title": "图库",
        "introduction": """\
每个例子，由 `netdsl draw FILE -o net.svg` 画出，附有它的表格；数据随 netdsl 提供、
训练只要几秒的，还有它的曲线：蓝色是训练损失，橙色是测试损失。图会变得很大的地方，
块保持收起：`--depth N` 打开它们。`-o net.html` 生成一个页面，其中每条语句都能解释自己。
""",
        "volumes": "`netdsl draw examples/{file} --style volumes`：",
        "as volumes": "立体的 {file}",
        "curves": "`netdsl run examples/{file}`：",
        "curves of": "{file} 的损失",
        "table": "它的表格",
    },
}

IN_CHINESE = {
    "alexnet": "torchvision 中的 AlexNet（Krizhevsky，“One weird trick …”，2014）。",
    "alexnet_2012": "赢得 ImageNet 的 AlexNet（Krizhevsky、Sutskever、Hinton，2012）：`g2` 是分担计算的两块显卡。",
    "conv1d": "用于信号的卷积网络：一个通道的 1,024 个采样，比如心跳，分成五类。",
    "dates": "一个编码器和一个解码器（Vaswani 等，2017）按 ISO 8601 写日期：`3 march 1998` 就是 1998-03-03。",
    "digits": "手写数字，由一个小的卷积网络识别：远不到一分钟，一百个中至少认对 98 个。",
    "fcn": "FCN-8s（Long、Shelhamer、Darrell，2015）：每个像素一个类别，由 ResNet-18 和转置卷积构成。",
    "googlenet": "GoogLeNet（Szegedy 等，2014）：每个模块同时用四种窗口看，由下一个来选择。",
    "inception_v3": "Inception v3（Szegedy 等，2015）：大窗口分两步，先 1x7 再 7x1，看得一样远，花费更少。",
    "lenet5": "LeNet-5（LeCun 等，1998）：第一个读世界上的支票的卷积网络，按今天教授的样子。",
    "linear_regression": "线性回归，最小的网络：一层，三个权重和一个偏置。",
    "logistic_regression": "逻辑回归：与线性回归相同的一层，用于回答是或否的问题。",
    "lstm": "逐词读一个句子的 LSTM：20,000 个词中的 128 个，两个答案（比如喜欢或不喜欢）。",
    "matrix_factorization": "矩阵分解（Koren 等，2009）：每个人和每部电影各是几个数，评分是它们的乘积。",
    "mobilenet_v2": "MobileNetV2（Sandler 等，2018）：块内宽，块间窄，每个通道单独过滤。",
    "mobilenet_v3": "MobileNetV3（Howard 等，2019）：MobileNetV2 的块，有些带有每个通道的门，尺寸由搜索得到。",
    "resnet": "五种深度的 ResNet（He 等，2015）；文件照原样是 ResNet-18。",
    "siamese": "孪生网络（Bromley 等，1993）：同一个网络看两幅图像，再比较它看到的东西。",
    "spirals": "两条螺线，由一个小网络分开：没有直线能分开它们，而网络找到了弯曲的边界。",
    "squeezenet": "SqueezeNet（Iandola 等，2016）：用五十分之一的权重达到 AlexNet 的准确率，作者的两个版本。",
    "tudui": "入门课程的网络：一个文件就是一次实验。",
    "unet": "U-Net（Ronneberger 等，2015），加了填充，使它画出的图与图像一样大。",
    "vgg": "VGG（Simonyan 和 Zisserman，2014）：论文的表 1，每列一个变体。文件照原样是 A。",
    "vit": "一个小的视觉 Transformer（Dosovitskiy 等，2020）：图像是 64 个“词”，每个 4x4 像素。",
    "writer": "一个循环网络，逐字符地写出像它自己这样的网络：`netdsl generate RUN`。",
}
"""What the first line of each example says."""


def gallery_page(made: str, language: str = ENGLISH) -> str:
    """The page in a language, which is the one that is spoken, with the mark of pages that are made."""
    words = WORDS[language]
    head = [f"# {words['title']}", "", made, "", *words["introduction"].splitlines(), ""]
    with contextlib.chdir(ROOT):
        return "\n".join([*head, *_examples(words, language)])


def _examples(words: Mapping[str, str], language: str) -> Iterator[str]:
    for path in sorted((ROOT / "examples").glob("*.net")):
        yield f"## {path.name}"
        yield ""
        yield _first_sentence(path) if language == ENGLISH else IN_CHINESE[path.stem]
        yield ""
        yield f"![{path.name}](pictures/{path.stem}.svg)"
        yield ""
        if path.stem in VOLUMES:
            yield words["volumes"].format(file=path.name)
            yield ""
            yield f"![{words['as volumes'].format(file=path.name)}](pictures/{path.stem}-volumes.svg)"
            yield ""
        if path.stem in TRAINED:
            yield words["curves"].format(file=path.name)
            yield ""
            yield f"![{words['curves of'].format(file=path.name)}](pictures/{path.stem}-curves.svg)"
            yield ""
        yield from _table(path, words["table"])


def _table(path: Path, caption: str) -> Iterator[str]:
    """The table of sizes, folded away: that of GoogLeNet has ninety lines."""
    line = f"netdsl shapes examples/{path.name}"
    yield from (f'<details markdown="1"><summary>{caption}</summary>', "")
    yield from ("```console", f"$ {line}", run_command(line)[1].rstrip(), "```", "", "</details>", "")


def _first_sentence(path: Path) -> str:
    """The comment that an example begins with, up to its first line's end."""
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("#").strip()
