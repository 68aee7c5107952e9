import numpy as np
import pytest
import torch

from netdsl.builtins.files.npy_header import npy_header, npz_headers
from netdsl.components import Refusal
from netdsl.data import open_data

RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, 2, 1, 0, 2])


def everything(data):
    batches = [batch for part in (data.train, data.test) for batch in part.epoch(0)]
    return torch.cat([batch.x for batch in batches]), torch.cat([batch.y for batch in batches])


def bytes_of(*shape):
    return RNG.integers(0, 256, (6, *shape), dtype=np.uint8)


SETTINGS = {"split": 0.5, "shuffle": False}


@pytest.mark.parametrize(
    ("x", "shape", "dtype", "served"),
    [
        (bytes_of(8, 9), (1, 8, 9), "float", lambda x: x[:, None] / 255),
        (bytes_of(8, 9, 3), (3, 8, 9), "float", lambda x: x.transpose(0, 3, 1, 2) / 255),
        (bytes_of(3, 8, 9), (3, 8, 9), "float", lambda x: x / 255),
        (bytes_of(8, 9, 1), (1, 8, 9), "float", lambda x: x.transpose(0, 3, 1, 2) / 255),
        (bytes_of(20), (20,), "float", lambda x: x / 255),
        (RNG.normal(size=(6, 5)), (5,), "float", lambda x: x),
        (RNG.normal(size=(6, 5, 4)).astype("f4"), (5, 4), "float", lambda x: x),
        (RNG.normal(size=(6, 4, 5)).astype(">f8"), (4, 5), "float", lambda x: x),
        (RNG.normal(size=6), (1,), "float", lambda x: x[:, None]),
        (RNG.integers(0, 900, (6, 12)), (12,), "index", lambda x: x),
        (RNG.integers(0, 900, (6, 12)).astype(">u2"), (12,), "index", lambda x: x),
        (RNG.normal(size=(3, 6)).T, (3,), "float", lambda x: x),
    ],
)
def test_arrays_are_fed_by_their_type_and_shape(data_use, tmp_path, x, shape, dtype, served):
    np.savez_compressed(tmp_path / "a.npz", x=x, y=LABELS)
    use = data_use("npz", path=tmp_path / "a.npz", settings=SETTINGS)
    assert (use.facts.input, use.facts.dtype, use.facts.classes) == (shape, dtype, 3)
    data = open_data(use, "cpu", seed=0)
    found, labels = everything(data)
    assert data.shape == shape
    assert found.dtype == (torch.int64 if dtype == "index" else torch.float32)
    expected = torch.from_numpy(np.ascontiguousarray(served(x)).astype("i8" if dtype == "index" else "f4"))
    order = [next(i for i in range(6) if torch.equal(expected[i], row)) for row in found]
    assert sorted(order) == list(range(6))
    assert labels.tolist() == LABELS[order].tolist()


@pytest.mark.parametrize(
    ("y", "classes", "target"),
    [
        (LABELS.astype(np.uint8), 3, ()),
        (LABELS.astype(">i4"), 3, ()),
        (LABELS.astype(np.uint64), 3, ()),
        (LABELS > 1, 2, ()),
        (LABELS.astype(float), None, ()),
        (LABELS.astype(float)[:, None], None, ()),
        (np.stack([LABELS, LABELS], 1).astype(float), None, (2,)),
        (np.stack([LABELS, LABELS], 1), None, (2,)),
    ],
)
def test_whole_numbers_are_classes_and_others_are_numbers(data_use, tmp_path, y, classes, target):
    np.savez(tmp_path / "a.npz", images=bytes_of(4, 4), labels=y)
    use = data_use("npz", path=tmp_path / "a.npz", x="images", y="labels", settings=SETTINGS)
    assert (use.facts.classes, use.facts.target) == (classes, target)
    _, found = everything(open_data(use, "cpu", seed=0))
    assert found.shape == (6, *target)
    assert found.dtype == (torch.int64 if classes else torch.float32)


def test_a_file_may_bring_its_own_test_part(data_use, tmp_path):
    arrays = {"x_train": bytes_of(4, 4), "y_train": LABELS, "x_test": bytes_of(4, 4)[:2], "y_test": LABELS[:2]}
    np.savez(tmp_path / "a.npz", **arrays)
    use = data_use("npz", path=tmp_path / "a.npz")
    assert use.facts.sizes == (6, 2) == open_data(use, "cpu", seed=0).facts.sizes


def test_two_npy_files_are_samples_and_targets(data_use, tmp_path):
    np.save(tmp_path / "x.npy", bytes_of(4, 4))
    np.save(tmp_path / "y.npy", LABELS)
    use = data_use("npy", path=tmp_path / "x.npy", y=tmp_path / "y.npy", settings=SETTINGS)
    assert (use.facts.input, use.facts.classes) == ((1, 4, 4), 3)
    assert everything(open_data(use, "cpu", seed=0))[0].shape == (6, 1, 4, 4)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("array", [np.zeros((3, 4), "f4"), np.zeros((2, 3), ">i8", order="F"), np.zeros((), "u1")])
def test_headers_are_read_as_numpy_reads_them(tmp_path, array, version):
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, array, version)
    header = npy_header(tmp_path / "a.npy")
    assert (header.dtype.replace("|", "<"), header.shape) == (array.dtype.str.replace("|", "<"), array.shape)
    assert header.offset == (tmp_path / "a.npy").stat().st_size - array.nbytes


@pytest.mark.parametrize(
    ("arrays", "arguments", "message"),
    [
        ({"a": LABELS}, {}, "`a.npz` has no array `x`; it holds `a`"),
        ({"x": LABELS}, {}, "`a.npz` has no array `y`; it holds `x`"),
        ({"x": LABELS, "y": LABELS[:2]}, {}, "`x` has the shape 6 and `y` 2: not the same rows"),
        ({"x": np.zeros((6, 0)), "y": LABELS}, {}, "`x` has the shape 6x0 and holds nothing"),
        ({"x": np.zeros((6, 2)), "y": LABELS - 1}, {}, "`a.npz` holds the label -1; classes are counted from 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(data_use, tmp_path, arrays, arguments, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(Refusal) as error:
        data_use("npz", path=tmp_path / "a.npz", **arguments)
    assert error.value.message == message


def test_pickled_objects_are_refused(data_use, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object), y=LABELS[:1])
    with pytest.raises(Refusal, match=r"the header of `a.npz/x.npy` is damaged: its values are of type '\|O'"):
        data_use("npz", path=tmp_path / "a.npz")


@pytest.mark.parametrize(
    "raw", [b"", b"PK\x03\x04 and no more", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x10\x00(((((((((((((((("]
)
def test_files_that_are_no_arrays_are_refused(tmp_path, raw):
    (tmp_path / "a").write_bytes(raw)
    for read in (npy_header, npz_headers):
        with pytest.raises(Refusal):
            read(tmp_path / "a")


def test_a_file_that_is_cut_off_is_refused(data_use, tmp_path):
    np.save(tmp_path / "x.npy", bytes_of(40, 40))
    np.save(tmp_path / "y.npy", LABELS)
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refusal, match=r"`x.npy` is cut off: it has 4,864 bytes, not 9,728"):
        data_use("npy", path=tmp_path / "x.npy", y=tmp_path / "y.npy")
    (tmp_path / "x.npy").write_bytes(whole)
    whole = (tmp_path / "y.npy").read_bytes()
    (tmp_path / "y.npy").write_bytes(whole[:-4])
    with pytest.raises(Refusal, match=r"`y.npy` is cut off: it has 172 bytes, not 176"):
        data_use("npy", path=tmp_path / "x.npy", y=tmp_path / "y.npy")
