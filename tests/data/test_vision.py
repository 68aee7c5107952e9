"""torchvision's sets, read from small files in their true formats."""

import bz2
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

import numpy as np
import pytest
import torch

from netdsl.data import DataError, open_data
from netdsl.data.data_folder import data_root
from netdsl.data.datasets.cifar_format import read_batch
from netdsl.data.datasets.idx_format import read_idx

RNG = np.random.default_rng(0)


def bytes_of(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def labels_of(count, classes):
    return np.arange(count, dtype=np.int64) % classes


def write_idx(path: Path, values: np.ndarray) -> None:
    kinds = {"u1": 8, "i4": 12}
    head = struct.pack(">HBB", 0, kinds[values.dtype.str[1:]], values.ndim) + struct.pack(
        f">{values.ndim}I", *values.shape
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + values.astype(values.dtype.newbyteorder(">")).tobytes())


class Python2Pickler(pickle._Pickler):
    """Writes texts and bytes alike as Python 2 did, which wrote the published files."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        raw = value.encode("latin1") if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_string


def write_pickle(path: Path, value: object, pickler: type[pickle._Pickler] = Python2Pickler) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pickler(file, protocol=2).dump(value)


def write_cifar(root: Path, each: int = 12):
    data = bytes_of(6, each, 3072)
    folder = root / "cifar-10-batches-py"
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        labels = labels_of(each, 10).tolist()
        batch = {"data": data[number], "labels": labels, "batch_label": "a batch", "filenames": ["a.png"] * each}
        write_pickle(folder / name, batch)
    write_pickle(folder / "batches.meta", {"label_names": [f"class{n}" for n in range(10)]})
    return data.reshape(6, each, 3, 32, 32)


def everything(pipeline):
    batches = list(pipeline.epoch(0))
    return torch.cat([batch.x for batch in batches]), torch.cat([batch.y for batch in batches])


def opened(data_use, name, root, **arguments):
    return open_data(data_use(name, settings={"root": str(root), "shuffle": False}, **arguments), "cpu", seed=0)


def test_cifar10_is_read_from_its_python_batches(data_use, tmp_path):
    images = write_cifar(tmp_path)
    data = opened(data_use, "cifar10", tmp_path)
    x, y = everything(data.train)
    assert torch.equal(x, torch.from_numpy(images[:5].reshape(-1, 3, 32, 32)) / 255)
    assert y.tolist() == labels_of(12, 10).tolist() * 5
    assert torch.equal(everything(data.test)[0], torch.from_numpy(images[5]) / 255)
    assert data.facts.names == tuple(f"class{n}" for n in range(10))
    assert data.facts.sizes == (60, 12)


def test_cifar10_is_read_as_torchvision_reads_it(data_use, tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    write_cifar(tmp_path)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    theirs = CIFAR10(tmp_path, train=True)
    x, y = everything(opened(data_use, "cifar10", tmp_path).train)
    assert torch.equal(x, torch.from_numpy(theirs.data).permute(0, 3, 1, 2) / 255)
    assert y.tolist() == theirs.targets


def test_a_batch_that_python_3_wrote_is_read_too(tmp_path):
    images = bytes_of(3, 3072)
    write_pickle(tmp_path / "batch", {"data": images, "labels": [2, 1, 0]}, pickle._Pickler)
    assert torch.equal(read_batch(tmp_path / "batch").x.flatten(1), torch.from_numpy(images))


def test_cifar100_has_the_fine_labels(data_use, tmp_path):
    folder = tmp_path / "cifar-100-python"
    for name in ("train", "test"):
        fine, coarse = labels_of(7, 100).tolist(), [0] * 7
        write_pickle(folder / name, {"data": bytes_of(7, 3072), "fine_labels": fine, "coarse_labels": coarse})
    write_pickle(folder / "meta", {"fine_label_names": [f"fine{n}" for n in range(100)]})
    data = opened(data_use, "cifar100", tmp_path)
    assert everything(data.train)[1].tolist() == list(range(7))
    assert len(data.facts.names) == 100


class Trap:
    def __reduce__(self):
        return print, ("code out of a pickle was run",)


@pytest.mark.parametrize("value", [Trap(), {"data": Trap(), "labels": [0]}, [Trap()]])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, capsys, value):
    write_pickle(tmp_path / "batch", value)
    with pytest.raises(DataError, match=r"it asks for `(builtins|__builtin__)\.print`, which no batch of images needs"):
        read_batch(tmp_path / "batch")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "value",
    [
        {"data": bytes_of(4, 3072), "labels": [0, 1, 2]},
        {"data": bytes_of(4, 100), "labels": [0]},
        {"data": bytes_of(4, 3072).astype(np.int32), "labels": [0, 1, 2, 3]},
        {"data": bytes_of(2, 3072), "labels": [-1, 0]},
        {"data": "text", "labels": [0]},
        {"labels": [0]},
        {"data": bytes_of(1, 3072)},
        ["not", "a", "dictionary"],
        {"data": bytes_of(1, 3072), "labels": [10**30]},
    ],
)
def test_a_batch_of_another_form_is_refused(tmp_path, value):
    write_pickle(tmp_path / "batch", value)
    with pytest.raises(DataError, match="is not a sound batch of CIFAR"):
        read_batch(tmp_path / "batch")


@pytest.mark.parametrize("keep", [0, 1, 100, 3000])
def test_a_batch_that_is_cut_off_is_refused(tmp_path, keep):
    write_cifar(tmp_path, 2)
    path = tmp_path / "cifar-10-batches-py" / "test_batch"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"`.*test_batch` is not a sound batch of CIFAR"):
        read_batch(path)


def test_a_label_beyond_the_classes_is_refused(data_use, tmp_path):
    write_cifar(tmp_path)
    write_pickle(tmp_path / "cifar-10-batches-py" / "test_batch", {"data": bytes_of(1, 3072), "labels": [10]})
    with pytest.raises(DataError, match="it holds the label 10, but there are 10 classes"):
        opened(data_use, "cifar10", tmp_path)


FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}


@pytest.mark.parametrize("name", FOLDERS)
def test_mnist_and_its_like_are_read_from_idx_files(data_use, tmp_path, name):
    images = {"train": bytes_of(20, 28, 28), "t10k": bytes_of(6, 28, 28)}
    for part, values in images.items():
        write_idx(tmp_path / FOLDERS[name] / "raw" / f"{part}-images-idx3-ubyte", values)
        labels = labels_of(len(values), 10).astype(np.uint8)
        write_idx(tmp_path / FOLDERS[name] / "raw" / f"{part}-labels-idx1-ubyte", labels)
    data = opened(data_use, name, tmp_path)
    x, y = everything(data.train)
    assert torch.equal(x, torch.from_numpy(images["train"]).unsqueeze(1) / 255)
    assert y.tolist() == labels_of(20, 10).tolist()
    assert data.facts.sizes == (20, 6)


def test_qmnist_has_the_digit_in_the_first_column(data_use, tmp_path):
    for part, count in (("train", 5), ("test", 3)):
        write_idx(tmp_path / "QMNIST" / "raw" / f"qmnist-{part}-images-idx3-ubyte", bytes_of(count, 28, 28))
        labels = np.stack([labels_of(count, 10), *[np.full(count, 99)] * 7], 1).astype(np.int32)
        write_idx(tmp_path / "QMNIST" / "raw" / f"qmnist-{part}-labels-idx2-int", labels)
    assert everything(opened(data_use, "qmnist", tmp_path).train)[1].tolist() == [0, 1, 2, 3, 4]


def test_emnist_letters_stand_upright_and_count_from_a(data_use, tmp_path):
    images = {"train": bytes_of(5, 28, 28), "test": bytes_of(3, 28, 28)}
    for part, values in images.items():
        start = tmp_path / "EMNIST" / "raw" / f"emnist-letters-{part}"
        write_idx(Path(f"{start}-images-idx3-ubyte"), values)
        write_idx(Path(f"{start}-labels-idx1-ubyte"), np.arange(1, len(values) + 1, dtype=np.uint8))
    data = opened(data_use, "emnist", tmp_path, part="letters")
    x, y = everything(data.train)
    assert torch.equal(x[:, 0], torch.from_numpy(images["train"].transpose(0, 2, 1).copy()) / 255)
    assert [data.facts.names[label] for label in y] == ["a", "b", "c", "d", "e"]


def test_stl10_is_stored_column_by_column(data_use, tmp_path):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    images = bytes_of(4, 3, 96, 96)
    for part in ("train", "test"):
        images.transpose(0, 1, 3, 2).tofile(folder / f"{part}_X.bin")
        (np.arange(4, dtype=np.uint8) + 1).tofile(folder / f"{part}_y.bin")
    x, y = everything(opened(data_use, "stl10", tmp_path).train)
    assert torch.equal(x, torch.from_numpy(images) / 255)
    assert y.tolist() == [0, 1, 2, 3]


def test_usps_is_what_torchvision_reads(data_use, tmp_path):
    from torchvision.datasets import USPS

    values = RNG.uniform(-1, 1, (3, 256)).round(3)
    rows = [
        f"{label} " + " ".join(f"{i + 1}:{v}" for i, v in enumerate(row))
        for label, row in zip((1, 10, 7), values, strict=True)
    ]
    for name in ("usps.bz2", "usps.t.bz2"):
        (tmp_path / name).write_bytes(bz2.compress(" \n".join(rows).encode()))
    x, y = everything(opened(data_use, "usps", tmp_path).train)
    theirs = USPS(tmp_path, train=True)
    assert torch.equal(x[:, 0], torch.from_numpy(theirs.data) / 255)
    assert y.tolist() == theirs.targets == [0, 9, 6]


def test_semeion_is_split_as_asked(data_use, tmp_path):
    pixels, labels = RNG.integers(0, 2, (10, 256)), np.eye(10, dtype=int)
    np.savetxt(tmp_path / "semeion.data", np.concatenate((pixels, labels), 1), fmt="%.4f")
    settings = {"root": str(tmp_path), "shuffle": False, "split": 0.3}
    data = open_data(data_use("semeion", settings=settings), "cpu", seed=0)
    assert data.facts.sizes == (7, 3)
    x, y = everything(data.train)
    assert torch.equal(x.flatten(1), torch.from_numpy(pixels[y.numpy()]).float())


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-1], lambda raw: raw + b"0", lambda raw: b"\1" + raw, lambda raw: b""]
)
def test_a_damaged_idx_file_is_named(tmp_path, change):
    write_idx(tmp_path / "images", bytes_of(2, 4, 4))
    (tmp_path / "images").write_bytes(change((tmp_path / "images").read_bytes()))
    with pytest.raises(DataError, match=r"`.*images` is damaged: "):
        read_idx(tmp_path / "images")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refuse)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("cifar10", ["cifar-10-python.tar.gz (md5 c58f30108f718f92721af3b95e74349a) from https://"]),
        ("mnist", ["MNIST/raw/train-images-idx3-ubyte.gz (md5 f68b3c2dcbeaaa9fbdd348bbdeb94873)", "t10k-labels"]),
        ("emnist", ["EMNIST/raw/gzip.zip (md5 58c8d27c78d21e728a6bc7b3cc06412e)"]),
        ("qmnist", ["qmnist-train-labels-idx2-int.gz", "qmnist-test-images-idx3-ubyte.gz"]),
        ("svhn", ["train_32x32.mat (md5 e26dedcc434d2e4c54c9b2d4a06d8373)", "test_32x32.mat"]),
        ("stl10", ["stl10_binary.tar.gz (md5 91f7769df0f17e558f3565bffb0c7dfb)"]),
        ("usps", ["usps.bz2 (md5 ec16c51db3855ca6c91edd34d0e9b197)", "usps.t.bz2"]),
        ("semeion", ["semeion.data (md5 cb545d371d2ce14ec121470795a77432)"]),
    ],
)
def test_without_a_network_the_error_says_what_to_put_where(data_use, tmp_path, no_network, name, wanted):
    with pytest.raises(DataError) as error:
        opened(data_use, name, tmp_path)
    assert error.value.message == f"cannot download `{name}`: <urlopen error no route to host>"
    assert error.value.help is not None
    assert str(tmp_path) in error.value.help
    for part in wanted:
        assert part in error.value.help


@pytest.mark.parametrize("content", [b"", b"half of it", None])
def test_an_archive_that_lies_there_cut_or_altered_is_described(data_use, tmp_path, no_network, monkeypatch, content):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        write_cifar(tmp_path / "packed")
        archive.add(tmp_path / "packed" / "cifar-10-batches-py", "cifar-10-batches-py")
    expected = hashlib.md5(whole.getvalue()).hexdigest()
    monkeypatch.setattr("torchvision.datasets.CIFAR10.tgz_md5", expected)
    lying = whole.getvalue()[:-7] if content is None else content
    path = tmp_path / "root" / "cifar-10-python.tar.gz"
    path.parent.mkdir()
    path.write_bytes(lying)
    with pytest.raises(DataError) as error:
        opened(data_use, "cifar10", path.parent)
    found = hashlib.md5(lying).hexdigest()
    assert error.value.message == (
        f"`{path}` is cut off or altered: it has {len(lying):,} bytes and the md5 {found}, but {expected} is expected; "
        "it cannot be downloaded again: <urlopen error no route to host>"
    )
    assert f"{path} (md5 {expected}) from http" in (error.value.help or "")


def test_an_archive_put_there_by_hand_is_unpacked(data_use, tmp_path, no_network, monkeypatch):
    from torchvision.datasets import CIFAR10

    write_cifar(tmp_path / "elsewhere")
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "elsewhere" / "cifar-10-batches-py", "cifar-10-batches-py")
    checksum = hashlib.md5((tmp_path / "cifar-10-python.tar.gz").read_bytes()).hexdigest()
    with pytest.raises(DataError, match="is cut off or altered"):
        opened(data_use, "cifar10", tmp_path)
    monkeypatch.setattr(CIFAR10, "tgz_md5", checksum)
    assert opened(data_use, "cifar10", tmp_path).facts.sizes == (60, 12)


def test_the_root_is_the_files_or_the_environments_or_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("NETDSL_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_root(None) == tmp_path / "netdsl" / "data"
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path / "mine"))
    assert data_root(None) == tmp_path / "mine"
    assert data_root("/elsewhere") == Path("/elsewhere")
