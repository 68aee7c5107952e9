import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from click import unstyle

from netdsl.analysis.memory import activation_bytes, weight_bytes
from netdsl.checker import check
from netdsl.components import call
from netdsl.core.sizes import Dim, Shape, format_shape, symbol
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Network, Node
from netdsl.render.cells import width
from netdsl.render.folding import fold
from netdsl.render.rows import Sample, TableRows
from netdsl.render.table import format_bytes, shapes_table

SOURCE = Source("net.net", "\n".join(f"statement {number}" for number in range(1, 1001)))
H, W = symbol("H"), symbol("W")


def node(
    line: int,
    written: str,
    input: Shape,
    out: Shape,
    params: int = 0,
    macs: Dim = 0,
    formula: tuple[str, ...] = (),
    children: Sequence[Node] = (),
    target: str = "torch.nn:Module",
) -> Node:
    start = SOURCE.line_starts[line - 1]
    children = tuple(deeper(child) for child in children)
    span = SOURCE.span(start, start + 9)
    return Node(
        str(line), written.split()[0], None, written, span, input, out, call(target), params, macs, formula, 0, children
    )


def deeper(one: Node) -> Node:
    return one._replace(depth=one.depth + 1, children=tuple(deeper(child) for child in one.children))


def net(*nodes: Node, **more: object) -> Network:
    return Network(nodes[0].input, nodes[-1].out, nodes, **more)


CONV = node(4, "conv 3->32 k5 p2", (3, 32, 32), (32, 32, 32), 2432, 2_457_600, ("(32 + 2·2 − 5)/1 + 1 = 32",) * 2)
POOL = node(4, "maxpool 2", (32, 32, 32), (32, 16, 16), formula=("(32 − 2)/2 + 1 = 16",) * 2)
FLATTEN = node(5, "flatten", (32, 16, 16), (8192,))
LINEAR = node(6, "linear 8192->10", (8192,), (10,), 81_930, 81_920)
NET = net(CONV, POOL, FLATTEN, LINEAR)


def rows(table: str) -> list[str]:
    return table.split("\n\n")[1].splitlines()[1:]


def test_the_table() -> None:
    assert shapes_table(NET, SOURCE, batch=8) == dedent("""\
        net.net: 3x32x32 -> 10

        line  layer             output    parameters  multiply-adds
           4  conv 3->32 k5 p2  32x32x32       2,432      2,457,600
           4  maxpool 2         32x16x16           -              -
           5  flatten           8192               -              -
           6  linear 8192->10   10            81,930         81,920

        parameters     84,362
        multiply-adds  2,539,520 for one sample
        memory         337.4 kB of weights, 1.7 MB of activations (fp32, batch of 8)
    """)


def test_explain_puts_each_arithmetic_once_below_its_layer() -> None:
    assert rows(shapes_table(NET, SOURCE, explain=True))[:4] == [
        "   4  conv 3->32 k5 p2  32x32x32       2,432      2,457,600",
        "        (32 + 2·2 − 5)/1 + 1 = 32",
        "   4  maxpool 2         32x16x16           -              -",
        "        (32 − 2)/2 + 1 = 16",
    ]


def test_memory_counts_every_output_and_the_input() -> None:
    assert weight_bytes(NET) == 84_362 * 4
    assert activation_bytes(NET) == 4 * (3 * 32**2 + 32 * 32**2 + 32 * 16**2 + 8192 + 10)


def test_a_mere_sequence_makes_no_tensor_of_its_own_and_a_sum_does() -> None:
    inner = node(2, "relu", (8,), (8,))
    block = node(1, "block", (8,), (8,), children=[inner], target="torch.nn:Sequential")
    residual = node(1, "residual", (8,), (8,), children=[block])
    assert activation_bytes(net(block)) == 4 * (8 + 8)
    assert activation_bytes(net(residual)) == 4 * (8 + 8 + 8)


def symbolic(example: tuple[int, ...] | None) -> Network:
    conv = node(4, "conv 3->64 s2", (3, H, W), (64, (H - 1) // 2 + 1, (W - 1) // 2 + 1), 9408, 64 * H * W)
    return net(conv, node(5, "relu", conv.out, conv.out), fits="H, W = 32…39", example=example)


def test_sizes_that_vary_are_worked_out_for_one_input_that_fits() -> None:
    table = shapes_table(symbolic((3, 32, 32)), SOURCE, batch=1)
    assert table.startswith("net.net: 3xHxW -> 64 x (H+1)/2 x (W+1)/2\n")
    assert rows(table)[0].split()[-1] == "65,536"
    assert table.endswith(
        dedent("""
            fits           H, W = 32…39, such as 3x32x32
            parameters     9,408
            multiply-adds  65,536 for one 3x32x32
            memory         37.6 kB of weights, 143.4 kB of activations (fp32, batch of 1)
        """)
    )


def test_sizes_that_vary_stay_formulas_where_no_input_is_known_to_fit() -> None:
    table = shapes_table(symbolic(None), SOURCE)
    assert rows(table)[0].endswith(" 64*H*W")
    assert table.endswith("multiply-adds  64*H*W for one sample\nmemory         37.6 kB of weights (fp32)\n")


def block(line: int, size: int) -> Node:
    body = [node(20 + k, word, (size,), (size,), 10 * k, k) for k, word in enumerate(("linear in", "relu"))]
    return node(line, "block", (size,), (size,), 10, 1, children=body)


@pytest.mark.parametrize(
    ("letters", "folded"),
    [
        ("", ""),
        ("abc", "a b c"),
        ("abbbc", "a b*3 c"),
        ("ababab", "ab*3"),
        ("abbabbc", "abb*2 c"),
        ("ababba", "ab*2 b a"),
        ("aab", "a*2 b"),
        ("abcab", "a b c a b"),
    ],
)
def test_folding(letters: str, folded: str) -> None:
    nodes = [node(ord(letter), letter, (1,), (1,)) for letter in letters]
    stretches = [("".join(one.written for one in stretch), times) for stretch, times in fold(nodes)]
    assert " ".join(text if times == 1 else f"{text}*{times}" for text, times in stretches) == folded


def test_repetitions_stand_once_with_their_number_and_sum() -> None:
    repeated = net(block(4, 8), *[block(5, 8)] * 35, node(6, "relu", (8,), (8,)))
    table = shapes_table(repeated, SOURCE)
    assert [row[:18].rstrip() for row in rows(table)] == [
        "   4  block",
        "  20    linear in",
        "  21    relu",
        "   5  block",
        "  20    linear in",
        "  21    relu",
        "      … 34 more",
        "   6  relu",
    ]
    assert rows(table)[6].split()[-2:] == ["340", "34"]
    assert len(rows(shapes_table(repeated, SOURCE, full=True))) == 36 * 3 + 1


def test_repetitions_of_several_layers() -> None:
    pair = [node(4, "linear 8", (8,), (8,), 72, 64), node(5, "relu", (8,), (8,))]
    assert [row.strip() for row in rows(shapes_table(net(*pair * 3), SOURCE))][2] == (
        "… 2 more of these 2  8              144            128"
    )


@pytest.mark.parametrize("columns", [80, 100])
def test_no_row_is_wider_than_the_page(columns: int) -> None:
    wide = node(1000, "conv 卷积 " * 30, (3, H, W), (12345, H // 32, W // 32), 2**40, 2**50)
    table = shapes_table(net(wide, fits="H, W = 1…"), Source("folder/" * 30 + "net.net", ""), columns=columns)
    assert max(map(width, table.splitlines())) <= columns
    assert "1,099,511,627,776  1,125,899,906,842,624\n" in table
    assert "conv 卷…" in table or "conv 卷积" in table


def test_statements_of_several_lines_take_one() -> None:
    assert rows(shapes_table(net(node(1, "conv 8\n\tk3", (3,), (8,))), SOURCE))[0].startswith("   1  conv 8 k3  ")


def test_colours_add_nothing_but_colour() -> None:
    network = net(block(4, 8))
    plain, colored = shapes_table(network, SOURCE), shapes_table(network, SOURCE, color=True)
    assert unstyle(colored) == plain != colored


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (582_312, "582.3 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2**53, "9,007.2 TB"),
    ],
)
def test_bytes_in_words(count: int, text: str) -> None:
    assert format_bytes(count) == text


def composite(name: str, *bodies: Node) -> Node:
    return node(1, name, (8,), (8,), children=bodies)


def body(name: str, *layers: Node) -> Node:
    return composite(name, *layers)._replace(path=f"1.{name}")


RELU = node(2, "relu", (8,), (8,))


@pytest.mark.parametrize(
    ("bodies", "shown"),
    [
        ([body("body", RELU)], ["residual", "  relu"]),
        ([body("body", RELU), body("shortcut")], ["residual", "  body", "    relu", "  shortcut"]),
        ([body("0", RELU), body("1", RELU)], ["residual", "  body 0", "    relu", "  body 1", "    relu"]),
        ([RELU], ["residual", "  relu"]),
    ],
)
def test_bodies_have_rows_where_there_are_several(bodies: list[Node], shown: list[str]) -> None:
    table = shapes_table(net(composite("residual", *bodies)), SOURCE)
    width = table.index("output") - table.index("layer")
    assert [row[6 : 6 + width].rstrip() for row in rows(table)] == shown


@pytest.mark.parametrize(("depth", "count"), [(0, 2), (1, 4), (2, 5), (9, 5), (None, 5)])
def test_depth_hides_what_is_nested_deeper(depth: int | None, count: int) -> None:
    nested = composite("residual", body("body", composite("scale", body("body", RELU)), RELU))
    table = shapes_table(net(nested, RELU), SOURCE, depth=depth)
    assert len(rows(table)) == count


def test_a_long_output_has_room_where_statements_are_short() -> None:
    long = 16 * (H // 16)
    table = shapes_table(net(node(4, "convt 64 k2 s2", (1, H, W), (64, long, 16 * (W // 16)), 32_832)), SOURCE)
    assert "64 x 16*(H/16) x 16*(W/16)" in table


def test_layers_from_other_files_have_no_line_number() -> None:
    other = RELU._replace(span=Source("blocks.net", "relu").span(0, 4))
    assert [row[:4] for row in rows(shapes_table(net(composite("block", other), RELU), SOURCE))] == [
        "   1",
        "    ",
        "   2",
    ]


def test_layers_of_a_block_that_is_used_often_have_rows_of_their_own() -> None:
    path = Path(__file__).parents[2] / "examples" / "googlenet.net"
    source = Source(path.name, path.read_text(encoding="utf-8"))
    experiment, _ = check(source, load_registry(installed=False))
    assert experiment is not None
    nodes = list(experiment.network.walk())
    rows = list(TableRows(source, Sample()).of(experiment.network.nodes))
    shown = [(row.layer.strip().removeprefix("body "), row.out) for row in rows]
    assert shown == [(one.written, format_shape(one.out)) for one in nodes]


def test_what_repeats_differently_is_told_each_time() -> None:
    text = "input 3x64x64; " + "; ".join(f"repeat {times} {{ relu; tanh }}; conv 3 k3 p1" for times in range(2, 40))
    source = Source("net.net", text)
    experiment, _ = check(source, load_registry(installed=False))
    assert experiment is not None
    table = shapes_table(experiment.network, source, batch=1)
    assert re.findall(r"(\d+) more of these 2", table) == [str(times - 1) for times in range(2, 40)]
