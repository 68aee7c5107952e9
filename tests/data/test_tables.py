import gzip

import pytest
import torch

from netdsl.components import Refusal
from netdsl.data import DataError, open_data

HOUSES = """area, rooms, street, price
50.5, 2, Elm, 100.5
80, 3, Oak, 180
61, 2, Elm, 130
"""


@pytest.fixture
def table(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def everything(use):
    data = open_data(use, "cpu", seed=0)
    parts = [batch for part in (data.train, data.test) for batch in part.epoch(0)]
    rows = [(x.tolist(), y.tolist()) for batch in parts for x, y in zip(*batch, strict=True)]
    return data, sorted(rows)


def rounded(rows):
    return [([round(value, 3) for value in x], y) for x, y in rows]


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_numbers_are_predicted_from_the_other_columns(data_use, table, delimiter, name):
    path = table(HOUSES.replace(",", delimiter), name)
    data, rows = everything(data_use("csv", path=path, target="price", settings={"split": 0.34}))
    assert (data.facts.input, data.facts.classes, data.facts.target, data.facts.sizes) == ((4,), None, (), (2, 1))
    assert rows == [([50.5, 2, 1, 0], 100.5), ([61, 2, 1, 0], 130), ([80, 3, 0, 1], 180)]
    assert data.description == "resident: 2 + 1 rows, float32 on cpu"


def test_words_are_classes_in_the_order_of_the_alphabet(data_use, table):
    data, rows = everything(
        data_use("csv", path=table(HOUSES), target="street", drop="price", settings={"split": 0.34})
    )
    assert (data.facts.classes, data.facts.names) == (2, ("Elm", "Oak"))
    assert rows == [([50.5, 2], 0), ([61, 2], 0), ([80, 3], 1)]


@pytest.mark.parametrize(
    ("column", "task", "classes", "names"),
    [
        ("0 1 1 0", "auto", 2, ("0", "1")),
        ("2 0 1 2", "auto", 3, ("0", "1", "2")),
        ("2 4 4 2", "auto", None, ()),
        ("2 4 4 2", "classes", 2, ("2", "4")),
        ("10 9 9 10", "classes", 2, ("9", "10")),
        ("0 1 1 0", "numbers", None, ()),
        ("0.5 1 1 0", "auto", None, ()),
        ("a 1 1 b", "auto", 3, ("1", "a", "b")),
        ("1 1 1 1", "auto", None, ()),
    ],
)
def test_whether_a_target_is_a_class_or_a_number_is_told_or_asked(data_use, table, column, task, classes, names):
    rows = "".join(f"{n},{cell}\n" for n, cell in enumerate(column.split()))
    facts = data_use("csv", path=table("x,y\n" + rows), target="y", task=task).facts
    assert (facts.classes, facts.names) == (classes, names)


def test_a_table_without_a_header_has_numbered_columns(data_use, table):
    path = table("1,2,3.5\n4,5,6.5\n")
    _, rows = everything(data_use("csv", path=path, settings={"split": 0.5}))
    assert rows == [([1, 2], 3.5), ([4, 5], 6.5)]
    _, rows = everything(data_use("csv", path=path, target=0, drop=("1",), settings={"split": 0.5}))
    assert rows == [([3.5], 1), ([6.5], 4)]


def test_several_targets_make_a_vector(data_use, table):
    use = data_use("csv", path=table(HOUSES), target=("price", "area"), drop=("street",), settings={"split": 0.34})
    data, rows = everything(use)
    assert data.facts.target == (2,)
    assert rows[0] == ([2], [100.5, 50.5])


def test_normalize_uses_the_columns_of_the_training_part(data_use, table):
    path = table("x,w,y\n" + "".join(f"{n * n},7,{n}.5\n" for n in range(40)))
    data = open_data(data_use("csv", "normalize", path=path, target="y"), "cpu", seed=0)
    x = torch.cat([batch.x for batch in data.train.epoch(0)])
    assert data.facts.sizes == (32, 8)
    torch.testing.assert_close(x.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(x[:, 0].std(correction=0), torch.tensor(1.0))
    assert not x[:, 1].any()


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("", {}, "`table.csv` is empty"),
        ("a,b\n", {}, "`table.csv` has a header but no rows"),
        ("a,a\n1,2\n", {}, "`table.csv` has more than one column `a`"),
        ("a,b\n1,2\n3\n", {}, "`table.csv`, line 3: 1 cell, where the first line has 2"),
        ("a,b\n1,2\n", {"target": "c"}, "`table.csv` has no column `c`; its columns are a, b"),
        ("a,b\n1,2\n", {"drop": "c"}, "`table.csv` has no column `c`; its columns are a, b"),
        ("a,b\n1,2\n", {"target": 5}, "`table.csv` has no column `5`; its columns are a, b"),
        ("a\n1\n", {}, "`table.csv` has no column besides its target"),
        ("a,b\n1,2\n,3\n", {}, "`table.csv` cannot be fed to a net: column `a` holds numbers, but 1 cell is empty"),
        ("a,b\n1,2\n3,\n", {}, "`table.csv` has an empty cell in its target column"),
        ("a,b\n1,x\n3,y\n", {"task": "numbers"}, "column `b` of `table.csv` holds words, not numbers to predict"),
        (
            "a,b\n" + "".join(f"w{n},{n}\n" for n in range(200)),
            {},
            "`table.csv` cannot be fed to a net: column `a` holds 200 different words, such as `w0`",
        ),
    ],
)
def test_tables_that_cannot_be_understood_are_refused_in_words(data_use, table, text, arguments, message):
    with pytest.raises(Refusal) as error:
        data_use("csv", path=table(text), **arguments)
    assert error.value.message == message


def test_all_columns_with_missing_numbers_are_refused_in_one_message(data_use, table):
    rows = "".join(f"{n if n % 9 else 'NA'},{n % 3 or ''},{'NA' if n % 7 else 'Gravel'},{n}\n" for n in range(60))
    with pytest.raises(Refusal) as error:
        data_use("csv", path=table("LotFrontage,rooms,Alley,price\n" + rows), target="price")
    assert error.value.message == (
        "`table.csv` cannot be fed to a net: column `LotFrontage` holds numbers, but 7 cells are not, such as `NA` and "
        "column `rooms` holds numbers, but 20 cells are empty"
    )
    assert error.value.help == (
        "fill in what is missing, leave its rows out, or leave the columns out: `drop=LotFrontage,rooms`"
    )


@pytest.mark.parametrize(
    ("cells", "accepted"),
    [
        (["1", "2", "3+"] * 9, True),  # words among which some look like numbers
        ([*map(str, range(30)), "many"], False),  # thirty different numbers and a slip of the pen
        (["0.5", "n/a", "1.5"], False),
        (["N/A", "none", "yes"], True),  # words alone
        (["1", "nan", "2"], False),
    ],
)
def test_a_column_is_of_numbers_or_of_words(data_use, table, cells, accepted):
    path = table("x,y\n" + "".join(f"{cell},{row}.5\n" for row, cell in enumerate(cells)))
    if accepted:
        assert data_use("csv", path=path, target="y").facts.input == (len(set(cells)),)
    else:
        with pytest.raises(Refusal, match="column `x` holds numbers, but 1 cell is `"):
            data_use("csv", path=path, target="y")


def test_a_target_with_missing_numbers_makes_no_classes(data_use, table):
    path = table("x,y\n" + "".join(f"{row},{row if row % 5 else 'NA'}\n" for row in range(40)))
    with pytest.raises(Refusal, match="column `y` holds numbers, but 8 cells are not, such as `NA`"):
        data_use("csv", path=path, target="y")


def test_quotes_blank_lines_and_a_byte_order_mark_are_read(data_use, table):
    path = table('\ufeffname,value\n"Smith, J.",1.5\n\n"O""Hara",2.5\n')
    facts = data_use("csv", path=path, target="name").facts
    assert facts.names == ('O"Hara', "Smith, J.")


def test_a_table_in_another_encoding_is_refused(data_use, tmp_path):
    (tmp_path / "table.csv").write_bytes("a,b\n1,\xe4\n".encode("latin1"))
    with pytest.raises(Refusal, match=r"`table.csv` is not text in UTF-8 \(byte 6\)"):
        data_use("csv", path=tmp_path / "table.csv")


def test_a_table_that_vanishes_is_one_message(data_use, table):
    path = table(HOUSES)
    use = data_use("csv", path=path, target="price")
    path.unlink()
    with pytest.raises(DataError, match=f"`data csv`: no such file or directory: `{path}`"):
        open_data(use, "cpu", seed=0)
