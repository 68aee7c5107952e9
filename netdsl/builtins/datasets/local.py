"""The data sets besides torchvision's: the one that ships with netdsl, and the user's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from netdsl.builtins.files import ClassNames, Decimal, Level, Missing, Names, Scale, Target, Task
from netdsl.components import Dtype, Facts, InputFacts, NamedShapes, Refusal, Size, dataset
from netdsl.components.positions import positions_of_sample
from netdsl.core.ranges import AtLeast, Count
from netdsl.core.sizes import Shape, format_shape, is_known, product, symbol
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.builtins.files.csv_tables import Table, TableOptions
    from netdsl.builtins.files.labelled_texts import Encoding, TextCollection
    from netdsl.builtins.files.npy_header import Header
    from netdsl.builtins.files.table_inputs import InputColumns

PHOTOGRAPHS: Shape = (3, symbol("H"), symbol("W"))
"""Images in colour, of sizes that only reading them can tell."""

SHAPES = ("background", "circle", "square", "triangle")
SMALLEST_DRAWING = 16
"""Pixels of a side: with fewer, a circle and a square look alike."""


@dataset("netdsl.data.datasets.digits:load", example="data digits batch=32")
def digits() -> Facts:
    """1,797 handwritten digits of 8×8 pixels, which ship with netdsl: 1,437 to train on and the last 360 to test.

    UCI "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, CC BY 4.0. A pixel counts the dark
    points in a 4×4 block, 0…16, and is divided by 16. The digits are sorted by writer: nearly all test digits are
    by people whose hand the net has not seen.
    """
    return Facts((1, 8, 8), 10, names=tuple("0123456789"), mean=(0.3054,), std=(0.3755,), sizes=(1_437, 360))


@dataset("netdsl.data.datasets.fake:load", example="data fake 3x32x32 classes=10 size=1000")
def fake(
    shape: Size | None = None,
    *,
    classes: int = 10,
    size: int = 1_000,
    per: Literal["sample", "position"] = "sample",
    ids: Names = (),
    entries: Count = 100,
    inputs: NamedShapes = (),
) -> Facts:
    """Random images to try things out with: `size` to train on, and a tenth as many to test.

    With `per=position` each pixel of an image C×H×W, or each step of a sequence T×F, has a class of its own.

    A net of several inputs, `input user=1 item=1`, says the shapes itself; those that `ids=user,item` names hold ids
    for an embedding of `entries`.
    """
    if inputs:
        return _fake_inputs(inputs, (ids,) if isinstance(ids, str) else ids, entries, classes, size, per)
    if shape is None:
        raise Refusal("the shape of a sample is missing", "shape", "write it, such as `data fake 3x32x32`")
    sample = (shape,) if isinstance(shape, int) else shape
    if min(sample) < 1:
        raise Refusal(text("every size is at least 1, but the shape is {shape}", shape=format_shape(sample)), "shape")
    _require_some(classes=classes, size=size)
    # Without one test sample at least there would be nothing to measure.
    target = positions_of_sample(sample) if per == "position" else ()
    return Facts(sample, classes, target=target, sizes=(size, max(1, size // 10)))


@dataset("netdsl.data.datasets.digits:load_pairs", example="data digit_pairs batch=64")
def digit_pairs() -> Facts:
    """Pairs of the digits of `data digits`, for the inputs `left` and `right`: whether they are the same digit.

    Each digit stands in two pairs, one with another drawing of the same digit and one with another digit. The pairs to
    train on are of digits to train on. They are drawn by chance, and the same ones each time.
    """
    shape = (1, 8, 8)
    facts = Facts(None, 2, names=("different", "same"), sizes=(2 * 1_437, 2 * 360))
    return facts.with_inputs([InputFacts("left", shape), InputFacts("right", shape)])


def _require_some(**numbers: int) -> None:
    for name, given in numbers.items():
        if given < 1:
            raise Refusal(text("`{name}` is at least 1, not {given}", name=name, given=given), name)


def _fake_inputs(inputs: NamedShapes, ids: Sequence[str], entries: int, classes: int, size: int, per: str) -> Facts:
    _require_some(classes=classes, size=size)
    if per != "sample":
        raise Refusal("samples of several inputs have one class each", "per", "leave `per=` out")
    for name, shape in inputs:
        if not is_known(shape):
            message = text(
                "`fake` makes samples of known sizes, but `{input}` is {shape}", input=name, shape=format_shape(shape)
            )
            raise Refusal(message, f"inputs.{name}", "write numbers in the place of letters")
    for name in ids:
        if name not in dict(inputs):
            raise Refusal(text("`ids={name}` names no input of the net", name=name), "ids")
    given = [
        InputFacts(name, shape, "index", entries) if name in ids else InputFacts(name, shape) for name, shape in inputs
    ]
    return Facts(None, classes, sizes=(size, max(1, size // 10))).with_inputs(given)


@dataset("netdsl.data.datasets.shapes:load", example="data shapes 3x32x32 batch=16 { hflip; vflip }")
def shapes(shape: Size = (3, 32, 32), *, size: int = 1_000) -> Facts:
    """Drawn circles, squares and triangles on noise, with the class of each pixel: `size` images to train on.

    A tenth as many test. They are drawn anew each time, the same ones, in colour (3×H×W) or in grey (1×H×W).
    """
    sample = (shape,) if isinstance(shape, int) else shape
    if len(sample) != 3 or sample[0] not in (1, 3) or min(sample[1:]) < SMALLEST_DRAWING:
        raise Refusal(
            text(
                "a drawing is 3×H×W or 1×H×W, of at least {least} pixels a side, but the shape is {shape}",
                least=SMALLEST_DRAWING,
                shape=format_shape(sample),
            ),
            "shape",
        )
    if size < 1:
        raise Refusal(text("`size` is at least 1, not {given}", given=size), "size")
    return Facts(sample, len(SHAPES), target=sample[1:], names=SHAPES, sizes=(size, max(1, size // 10)))


@dataset("netdsl.data.datasets.image_folders:load_folder", example="data folder photos split=0.2 { resize 64x64 }")
def folder(
    path: Path,
    *,
    level: Level = "word",
    length: Count = 200,
    vocab: Annotated[int | None, AtLeast(3)] = None,
    encoding: str = "utf-8",
) -> Facts:
    """Photographs or texts in one folder for each class, `photos/cat/1.jpg` or `reviews/good/1.txt`.

    With `train/` and `test/` (or `val/`) inside, those are the parts; otherwise `split` is the share to test on.

    Photographs are read in colour. A text becomes the numbers of its first `length` tokens. Shorter texts are filled up
    with 0, which `last`, `mean`, `max`, `attention`, `transformer` and recurrent layers do not see. 1 stands for tokens
    that no training text has. `level` and `vocab` are those of `data text`.
    """
    from netdsl.builtins.files.image_folders import class_folders, text_folders

    if texts := text_folders(path):
        from netdsl.builtins.files.labelled_texts import Encoding, read_text_folder

        found = read_text_folder(texts.train, texts.test, texts.classes, encoding)
        return _text_facts(found, Encoding(level, length, vocab))
    listing = class_folders(path)
    return Facts(PHOTOGRAPHS, len(listing.classes), names=listing.classes)


def _text_facts(found: TextCollection, encoding: Encoding) -> Facts:
    from netdsl.builtins.files.labelled_texts import count_entries

    numbers = 0 if found.classes else len(found.targets)
    return Facts(
        (encoding.length,),
        len(found.classes) or None,
        target=(numbers,) if numbers > 1 else (),
        names=found.classes,
        dtype="index",
        indices=count_entries(found.texts, encoding),
        padded=True,
    )


@dataset("netdsl.data.datasets.image_folders:load_pairs", example="data pairs hymenoptera { resize 64x64 }")
def pairs(path: Path) -> Facts:
    """Photographs in `ants_image/` whose classes stand in text files of the same names in `ants_label/`.

    All pairs of folders are joined. `train/` and `test/` (or `val/`) are the parts, as in `folder`.
    """
    from netdsl.builtins.files.image_folders import paired_folders

    listing = paired_folders(path)
    return Facts(PHOTOGRAPHS, len(listing.classes), names=listing.classes)


@dataset(
    "netdsl.data.datasets.mask_folders:load",
    example="data masks pets names=background,cat,dog { resize 128x128; hflip }",
)
def masks(path: Path, *, classes: int | None = None, names: ClassNames = ()) -> Facts:
    """Photographs in `images/` beside masks of the same names in `masks/`, palette or grey PNGs of class numbers.

    A pixel of 255 has no class, unless masks hold nothing but 0 and 255: those are two classes. `names=` says what the
    classes are called, from 0 on. Without `classes` or `names` every mask is read to count them. With `train/` and
    `test/` (or `val/`) around the two folders, those are the parts.
    """
    from netdsl.builtins.files.mask_folders import list_names, mask_folders

    called = list_names(names, classes)
    return Facts(PHOTOGRAPHS, mask_folders(path, len(called) or classes).classes, target=PHOTOGRAPHS[1:], names=called)


@dataset(
    "netdsl.data.datasets.csv_tables:load",
    name="csv",
    reader="netdsl.data.given.tables:read_table_rows",
    example="data csv houses.csv target=price split=0.2",
)
def csv_table(
    path: Path,
    target: Target = -1,
    *,
    drop: Names = (),
    task: Task = "auto",
    missing: Missing = "error",
    flag: bool = False,
    categorical: Names = (),
    numeric: Names = (),
    scale: Scale = "none",
    delimiter: str | None = None,
    encoding: str = "utf-8",
    decimal: Decimal = "point",
    ids: Names = (),
    rest: str | None = None,
    text: Names = (),
    level: Level = "word",
    length: Count = 200,
    vocab: Annotated[int | None, AtLeast(3)] = None,
    images: Names = (),
    inputs: NamedShapes = (),
) -> Facts:
    """A table of text with a sample in each row; the net predicts its `target` column (a name, or a number from 0).

    A target of words, or of the whole numbers 0, 1, … up to 19, makes classes; other targets are numbers. `task=`
    overrides that. `drop=id,name` leaves columns out.

    A column of numbers is one input; a column of words becomes one input of 0 or 1 for each word. `categorical=` names
    columns whose numbers are words, `numeric=` those that hold numbers. A word that no training row has is fed as
    zeros.

    Empty cells, `NA`, `NaN`, `N/A` and `?` are missing values; in a column that `categorical=` names, empty cells only.
    `missing=` says what becomes of them: `mean` and `median` are those of the training rows, `drop` leaves the row out,
    a missing word is fed as zeros. `flag` adds an input for each column with missing values that is 1 where one is.

    `scale=standard` trains on targets less their mean, over their deviation, `scale=log` on their logarithms scaled in
    the same way; metrics and predictions are in the target's own unit, and the loss is not.

    What separates the cells is found in the first line, or is `delimiter=`: one character, or `comma`, `semicolon`,
    `tab` or `space`. `decimal=comma` reads `1,5` as a number.

    `ids=user` feeds one column to an `embedding`, and no other: its words are numbered from 1 in their order, and 0 is
    a word that no training row has. With 900 users that is `embedding 901->8`.

    Of a net with several inputs, `input user=1 film=1`, each takes the column of its name, or else all whose names
    begin with its name and `_`; with `rest=other`, the input `other` takes the columns that are left. `ids=user,film`
    says which hold ids.

    `text=review` feeds the texts of one column, and no other column, as `data folder` does, with the same `level`,
    `length` and `vocab`. Several texts go to inputs of their names, `text=question,answer`, each as long as its input
    says.

    A target that is one of these texts is written token by token: its input is fed what stands before each token,
    from `<bos>` on, and the net predicts the token, up to `<eos>`.

    `images=left,right` names columns of paths, from the folder of the table: an input takes the image there, in colour,
    or in grey where it has one channel.
    """
    from netdsl.builtins.files.csv_tables import TableOptions, read_table, require_inputs
    from netdsl.builtins.files.table_inputs import InputColumns

    options = TableOptions(
        target, drop, task, missing, flag, categorical, numeric, scale, delimiter, encoding, decimal, ids
    )
    if inputs:
        from netdsl.builtins.files.labelled_texts import Encoding

        return _facts_of_inputs(path, options, InputColumns(rest, text, images), inputs, Encoding(level, length, vocab))
    if images:
        raise require_inputs((images,) if isinstance(images, str) else images, "images", "3x64x64")
    if text:
        from netdsl.builtins.files.labelled_texts import Encoding, read_text_column

        columns = (text,) if isinstance(text, str) else text
        if len(columns) > 1:
            raise require_inputs(columns, "text", length)
        return _text_facts(read_text_column(path, columns[0], options), Encoding(level, length, vocab))
    table = read_table(path, options)
    return _target_facts(table)._replace(input=(table.width,), dtype="index" if ids else "float")


def _target_facts(table: Table) -> Facts:
    """What a table says of its target."""
    if table.classes:
        return Facts(None, len(table.classes), names=table.classes)
    # A single target is one number, not a vector of one.
    return Facts(None, None, target=() if len(table.targets) == 1 else (len(table.targets),))


def _facts_of_inputs(
    path: Path, options: TableOptions, chosen: InputColumns, inputs: NamedShapes, encoding: Encoding
) -> Facts:
    from netdsl.builtins.files.labelled_texts import count_entries
    from netdsl.builtins.files.table_inputs import read_table_of_inputs

    found = read_table_of_inputs(path, options, chosen, [name for name, _ in inputs])
    table = found.table
    given = []
    target = _target_facts(table) if table.targets else Facts(None, None)
    for one, (_, stated) in zip(found.inputs, inputs, strict=True):
        if one.kind == "text":
            own = encode_input(encoding, stated, is_written=one.columns[0] == found.predicted)
            entries = count_entries(found.cells(one.columns[0]), own)
            given.append(InputFacts(one.name, (own.length,), "index", entries, padded=True))
            if own.is_written:
                target = Facts(None, entries, target=(own.length,), writes=one.name)
            continue
        if one.kind == "image":
            given.append(InputFacts(one.name, (1 if stated[:1] == (1,) else 3, *PHOTOGRAPHS[1:])))
            continue
        columns = [column for column in table.features if column.input == one.name]
        if one.kind == "ids":
            # 0 is a word that no training row has.
            indices = 1 + max(len(column.categories) for column in columns)
            given.append(InputFacts(one.name, (len(columns),), "index", indices))
        else:
            given.append(InputFacts(one.name, (sum(column.width for column in columns),)))
    return target.with_inputs(given)


def encode_input(encoding: Encoding, shape: Shape, *, is_written: bool) -> Encoding:
    """How the text of an input becomes tokens: as many as the net's input says, where it says a number."""
    length = shape[0] if len(shape) == 1 and isinstance(shape[0], int) else encoding.length
    return encoding._replace(length=length, is_written=is_written)


@dataset("netdsl.data.datasets.npy_arrays:load_npz", example="data npz digits.npz x=images y=labels split=0.2")
def npz(path: Path, *, x: str | None = None, y: str | None = None, inputs: NamedShapes = ()) -> Facts:
    """The arrays `x` and `y` of a numpy file, a sample in each row; or `x_train`, `y_train`, `x_test` and `y_test`.

    Bytes are images, N×H×W or N×H×W×C or N×C×H×W, and are divided by 255. Larger whole numbers are indices for an
    embedding. Real numbers are fed as they are. Whole numbers in `y` are classes, counted from 0:
    one to a sample, or one to each pixel H×W or step T of it.

    Each of several inputs, `input left=1x28x28 right=1x28x28`, is the array of its name; with `left_train`, `left_test`
    and the like, those are the parts.
    """
    from netdsl.builtins.files.npy_header import npz_headers

    headers = npz_headers(path)
    if inputs:
        return _npz_inputs(headers, [name for name, _ in inputs], y, path)
    train, test = array_names(headers, x, y, path)
    # Without a test part `split` decides the sizes.
    sizes = None if test is None else (_rows(headers, train), _rows(headers, test))
    return array_facts(headers[train[0]], headers[train[1]], path, train[1], sizes, train)


@dataset("netdsl.data.datasets.npy_arrays:load_npy", example="data npy images.npy labels.npy split=0.2")
def npy(path: Path, y: Path) -> Facts:
    """Two numpy files, the samples and their targets, read as the arrays of `npz` are."""
    from netdsl.builtins.files.npy_header import npy_header

    return array_facts(npy_header(path), npy_header(y), y, None, None, (path.name, y.name))


def array_names(
    headers: Mapping[str, Header], x: str | None, y: str | None, path: Path, parted: bool | None = None
) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Which arrays are samples and targets, in training and, where there are some, in testing.

    `parted` says whether there are such parts; left out, it is found.
    """
    if x is None and parted is None:
        parted = has_parts(headers, ["x"], y)
    if parted:
        return (f"{x or 'x'}_train", "y_train"), (f"{x or 'x'}_test", "y_test")
    for parameter, name in (("x", x or "x"), ("y", y or "y")):
        if name not in headers:
            raise Refusal(
                _no_array(path.name, name, list(headers)),
                parameter,
                text("write `{parameter}=NAME`", parameter=parameter),
            )
    return (x or "x", y or "y"), None


def _npz_inputs(headers: Mapping[str, Header], inputs: Sequence[str], y: str | None, path: Path) -> Facts:
    facts = []
    sizes = None
    for name in inputs:
        try:
            train, test = array_names(headers, name, y, path, has_parts(headers, inputs, y))
        except Refusal as refusal:
            if refusal.parameter == "y":
                raise
            raise Refusal(refusal.message, f"inputs.{name}", "give each input the name of its array") from None
        sizes = None if test is None else (_rows(headers, train), _rows(headers, test))
        try:
            facts.append(array_facts(headers[train[0]], headers[train[1]], path, train[1], sizes, train))
        except Refusal as refusal:
            raise Refusal(refusal.message, f"inputs.{name}", refusal.help) from None
    given = [InputFacts(name, one.input, one.dtype) for name, one in zip(inputs, facts, strict=True)]
    return facts[0].with_inputs(given)


def has_parts(headers: Mapping[str, Header], inputs: Sequence[str], y: str | None) -> bool:
    """Whether an archive has a training and a test array for each input."""
    wanted = {f"{name}_{part}" for name in (*inputs, "y") for part in ("train", "test")}
    return y is None and wanted <= headers.keys()


def _no_array(file: str, name: str, found: Sequence[str]) -> str:
    if not found:
        return text("`{file}` has no array `{array}`; it holds none at all", file=file, array=name)
    arrays = ", ".join(f"`{one}`" for one in found)
    return text("`{file}` has no array `{array}`; it holds {arrays}", file=file, array=name, arrays=arrays)


def array_facts(
    x: Header, y: Header, path: Path, name: str | None, sizes: tuple[int, int] | None, shown: tuple[str, str]
) -> Facts:
    """What two arrays, `shown` by these names, say of a data set; raises `Refusal` where their sizes disagree."""
    if not x.shape or not y.shape or x.shape[0] != y.shape[0]:
        raise Refusal(
            text(
                "`{x}` has the shape {samples} and `{y}` {targets}: not the same rows",
                x=shown[0],
                y=shown[1],
                samples=format_shape(x.shape),
                targets=format_shape(y.shape),
            ),
            "y",
        )
    if product(x.shape) == 0:
        raise Refusal(
            text("`{x}` has the shape {shape} and holds nothing", x=shown[0], shape=format_shape(x.shape)), "x"
        )
    shape, dtype = sample_shape(x)
    if are_classes(shape, y.shape, y.kind):
        from netdsl.builtins.files.npy_header import count_classes

        return Facts(shape, count_classes(path, name, y), target=y.shape[1:], sizes=sizes, dtype=dtype)
    return Facts(shape, None, target=_target(y.shape[1:]), sizes=sizes, dtype=dtype)


def are_classes(sample: Shape, targets: tuple[int, ...], kind: str) -> bool:
    """Whether targets are classes: whole numbers, one to a sample or one to each position of a sequence or an image.

    Any other second axis makes even whole numbers values to predict.
    """
    has_positions = len(targets) > 1 and targets[1:] == positions_of_sample(sample) and targets[1:] != (1,)
    return kind in "iub" and (len(targets) == 1 or has_positions)


def sample_shape(x: Header) -> tuple[tuple[int, ...], Dtype]:
    """One sample's shape as the net is fed it: bytes are images, and get their channels in front."""
    sample = x.shape[1:]
    if (x.kind, x.size) != ("u", 1):
        return sample or (1,), "index" if x.kind in "iu" else "float"
    if len(sample) == 2:
        return (1, *sample), "float"
    if channels_last(sample):
        return (sample[2], *sample[:2]), "float"
    return sample or (1,), "float"


def channels_last(sample: tuple[int, ...]) -> bool:
    """Whether an image's last axis is its channels: 1, 3 or 4 of them, where the first axis is none of these."""
    return len(sample) == 3 and sample[2] in (1, 3, 4) and sample[0] not in (1, 3, 4)


def _target(shape: tuple[int, ...]) -> tuple[int, ...]:
    return () if shape == (1,) else shape


def _rows(headers: Mapping[str, Header], names: tuple[str, str]) -> int:
    return headers[names[0]].shape[0]
