"""House prices out of a table of 80 columns with 6 % missing: netdsl beside scikit-learn and a loop by hand.

    pip install scikit-learn pandas && python -m tests.benchmarks.houses [--epochs 60] [--hidden 64] [--seeds 5]

All train a net with one hidden layer of the same size, for as many epochs, on 1,460 generated houses, and are measured
by the log-rmse on 1,459 others. How strongly weights are pulled to zero, each chooses by five folds of the houses to
train on; the others are not looked at. netdsl is a file of seven lines and a `netdsl predict`; scikit-learn a pipeline
of imputers with indicators, scaling, one-hot encoding and `MLPRegressor` on scaled logarithms; the loop by hand treats
the columns as the chapter on Kaggle's house prices of Dive into Deep Learning does: numbers standardized, missing ones
0, dummies with one for what is missing, logarithms of the prices.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tests.data.house_prices import Houses, log_rmse, make_houses, write_houses

BATCH, RATE = 64, 0.003
NET = f"""linear {{hidden}}; relu; linear 1
data csv "train.csv" target=SalePrice scale=log missing=mean drop=Id split=0 batch={BATCH} {{{{ normalize }}}}
loss mse
optimizer adamw lr={RATE} weight_decay={{decay}}
schedule cosine
metrics log_rmse
train epochs={{epochs}} seed={{seed}} report=false
"""


class Recipe(NamedTuple):
    """What a contender is to train with; `decay` is in its own unit."""

    hidden: int
    epochs: int
    seed: int
    decay: float


def by_netdsl(folder: Path, recipe: Recipe) -> NDArray[np.float64]:
    """Through the command line, as a user has it."""
    (folder / "houses.net").write_text(NET.format(**recipe._asdict()))
    run = f"run-{recipe.decay}-{recipe.seed}"
    for command in (
        ["run", "houses.net", "--out", run, "--quiet", "--device", "cpu"],
        ["predict", run, "test.csv", "-o", "submission.csv", "--id", "Id", "--epoch", str(recipe.epochs)],
    ):
        subprocess.run([sys.executable, "-m", "netdsl", *command], cwd=folder, check=True, capture_output=True)
    with (folder / "submission.csv").open(newline="") as file:
        return np.array([float(row["SalePrice"]) for row in csv.DictReader(file)])


def frame(path: Path):  # pandas is not needed otherwise
    """The table as pandas reads it."""
    import pandas as pd

    return pd.read_csv(path, na_values=["?"])


def by_sklearn(folder: Path, recipe: Recipe) -> NDArray[np.float64]:
    """A pipeline of scikit-learn."""
    import warnings

    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    train, test = frame(folder / "train.csv"), frame(folder / "test.csv")
    y, x = train.pop("SalePrice"), train.drop(columns="Id")
    numbers = list(x.select_dtypes("number").columns)
    words = [name for name in x.columns if name not in numbers]
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
            (
                "words",
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="none"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                    StandardScaler(),
                ),
                words,
            ),
        ]
    )
    net = MLPRegressor(
        hidden_layer_sizes=(recipe.hidden,),
        alpha=recipe.decay,
        batch_size=BATCH,
        learning_rate_init=RATE,
        max_iter=recipe.epochs,
        random_state=recipe.seed,
    )
    scale = make_pipeline(FunctionTransformer(np.log, np.exp, check_inverse=False), StandardScaler())
    model = TransformedTargetRegressor(make_pipeline(columns, net), transformer=scale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged after so many epochs
        model.fit(x, y)
    return np.asarray(model.predict(test[x.columns]), dtype=np.float64)


def by_hand(folder: Path, recipe: Recipe) -> NDArray[np.float64]:
    """The columns as the book has them, and a loop of torch."""
    import pandas as pd

    train, test = frame(folder / "train.csv"), frame(folder / "test.csv")
    y = torch.tensor(np.log(train.pop("SalePrice").to_numpy()), dtype=torch.float32)
    both = pd.concat((train.drop(columns="Id"), test.drop(columns="Id")))
    numbers = both.select_dtypes("number").columns
    both[numbers] = both[numbers].apply(lambda values: (values - values.mean()) / values.std())
    both[numbers] = both[numbers].fillna(0)
    x = torch.tensor(pd.get_dummies(both, dummy_na=True).to_numpy(dtype=np.float32))
    torch.manual_seed(recipe.seed)
    net = nn.Sequential(nn.Linear(x.shape[1], recipe.hidden), nn.ReLU(), nn.Linear(recipe.hidden, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, weight_decay=recipe.decay)
    for _ in range(recipe.epochs):
        for rows in torch.randperm(len(y)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x[rows])[:, 0], y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return net(x[len(y) :])[:, 0].double().exp().numpy()


class Contender(NamedTuple):
    """Who trains, and the decays it chooses from; the first is what it has where nobody chooses."""

    label: str
    predict: Callable[[Path, Recipe], NDArray[np.float64]]
    decays: tuple[float, ...]


CONTENDERS = (
    Contender("netdsl", by_netdsl, (0.01, 1, 3, 6, 12, 24)),
    Contender("scikit-learn", by_sklearn, (0.0001, 0.1, 1, 3, 10, 30)),
    Contender("by hand", by_hand, (0, 0.001, 0.01, 0.03, 0.1, 0.3)),
)


def take(houses: Houses, part: Any) -> Houses:
    """Some of the houses."""
    cells = np.array(houses.cells, dtype=object)
    return Houses(houses.header, cells[part].tolist(), houses.prices[part])


def score(contender: Contender, train: Houses, test: Houses, recipes: Iterable[Recipe]) -> list[float]:
    """The log-rmse on `test` after training on `train`, with each recipe."""
    with tempfile.TemporaryDirectory() as name:
        write_houses(Path(name) / "train.csv", train)
        write_houses(Path(name) / "test.csv", test, prices=False)
        return [log_rmse(contender.predict(Path(name), recipe), test.prices) for recipe in recipes]


def choose(contender: Contender, houses: Houses, recipe: Recipe) -> float:
    """The decay with the best mean over five folds of the houses to train on."""
    recipes = [recipe._replace(decay=decay) for decay in contender.decays]
    fold = np.random.default_rng(0).permutation(len(houses.prices)) % 5
    scores = [score(contender, take(houses, fold != part), take(houses, fold == part), recipes) for part in range(5)]
    means = np.mean(scores, axis=0)
    shown = ", ".join(f"{decay:g}: {mean:.4f}" for decay, mean in zip(contender.decays, means, strict=True))
    print(f"{contender.label}, five folds: {shown}", flush=True)
    return contender.decays[int(means.argmin())]


def main() -> None:
    """Lets each choose, trains it with each seed, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    whole = make_houses(2919)
    train, test = take(whole, slice(1460)), take(whole, slice(1460, None))
    plain = Recipe(given.hidden, given.epochs, 0, 0)
    rows = []
    for one in CONTENDERS:
        for decay, label in ((one.decays[0], "as it is"), (choose(one, train, plain), "chosen")):
            recipes = [plain._replace(seed=seed, decay=decay) for seed in range(given.seeds)]
            found = score(one, train, test, recipes)
            deviation = statistics.stdev(found) if len(found) > 1 else 0.0
            rows.append(f"{one.label:14}{label:>9}{decay:>8g}  {statistics.fmean(found):.4f} ± {deviation:.4f}")
    print(f"\n{given.hidden} units, {given.epochs} epochs, {given.seeds} seeds; log-rmse of 1,459 houses")
    print(*rows, sep="\n")
    mean = float(np.exp(np.log(train.prices).mean()))
    print(f"{'their mean':33}{log_rmse(np.full(len(test.prices), mean), test.prices):.4f}")


if __name__ == "__main__":
    main()
