"""What is said of data that cannot be had: each failure is provoked, its words compared with a golden file."""

from __future__ import annotations

import gzip
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from netdsl.cli import netdsl as door

from ..machine_failures import POSIX, as_nobody, files_up_to

GOLDEN = Path(__file__).parents[1] / "golden" / "data"
Golden = Callable[[Path, str], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the texts lie in; nothing can be downloaded into it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETDSL_DATA", "downloads")

    def refuse(*_: Any, **__: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refuse)
    return tmp_path


def said(line: str, *options: str) -> str:
    """What `netdsl data` says of a line, and the status that it ends with."""
    result = CliRunner().invoke(door, ["data", "-e", line, "--no-grid", *options], prog_name="netdsl")
    assert isinstance(result.exception, SystemExit), result.output
    words = result.output.replace(str(Path.cwd()), "HERE")
    return f"$ netdsl data -e '{line}'\n{words}[status {result.exit_code}]\n"


def write_photos(root: str = "photos", size: tuple[int, int] = (12, 10)) -> None:
    for name, shade in (("ant", 40), ("bee", 200)):
        (Path(root) / name).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", size, (shade, number, 0)).save(Path(root) / name / f"{number}.png")


def cut_image() -> None:
    write_photos()
    path = Path("photos/bee/2.png")
    path.write_bytes(path.read_bytes()[:50])


def empty_image() -> None:
    write_photos()
    Path("photos/bee/2.png").write_bytes(b"")


def text_for_image() -> None:
    write_photos()
    Path("photos/bee/2.png").write_text("no image")


def no_image_is_whole() -> None:
    write_photos()
    for path in Path("photos").rglob("*.png"):
        path.write_bytes(b"")


def images_of_two_sizes() -> None:
    write_photos()
    Image.new("RGB", (30, 20)).save("photos/bee/2.png")


def chinese_folder() -> None:
    write_photos("照片")
    Path("照片/bee/2.png").write_bytes(b"")


def write_npy(header: str, content: bytes = b"") -> None:
    """A numpy file whose header was made by hand."""
    raw = header.encode() + b"\n"
    Path("x.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw + content)
    np.save("y.npy", np.zeros(3, np.int64))


def write_npz(**arrays: Any) -> None:
    np.savez("a.npz", **arrays)


def cut_npz() -> None:
    write_npz(x=np.zeros((9, 4), np.float32), y=np.zeros(9, np.int64))
    Path("a.npz").write_bytes(Path("a.npz").read_bytes()[:-40])


def npz_with_text() -> None:
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", "no array")


def half_an_archive() -> None:
    path = Path("downloads/MNIST/raw/train-images-idx3-ubyte.gz")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(bytes(100), mtime=0)[:-9])


def damaged_idx() -> None:
    raw = Path("downloads/MNIST/raw")
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").write_bytes(b"\0\0\x08\x01\0\0\0\x05ab")


def table(content: str | bytes) -> Callable[[], None]:
    def write() -> None:
        Path("t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def npy(header: str, content: bytes = b"") -> Callable[[], None]:
    return lambda: write_npy(header, content)


def nothing() -> None:
    pass


NPY, NPZ, CSV = "data npy x.npy y.npy", "data npz a.npz", 'data csv "t.csv" target=y'
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}"


@pytest.mark.parametrize(
    ("name", "prepare", "line"),
    [
        ("folder_missing", nothing, "data folder photos"),
        ("folder_is_a_file", lambda: Path("photos").touch(), "data folder photos"),
        ("folder_without_classes", lambda: Path("photos").mkdir(), "data folder photos"),
        ("pairs_without_labels", lambda: Path("pairs/ants_image").mkdir(parents=True), "data pairs pairs"),
        ("image_cut", cut_image, "data folder photos"),
        ("image_empty", empty_image, "data folder photos cache=none"),
        ("image_is_text", text_for_image, "data folder photos workers=1"),
        ("images_all_broken", no_image_is_whole, "data folder photos on_error=skip"),
        ("images_of_two_sizes", images_of_two_sizes, "data folder photos"),
        ("chinese_folder", chinese_folder, 'data folder "照片"'),
        ("csv_missing", nothing, CSV),
        ("csv_is_a_folder", lambda: Path("t.csv").mkdir(), CSV),
        ("csv_empty", table(""), CSV),
        ("csv_header_alone", table("x,y\n"), CSV),
        ("csv_ragged", table("x,y\n1,2\n3\n"), CSV),
        ("csv_in_another_encoding", table(b"x,y\n\xf6,1\n"), CSV),
        ("csv_without_the_column", table("x,z\n1,2\n"), CSV),
        ("csv_with_missing_numbers", table("a,b,y\n1,NA,2\n2,5,3\n,6,4\n"), CSV),
        ("npy_missing", nothing, NPY),
        ("npy_is_text", lambda: Path("x.npy").write_text("1 2 3"), NPY),
        ("npy_empty", lambda: Path("x.npy").touch(), NPY),
        ("npy_shape_is_none", npy("{'descr': '<f4', 'fortran_order': False, 'shape': None}"), NPY),
        ("npy_shape_is_text", npy("{'descr': '<f4', 'fortran_order': False, 'shape': 'ab'}"), NPY),
        ("npy_keys_missing", npy("{'descr': '<f4'}"), NPY),
        ("npy_of_odd_numbers", npy("{'descr': '<u3', 'fortran_order': False, 'shape': (3, 2)}"), NPY),
        ("npy_of_objects", npy("{'descr': '|O', 'fortran_order': False, 'shape': (3, 2)}"), NPY),
        ("npy_header_is_code", npy("__import__('os').abort()"), NPY),
        ("npy_header_is_deep", npy("(" * 500 + ")" * 500), NPY),
        ("npy_cut", npy(HEADER, bytes(10)), NPY),
        ("npz_missing", nothing, NPZ),
        ("npz_cut", cut_npz, NPZ),
        ("npz_holds_text", npz_with_text, NPZ),
        ("npz_without_targets", lambda: write_npz(x=np.zeros((9, 4))), NPZ),
        ("npz_of_other_rows", lambda: write_npz(x=np.zeros((9, 4)), y=np.zeros(8)), NPZ),
        ("download_impossible", nothing, "data usps"),
        ("archive_cut", half_an_archive, "data mnist"),
        ("idx_damaged", damaged_idx, "data mnist"),
    ],
)
def test_data_that_cannot_be_had_are_said_in_these_words(
    golden: Golden, name: str, prepare: Callable[[], object], line: str
) -> None:
    prepare()
    golden(GOLDEN / f"{name}.txt", said(line))


@POSIX
def test_a_disk_without_room_for_decoded_images(golden: Golden) -> None:
    write_photos()
    with files_up_to(200):
        words = said("data folder photos cache=disk")
    golden(GOLDEN / "disk_full_for_the_cache.txt", words)
    shutil.rmtree(".netdsl-cache")


@POSIX
@pytest.mark.parametrize(
    ("name", "closed", "line"),
    [
        ("permission_to_read_a_table", "t.csv", CSV),
        ("permission_to_read_an_image", "photos/ant/1.png", "data folder photos"),
        ("permission_to_write_the_cache", "", "data folder photos cache=disk"),
    ],
)
def test_what_one_may_not_open(golden: Golden, folder: Path, name: str, closed: str, line: str) -> None:
    write_photos()
    table("x,y\n1,2\n2,3\n")()
    said("data folder nowhere")  # nobody may read what is imported later
    if closed:
        Path(closed).chmod(0o000)
    with as_nobody(folder):
        words = said(line)
    golden(GOLDEN / f"{name}.txt", words)


@POSIX
def test_a_picture_that_cannot_be_written(golden: Golden) -> None:
    line = "data digits"
    result = CliRunner().invoke(door, ["data", "-e", line, "--grid", "nowhere/a.png"], prog_name="netdsl")
    golden(GOLDEN / "picture_into_a_missing_folder.txt", f"{result.output}[status {result.exit_code}]\n")
