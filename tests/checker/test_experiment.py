import numpy as np
import pytest

from netdsl.checker.experiment.data_line import advise_data


def test_a_net_and_a_data_line_are_enough(checked):
    experiment = checked("flatten; linear 10; data digits")
    assert experiment.network.input == (1, 8, 8)
    assert experiment.loss.component.name == "cross_entropy"
    assert [use.component.name for use in experiment.metrics] == ["accuracy"]
    assert experiment.optimizer is not None


def test_the_tudui_net_is_read_as_the_course_wrote_it(checked, request):
    text = (request.config.rootpath / "examples" / "tudui.net").read_text(encoding="utf-8")
    experiment = checked(text)
    assert experiment.network.params == 145_578
    assert experiment.data.settings.batch == 64
    assert experiment.optimizer.arguments == {"lr": 0.01}
    assert experiment.train.epochs == 10


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("flatten; linear 64; data digits", "NET301", "64"),
        ("flatten; linear 32; relu; linear 32->64; relu; data digits", "NET301", "64"),
        ("flatten; linear 10; data digit", "NET302", "digit"),
        ("flatten; linear 10; data digits; loss cross_entrpy", "NET302", "cross_entrpy"),
        ("flatten; linear 10; data digits; loss mse", "NET304", "mse"),
        ("flatten; linear 10; data digits; optimizer sgd lr=fast", "NET103", "fast"),
        ("flatten; linear 10; data digits; optimizer sgd learning=1", "NET102", "learning"),
        ("flatten; linear 10; data digits; train epochs=many", "NET103", "many"),
        ("flatten; linear 10; data digits batch=8 batch=9", "NET105", "9"),
        ("flatten; linear 10; data digits; data digits", "NET105", "data"),
        ("input 1x9x9; flatten; linear 10; data digits", "NET306", "1x9x9"),
        ("flatten; linear 10; data digits { centrecrop 4 }", "NET302", "centrecrop"),
        ("flatten; linear 10; data", "NET113", "data"),
        ("data digits", "NET116", ""),
        ("", "NET116", ""),
        ("# nothing but a thought", "NET116", ""),
    ],
)
def test_each_mistake_is_said_once_at_its_place(mistakes, text, code, marked):
    (mistake,) = mistakes(text)
    assert mistake.code == code
    assert marked in mistake.span.text


def test_the_wrong_number_of_classes_is_mended_in_the_last_layer(mistakes, checked):
    text = "flatten; linear 64->64; data digits"
    (mistake,) = mistakes(text)
    (edit,) = mistake.fix.edits
    checked(text[: edit.span.start] + edit.text + text[edit.span.end :])


@pytest.mark.parametrize("name", ["totensor", "ToTensor", "to_dtype"])
def test_a_transform_that_has_nothing_to_do_is_told(mistakes, name):
    (mistake,) = mistakes(f"flatten; linear 10; data cifar10 {{ {name}; hflip }}")
    assert mistake.message == f"unknown transform `{name}`"
    assert mistake.help == "here, images are tensors already, with values of 0…1: leave it out"


def test_a_size_of_two_numbers_is_written_as_one(mistakes, checked):
    (mistake,) = mistakes("flatten; linear 10; data cifar10 { resize 48 64 }")
    assert (mistake.fix.message, mistake.fix.safe) == ("write `48x64`", True)


def test_one_number_resizes_the_shorter_side_and_two_stretch(checked):
    data = "data fake 3x20x30 classes=10 { resize %s }; flatten; linear 10"
    assert checked(data % "10").network.input == (3, 10, 15)
    assert checked(data % "10x10").network.input == (3, 10, 10)
    assert checked(data % "10 fit=cover").network.input == (3, 10, 10)


def test_transforms_decide_what_the_net_receives(checked):
    experiment = checked("flatten; linear 10; data digits { resize 6; centercrop 4; normalize }")
    assert experiment.network.input == (1, 4, 4)
    assert [use.component.name for use in experiment.data.transforms] == ["resize", "centercrop", "normalize"]


@pytest.mark.parametrize(
    ("net", "line"),
    [
        ("input 1x8x8; flatten; linear 10", "digits"),
        ("input 3x32x32; flatten; linear 100", "cifar100"),
        ("input 3x32x32; flatten; linear 7", "fake 3x32x32 classes=7"),
        ("input 3x32x32; conv 4 k1", "shapes"),
        ("input 3x32x32; conv 7 k1", "fake 3x32x32 classes=7 per=position"),
        ("input 5x6; linear 3", "fake 5x6 classes=3 per=position"),
        ("input 5x6; last; linear 3", "fake 5x6 classes=3"),
    ],
)
def test_the_data_that_a_net_is_told_to_take_go_with_it(checked, net, line):
    advice = advise_data(checked(net).network)
    assert advice.startswith(f"write one, such as `data {line}`; ")
    assert checked(f"{net}; data {line}").data is not None


@pytest.mark.parametrize(
    ("net", "advice"),
    [
        ("input 4; linear 1", 'such as `data csv "table.csv" target=column`; '),
        ("input 4; embedding 9->2", "write one; "),
        ("input 3x8x8; conv 4 k3", "write one; "),
        ("input 3xHxW; conv 4 k1", "write one; "),
    ],
)
def test_where_no_data_are_known_to_go_with_a_net_none_are_named(checked, net, advice):
    assert advice in advise_data(checked(net).network)


@pytest.mark.parametrize(
    ("name", "message", "help", "fix"),
    [
        ("epochs", "`epochs` is not a variable: it is a setting of `train`", None, "write `train.epochs`"),
        ("lr", "`lr` is not a variable: it is a setting of `optimizer`", None, "write `optimizer.lr`"),
        (
            "eps",
            "`eps` is not a variable: it is a setting of `loss` and `optimizer`",
            "write `loss.eps` or `optimizer.eps`",
            None,
        ),
    ],
)
def test_a_setting_without_its_line_is_sent_there(mistakes, name, message, help, fix):
    (given,) = mistakes("linear 4->2", overrides={name: "2"})
    (written,) = mistakes(f"variant fast {name}=2; linear 4->2")
    for mistake in (given, written):
        assert (mistake.message, mistake.help, mistake.fix and mistake.fix.message) == (message, help, fix)


@pytest.mark.parametrize("path", ["~/line.csv", '"~/line.csv"'])
def test_a_path_may_begin_at_the_users_home(checked, tmp_path, monkeypatch, path):
    (tmp_path / "line.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert checked(f"linear 1; data csv {path} target=y").network.input == (1,)


def test_a_home_that_is_not_there_is_a_file_that_is_not_there(mistakes):
    (mistake,) = mistakes("linear 1; data csv ~nobody-of-that-name/line.csv target=y")
    assert mistake.message == "cannot read `~nobody-of-that-name/line.csv`: no such file or directory"


def test_numbers_are_compared_with_numbers(checked, tmp_path):
    rows = "\n".join(f"{x},{2 * x}" for x in range(10))
    (tmp_path / "line.csv").write_text(f"x,y\n{rows}\n")
    experiment = checked('linear 1; data csv "line.csv" target=y', tmp_path)
    assert experiment.network.input == (1,)
    assert experiment.loss.component.name == "mse"


@pytest.mark.parametrize("line", ["", "; optimizer adam lr=1"])
def test_settings_change_the_default_that_a_file_leaves_unsaid(checked, line):
    overrides = {"optimizer.lr": "0.5", "loss.label_smoothing": "0.1"}
    experiment = checked(f"flatten; linear 10; data digits{line}", overrides=overrides)
    assert experiment.optimizer.component.name == "adam"
    assert experiment.optimizer.arguments == {"lr": 0.5}
    assert experiment.loss.arguments == {"label_smoothing": 0.1}


@pytest.mark.parametrize(
    ("net", "targets", "ending"),
    [
        ("lstm 32; linear 30", (20,), "linear 1; flatten"),
        ("lstm 32; linear 30", (7,), "last; linear 7"),
        ("unflatten 0 4x5; conv 8 k3 p1", (5, 9), "conv 1 k1; reshape 5x9"),
    ],
)
def test_a_target_for_each_step_or_position_is_told_as_such(mistakes, tmp_path, net, targets, ending):
    np.savez(tmp_path / "steps.npz", x=np.zeros((4, 20, 9), "f4"), y=np.zeros((4, *targets), "f4"))
    (mistake,) = mistakes(f'{net}; data npz "steps.npz" split=0.5', folder=tmp_path)
    assert (mistake.code, mistake.fix) == ("NET301", None)
    assert f"`{ending}`" in (mistake.help or "")
