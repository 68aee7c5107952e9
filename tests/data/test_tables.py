import gzip
import statistics

import pytest
import torch

from netdsl.components import Refusal
from netdsl.data import DataError, open_data
from netdsl.data.target_scale import unscale
from tests.data.house_prices import WAYS, make_houses, write_houses

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
    # The row with Oak tests, so that no training row has the word.
    assert rows == [([50.5, 2, 1, 0], 100.5), ([61, 2, 1, 0], 130), ([80, 3, 0, 0], 180)]
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


def test_normalize_leaves_columns_of_words_and_flags_as_they_are(data_use, table):
    rows = [f"{n % 9 if n % 5 else ''},{'rare' if n == 3 else 'often'},{n}" for n in range(30)]
    path = table("\n".join(["a,b,y", *rows]))
    options = {"path": path, "target": "y", "missing": "mean", "flag": True, "settings": {"split": 0}}
    data = open_data(data_use("csv", "normalize", **options), "cpu", seed=0)
    x = torch.cat([batch.x for batch in data.train.epoch(0)])
    number, words = x[:, 0], x[:, 1:]
    torch.testing.assert_close((number.mean(), number.std(correction=0)), (torch.tensor(0.0), torch.tensor(1.0)))
    assert set(words.unique().tolist()) == {0.0, 1.0}
    assert sorted(words.sum(0).tolist()) == [1, 6, 29]


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
        ("a,b\n1,2\n,3\n", {}, "`table.csv` cannot be fed to a net: column `a` has 1 missing value (line 3)"),
        (
            "a,b\n1,2\n3,\n",
            {},
            "`table.csv` does not say in every row what is to be predicted: column `b` has 1 missing value (line 3)",
        ),
        ("a,b\n1,2\n,3\n", {"missing": "drop", "target": "a"}, None),
        (
            "a,b\n,2\n3,\n",
            {"missing": "drop"},
            "every row of `table.csv` misses something, so that `missing=drop` leaves none",
        ),
        ("a,b\n,2\nNA,3\n", {"missing": "mean"}, "`table.csv` cannot be fed to a net: column `a` is empty"),
        (
            "a,b,y\n1,x,2\n3,-,4\n5,6,7\n",
            {"numeric": ("a", "b")},
            "`table.csv` cannot be fed to a net: column `b` holds numbers, but 2 cells are not, such as `x` (line 2)",
        ),
        (
            "a;y\n1,5;2\n2;3\n",
            {},
            "`table.csv` cannot be fed to a net: column `a` holds numbers with a comma, such as `1,5` (line 2)",
        ),
        ("a,y\n1,2\n2,3\n", {"categorical": "c"}, "`table.csv` has no column `c`; its columns are a, y"),
        ("a,y\n1,2\n", {"categorical": "a", "numeric": "a"}, "column `a` is either categorical or numeric"),
        (
            "a,y\n1,2\n2,0\n",
            {"scale": "log"},
            "`scale=log` is for numbers above 0, but column `y` of `table.csv` holds 0",
        ),
        ("a,y\n1,u\n2,v\n", {"scale": "log"}, "column `y` holds classes, which have no scale"),
        ("a,y\n1,2\n", {"encoding": "klingon"}, "there is no encoding `klingon`"),
        ("a,y\n1,2\n", {"delimiter": "--"}, "`delimiter` is one character, not `--`"),
        ("a,b\n1,x\n3,y\n", {"task": "numbers"}, "column `b` of `table.csv` holds words, not numbers to predict"),
        (
            "a,b\n" + "".join(f"w{n},{n}\n" for n in range(200)),
            {},
            "`table.csv` cannot be fed to a net: column `a` holds 200 different words, such as `w0`",
        ),
    ],
)
def test_tables_that_cannot_be_understood_are_refused_in_words(data_use, table, text, arguments, message):
    if message is None:
        data_use("csv", path=table(text), **arguments)
        return
    with pytest.raises(Refusal) as error:
        data_use("csv", path=table(text), **arguments)
    assert error.value.message == message


def test_all_columns_with_missing_numbers_are_refused_in_one_message(data_use, table):
    rows = "".join(f"{n if n % 9 else 'NA'},{n % 3 or ''},{'NA' if n % 7 else 'Gravel'},{n}\n" for n in range(60))
    with pytest.raises(Refusal) as error:
        data_use("csv", path=table("LotFrontage,rooms,Alley,price\n" + rows), target="price")
    assert error.value.message == (
        "`table.csv` cannot be fed to a net: column `LotFrontage` has 7 missing values (the first in line 2), "
        "column `rooms` has 20 missing values (the first in line 2) and "
        "column `Alley` has 51 missing values (the first in line 3)"
    )
    assert error.value.help == (
        "write `missing=median flag` to fill in what is missing, write `missing=drop` to leave its rows out or "
        "leave columns out: `drop=LotFrontage,rooms,Alley`"
    )


@pytest.mark.parametrize(
    ("cells", "accepted"),
    [
        (["1", "2", "3+"] * 9, True),  # words among which some look like numbers
        ([*map(str, range(30)), "many"], False),  # thirty different numbers and a slip of the pen
        (["0.5", "-", "1.5"], False),
        (["no", "none", "yes"], True),  # words alone
        (["1", "null", "2"], False),
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
    with pytest.raises(Refusal, match=r"column `y` has 8 missing values \(the first in line 2\)"):
        data_use("csv", path=path, target="y")


def test_quotes_blank_lines_and_a_byte_order_mark_are_read(data_use, table):
    path = table('\ufeffname,value\n"Smith, J.",1.5\n\n"O""Hara",2.5\n')
    facts = data_use("csv", path=path, target="name").facts
    assert facts.names == ('O"Hara', "Smith, J.")


def test_a_table_in_another_encoding_is_refused(data_use, tmp_path):
    (tmp_path / "table.csv").write_bytes("a,b\n1,\xe4\n".encode("latin1"))
    with pytest.raises(Refusal, match=r"`table.csv`, line 2, is not text in UTF-8 \(byte 6 of the file\)"):
        data_use("csv", path=tmp_path / "table.csv")


def test_a_table_that_vanishes_is_one_message(data_use, table):
    path = table(HOUSES)
    use = data_use("csv", path=path, target="price")
    path.unlink()
    with pytest.raises(DataError, match=f"`data csv`: no such file or directory: `{path}`"):
        open_data(use, "cpu", seed=0)


MISSING = """age,colour,y
1,red,10
?,blue,20
3,,30
4,red,NA
5,NA,50
N/A,blue,60
2,red,70
nan,red,80
"""


def fed(data_use, path, **arguments):
    use = data_use("csv", path=path, target="y", settings={"split": 0, "shuffle": False}, **arguments)
    data = open_data(use, "cpu", seed=0)
    assert data.facts.input == use.facts.input
    return data, torch.cat([batch.x for batch in data.train.epoch(0)])


@pytest.mark.parametrize(("missing", "age"), [("mean", 11 / 4), ("median", 2.5), ("zero", 0)])
@pytest.mark.parametrize("flag", [False, True])
def test_what_is_missing_is_filled_in_and_told(data_use, table, missing, age, flag):
    path = table("".join(line for line in MISSING.splitlines(keepends=True) if not line.startswith("4,")))
    data, x = fed(data_use, path, missing=missing, flag=flag)
    ages = [(1, 0), (age, 1), (3, 0), (5, 0), (age, 1), (2, 0), (age, 1)]
    colours = [(0, 1, 0), (1, 0, 0), (0, 0, 1), (0, 0, 1), (1, 0, 0), (0, 1, 0), (0, 1, 0)]
    wanted = [[*a[: 1 + flag], *c[: 2 + flag]] for a, c in zip(ages, colours, strict=True)]
    torch.testing.assert_close(x, torch.tensor(wanted, dtype=torch.float32))
    assert [column.fill for column in data.learnt.columns] == [age, None]


def test_rows_that_miss_something_are_left_out(data_use, table):
    _, x = fed(data_use, table(MISSING), missing="drop", flag=True)
    assert x.tolist() == [[1, 1], [2, 1]]  # red is the only colour left


def test_statistics_are_those_of_the_training_rows(data_use, table):
    rows = "".join(f"{n if n % 3 else ''},{'ab'[n % 2] if n != 7 else 'c'},{n + 1}\n" for n in range(40))
    use = data_use("csv", path=table("x,w,y\n" + rows), target="y", missing="median", scale="log", flag=True)
    data = open_data(use, "cpu", seed=0)
    y = torch.cat([unscale(batch.y, data.facts.scale) for batch in data.train.epoch(0)])
    train = sorted(round(value) - 1 for value in y.tolist())
    assert len(train) == 32
    x, w = data.learnt.columns
    assert x.fill == statistics.median(n for n in train if n % 3)
    assert w.unseen == (() if 7 in train else ("c",))
    logs = torch.tensor([n + 1.0 for n in train]).double().log()
    assert data.facts.scale.mean == pytest.approx([logs.mean().item()])
    assert data.facts.scale.std == pytest.approx([logs.std(correction=0).item()])
    # What is known already is not learnt anew.
    other = data.learnt._replace(columns=(x._replace(fill=-5.0), w))
    again = open_data(use, "cpu", seed=0, learnt=other)
    assert -5.0 in torch.cat([batch.x for batch in again.train.epoch(0)])[:, 0].tolist()


def test_the_kinds_of_columns_are_decided_by_name(data_use, table):
    text = "zone,state,size,y\n10,NA,1,1\n9,OH,2,2\n10,NA,,3\n"
    use = data_use("csv", path=table(text), target="y", categorical=("zone", "state"), missing="zero")
    columns = open_data(use, "cpu", seed=0).learnt.columns
    assert [column.categories for column in columns] == [("9", "10"), ("NA", "OH"), ()]


@pytest.mark.parametrize(("delimiter", "blank"), [(None, "  "), ("space", "\t ")])
def test_blanks_separate_cells(data_use, table, delimiter, blank):
    _, x = fed(data_use, table(f"  a   b{blank}y\n 1.5    2  3\n4 5{blank} 6  \n"), delimiter=delimiter)
    assert x.tolist() == [[1.5, 2], [4, 5]]


def test_a_name_of_two_words_is_no_two_columns(data_use, table):
    with pytest.raises(Refusal, match="has no column `y`; its columns are living area"):
        data_use("csv", path=table("living area\n50\n"), target="y")


def test_another_encoding_and_a_decimal_comma_are_read(data_use, tmp_path):
    (tmp_path / "房价.csv").write_bytes("面积;城市;y\n1.234,5;北京;1\n-2,5e1;上海;2\n3;北京;3\n".encode("gbk"))
    data, x = fed(data_use, tmp_path / "房价.csv", encoding="gbk", decimal="comma")
    assert data.learnt.columns[1].categories == ("上海", "北京")
    assert x.tolist() == [[1234.5, 0, 1], [-25, 1, 0], [3, 0, 1]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a,y\n1,2\n")[:-6], "`t.csv.gz` is not a complete gzip file"),
        (b"a,y\n1,2\n", "`t.csv.gz` is not a complete gzip file"),
        (gzip.compress(b"a,y\n1," + b"2" * 200_000), "`t.csv.gz`, line 2: field larger than field limit (131072)"),
    ],
    ids=["cut", "not_packed", "long_cell"],  # the bytes tell the time at which they were packed
)
def test_damaged_tables_are_one_message(data_use, tmp_path, content, message):
    (tmp_path / "t.csv.gz").write_bytes(content)
    with pytest.raises(Refusal) as error:
        data_use("csv", path=tmp_path / "t.csv.gz")
    assert error.value.message == message


def test_ids_are_numbers_for_an_embedding(data_use, table):
    path = table("user,item,y\n" + "".join(f"{n % 11},{n},{n}.5\n" for n in range(40)))
    data, x = fed(data_use, path, ids="user")
    assert (data.facts.dtype, data.facts.input, x.dtype) == ("index", (1,), torch.int64)
    assert x[:, 0].tolist() == [n % 11 + 1 for n in range(40)]  # 10 comes after 9, not after 1
    only_tested = table("user,y\n" + "".join(f"{n},{n}.5\n" for n in range(40)))
    use = data_use("csv", path=only_tested, target="y", ids="user")
    assert {int(x) for batch in open_data(use, "cpu", seed=0).test.epoch(0) for x in batch.x} == {0}


def test_a_table_like_house_prices_is_read_whole(data_use, tmp_path):
    houses = make_houses(400)
    write_houses(tmp_path / "train.csv", houses)
    gaps = sum(cell in WAYS for row in houses.cells for cell in row)
    assert gaps / (400 * 80) == pytest.approx(0.06, abs=0.01)
    use = data_use(
        "csv", path=tmp_path / "train.csv", target="SalePrice", drop="Id", missing="median", flag=True, scale="log"
    )
    data = open_data(use, "cpu", seed=0)
    columns = data.learnt.columns
    assert [bool(column.categories) for column in columns] == [False] * 37 + [True] * 43
    assert sum(column.width for column in columns) == data.shape[0]
    assert all(column.flag for column in columns)
