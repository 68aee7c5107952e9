from tests.soundness.fuzz import run, write


def test_a_text_is_the_same_for_its_number():
    assert write(3) == write(3) != write(4)


def test_half_written_texts_bring_no_exception():
    wrong = {number: kinds for number, kinds in run(1, 100).items() if any("exception" in kind for kind in kinds)}
    assert not wrong
