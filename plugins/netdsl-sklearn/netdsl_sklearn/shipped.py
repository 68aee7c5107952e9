"""The data sets that ship with scikit-learn: nothing is downloaded."""

from netdsl.components import Facts, dataset

READ = "netdsl_sklearn.reading"


@dataset(f"{READ}:iris", example="data iris { normalize }")
def iris() -> Facts:
    """150 irises of three kinds, told apart by four lengths of their leaves in centimetres (Fisher 1936)."""
    return Facts((4,), 3, names=("setosa", "versicolor", "virginica"))


@dataset(f"{READ}:wine", example="data wine { normalize }")
def wine() -> Facts:
    """178 wines of three growers, told apart by 13 measurements of a chemist."""
    return Facts((13,), 3, names=("class_0", "class_1", "class_2"))


@dataset(f"{READ}:breast_cancer", example="data breast_cancer { normalize }")
def breast_cancer() -> Facts:
    """569 tumours, malignant or benign, described by 30 numbers that were measured in pictures of their cells."""
    return Facts((30,), 2, names=("malignant", "benign"))


@dataset(f"{READ}:diabetes", example="data diabetes { normalize }")
def diabetes() -> Facts:
    """442 patients described by ten numbers, and how far their diabetes had gone a year later, from 25 to 346.

    scikit-learn has centred and scaled the ten already, so that the squares of each add up to 1: `normalize` makes
    their deviation 1.
    """
    return Facts((10,), None)


@dataset(f"{READ}:sklearn_digits", example="data sklearn_digits { normalize }")
def sklearn_digits() -> Facts:
    """1,797 handwritten digits, each a row of 64 numbers from 0 to 16; netdsl's own `digits` are the same as images."""
    return Facts((64,), 10, names=tuple("0123456789"))
