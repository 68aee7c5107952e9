"""From a net to the tree that is drawn."""

import netdsl
from netdsl.drawing.diagram import Box, Frame, Parallel, Series
from tests.drawing.nets import draw_net


def outline(series: Series) -> list[object]:
    """The tree in a few words."""
    found: list[object] = []
    for part in series.parts:
        match part:
            case Box():
                times = [part.times] if part.times > 1 else []
                found.append(
                    " ".join(map(str, [part.title, *([part.detail] if part.detail else []), *(f"×{n}" for n in times)]))
                )
            case Frame():
                found.append((part.title, part.times, outline(part.content)))
            case Parallel():
                found.append((part.join.sign, [outline(arm) for arm in part.arms]))
    return found


def tree(text: str, depth: int | None = None) -> list[object]:
    return outline(netdsl.draw(text, depth=depth).diagram.root)


BLOCKS = "block pair out k=3 { conv out k=k p1; relu }\ninput 3x8x8\n"


def test_a_block_is_one_box_until_it_is_opened() -> None:
    assert tree(f"{BLOCKS}pair 8; pair 8 k3", 0) == ["pair 8", "pair 8 k3"]
    assert tree(f"{BLOCKS}pair 8", 1) == [("pair 8", 1, ["conv 8 k=3 p1", "relu"])]


def test_rounds_fold_into_one_box_or_one_frame() -> None:
    assert tree(f"{BLOCKS}pair 8; repeat 3 {{ pair 8 }}", 0) == ["pair 8", "pair 8 ×3"]
    assert tree("input 8; repeat 4 { linear 8; relu }") == [("", 4, ["linear 8", "relu"])]


def test_rounds_of_other_sizes_say_from_where_to_where() -> None:
    drawing = netdsl.draw("input 8x4x4; repeat 3 { concat { } { conv 4 k1 } }")
    diagram = drawing.diagram
    (frame,) = diagram.root.parts
    assert isinstance(frame, Frame)
    assert frame.times == 3
    (inner,) = frame.content.parts
    assert diagram.write_shape(inner.inputs) == "8…16 × 4 × 4"


def test_composites_are_what_they_are() -> None:
    net = "input 8x4x4; residual { conv 8 k1 }; scale { gap; conv 8 k1 }; concat { } { relu }; split { } { relu }"
    assert tree(net) == [
        ("+", [["conv 8 k1"], []]),
        ("×", [["gap", "conv 8 k1"], []]),
        ("concat", [[], ["relu"]]),
        ("concat", [[], ["relu"]]),
    ]


def test_labelled_outputs_are_skips() -> None:
    root = draw_net("unet").diagram.root
    assert [skip.label for skip in root.skips] == ["d", "c", "b", "a"]
    assert {root.parts[skip.start].label == skip.label for skip in root.skips} == {True}


def test_sizes_that_must_be_equal_are_written_alike() -> None:
    diagram = draw_net("unet").diagram
    assert diagram.write_shape(diagram.root.shapes) == "4×H×W"
    assert diagram.subtitle == "1×H×W → 4×H×W · 31,030,788 parameters"


def test_a_variable_is_written_as_what_it_stands_for() -> None:
    assert tree("let act=relu width=16\ninput 3; linear (width*2); act; linear width") == [
        "linear 32",
        "relu",
        "linear 16",
    ]


def test_a_label_is_no_argument() -> None:
    assert tree("input 4x8x8; relu as a; relu as b; concat a b") == ["relu", "relu", "concat a b"]


def test_a_mistake_belongs_to_the_innermost_statement() -> None:
    wrong = [(box.title, len(box.messages)) for box in draw_net("wrong").diagram.root.boxes() if box.messages]
    assert wrong == [("maxpool", 1), ("conv", 1), ("residual", 1)]
    assert [note.line for note in draw_net("wrong").diagram.notes] == [3, 4, 5, 7]
