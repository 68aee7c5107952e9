"""The data sets that scikit-learn makes: its own names, parameters and defaults, but that chance is fixed.

`random_state` is 0 unless it is given, so that two runs are of the same data.
"""

from netdsl.components import Facts, Refusal, dataset

READ = "netdsl_sklearn.reading"
SHORTER = {"samples": "n_samples", "features": "n_features", "classes": "n_classes", "seed": "random_state"}


def made(example):
    """A data set of the function below, which scikit-learn has under the same name."""
    return lambda facts: dataset(f"{READ}:{facts.__name__}", aliases=_aliases(facts), example=f"data {example}")(facts)


def _aliases(facts):
    names = facts.__code__.co_varnames[: facts.__code__.co_argcount + facts.__code__.co_kwonlyargcount]
    return {short: name for short, name in SHORTER.items() if name in names}


def _at_least(least, **given):
    for name, value in given.items():
        if value is not None and value < least:
            raise Refusal(f"`{name}` is at least {least}, not {value:g}", name)


@made("make_moons n_samples=500 noise=0.1")
def make_moons(n_samples: int = 100, *, noise: float | None = None, random_state: int = 0) -> Facts:
    """Two half circles in the plane, one reaching into the other; `noise` is the deviation of what is added."""
    _at_least(2, n_samples=n_samples)
    _at_least(0, noise=noise, random_state=random_state)
    return Facts((2,), 2)


@made("make_circles n_samples=500 noise=0.05 factor=0.5")
def make_circles(
    n_samples: int = 100, *, noise: float | None = None, random_state: int = 0, factor: float = 0.8
) -> Facts:
    """Two circles in the plane, one inside the other; `factor` is the share of the outer one's radius."""
    _at_least(2, n_samples=n_samples)
    _at_least(0, noise=noise, random_state=random_state)
    if not 0 <= factor < 1:
        raise Refusal(f"`factor` is at least 0 and below 1, not {factor:g}", "factor")
    return Facts((2,), 2)


@made("make_blobs n_samples=300 centers=4")
def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    *,
    centers: int | None = None,
    cluster_std: float = 1.0,
    random_state: int = 0,
) -> Facts:
    """Points scattered around `centers` places, 3 unless given, each place a class."""
    _at_least(1, n_samples=n_samples, n_features=n_features)
    _at_least(2, centers=centers)
    _at_least(0, cluster_std=cluster_std, random_state=random_state)
    return Facts((n_features,), 3 if centers is None else centers)


@made("make_classification n_samples=500 n_informative=4 n_classes=3")
def make_classification(
    n_samples: int = 100,
    n_features: int = 20,
    *,
    n_informative: int = 2,
    n_redundant: int = 2,
    n_repeated: int = 0,
    n_classes: int = 2,
    n_clusters_per_class: int = 2,
    flip_y: float = 0.01,
    class_sep: float = 1.0,
    random_state: int = 0,
) -> Facts:
    """Classes of several clusters each, on the corners of a cube; some features tell them apart, the others do not.

    `n_informative` features tell, `n_redundant` are sums of those, `n_repeated` repeat some of both, the rest is noise;
    `flip_y` is the share of samples whose class is drawn by lot.
    """
    _at_least(1, n_samples=n_samples, n_informative=n_informative, n_clusters_per_class=n_clusters_per_class)
    _at_least(0, n_redundant=n_redundant, n_repeated=n_repeated, class_sep=class_sep, random_state=random_state)
    _at_least(2, n_classes=n_classes)
    if not 0 <= flip_y <= 1:
        raise Refusal(f"`flip_y` is a share between 0 and 1, not {flip_y:g}", "flip_y")
    needed = n_informative + n_redundant + n_repeated
    if needed > n_features:
        parts = f"{n_informative} informative, {n_redundant} redundant and {n_repeated} repeated features"
        raise Refusal(
            f"{parts} are {needed}, but `n_features` is {n_features}", "n_features", f"write {needed} or more"
        )
    if n_classes * n_clusters_per_class > 2**n_informative:
        message = f"{n_classes} classes of {n_clusters_per_class} clusters do not fit on {2**n_informative} corners"
        raise Refusal(
            message, "n_classes", "each informative feature doubles the corners: write a larger `n_informative`"
        )
    return Facts((n_features,), n_classes)


@made("make_gaussian_quantiles n_samples=500 n_classes=2")
def make_gaussian_quantiles(
    *, n_samples: int = 100, n_features: int = 2, n_classes: int = 3, random_state: int = 0
) -> Facts:
    """Points around the origin, cut into shells of as many points each; the shell is the class."""
    _at_least(1, n_features=n_features)
    _at_least(2, n_classes=n_classes)
    _at_least(0, random_state=random_state)
    _at_least(n_classes, n_samples=n_samples)
    return Facts((n_features,), n_classes)


@made("make_hastie_10_2 n_samples=2000")
def make_hastie_10_2(n_samples: int = 12000, *, random_state: int = 0) -> Facts:
    """Ten normal numbers, and whether their squares add up to more than 9.34 (Hastie, Tibshirani, Friedman 2009)."""
    _at_least(2, n_samples=n_samples)
    _at_least(0, random_state=random_state)
    return Facts((10,), 2)


@made("make_regression n_samples=200 n_features=3 n_informative=2 noise=5")
def make_regression(
    n_samples: int = 100,
    n_features: int = 100,
    *,
    n_informative: int = 10,
    n_targets: int = 1,
    bias: float = 0.0,
    noise: float = 0.0,
    random_state: int = 0,
) -> Facts:
    """A linear function of `n_informative` of the features, plus `bias`, plus `noise`."""
    _at_least(1, n_samples=n_samples, n_features=n_features, n_targets=n_targets)
    _at_least(0, n_informative=n_informative, noise=noise, random_state=random_state)
    return Facts((n_features,), None, () if n_targets == 1 else (n_targets,))


@made("make_friedman1 n_samples=500 noise=1")
def make_friedman1(n_samples: int = 100, n_features: int = 10, *, noise: float = 0.0, random_state: int = 0) -> Facts:
    """10 sin(π x₀ x₁) + 20 (x₂ − ½)² + 10 x₃ + 5 x₄, of five or more numbers between 0 and 1 (Friedman 1991)."""
    _at_least(1, n_samples=n_samples)
    _at_least(5, n_features=n_features)
    _at_least(0, noise=noise, random_state=random_state)
    return Facts((n_features,), None)


@made("make_friedman2 n_samples=500 { normalize }")
def make_friedman2(n_samples: int = 100, *, noise: float = 0.0, random_state: int = 0) -> Facts:
    """√(x₀² + (x₁ x₂ − 1/(x₁ x₃))²): the impedance of a circuit, of four numbers of very different size."""
    return _friedman(n_samples, noise, random_state)


@made("make_friedman3 n_samples=500 { normalize }")
def make_friedman3(n_samples: int = 100, *, noise: float = 0.0, random_state: int = 0) -> Facts:
    """arctan((x₁ x₂ − 1/(x₁ x₃)) / x₀): the phase of a circuit, of four numbers of very different size."""
    return _friedman(n_samples, noise, random_state)


def _friedman(n_samples, noise, random_state):
    _at_least(1, n_samples=n_samples)
    _at_least(0, noise=noise, random_state=random_state)
    return Facts((4,), None)


@made("make_swiss_roll n_samples=1000")
def make_swiss_roll(n_samples: int = 100, *, noise: float = 0.0, random_state: int = 0, hole: bool = False) -> Facts:
    """A sheet in space, rolled up, and how far along the sheet each point lies."""
    _at_least(1, n_samples=n_samples)
    _at_least(0, noise=noise, random_state=random_state)
    return Facts((3,), None)


@made("make_s_curve n_samples=1000")
def make_s_curve(n_samples: int = 100, *, noise: float = 0.0, random_state: int = 0) -> Facts:
    """A sheet in space, bent like an S, and how far along the sheet each point lies."""
    _at_least(1, n_samples=n_samples)
    _at_least(0, noise=noise, random_state=random_state)
    return Facts((3,), None)
