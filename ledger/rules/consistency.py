"""The consistency of pairwise judgements in the analytic hierarchy process.

CR = CI / RI, CI = (lambda_max - n) / (n - 1), lambda_max the principal eigenvalue of the matrix of judgements, by
power iteration. Source: Saaty; random indices for n = 3 to 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
_ROUNDS = 100


def consistency_ratio(names: Sequence[str], judged: Mapping[tuple[str, str], float]) -> float:
    """Return how far judgements contradict each other, 0 where they do not.

    judged: how much more the first of a pair matters than the second; a pair left out counts as equal, and two
    criteria can always be consistent.
    """
    size = len(names)
    if size < 3 or not judged:
        return 0.0
    matrix = [[_ratio(row, column, judged) for column in names] for row in names]
    weights = [1.0 / size] * size
    for _ in range(_ROUNDS):
        product = [sum(cell * weight for cell, weight in zip(row, weights, strict=True)) for row in matrix]
        whole = sum(product)
        weights = [part / whole for part in product]
    product = [sum(cell * weight for cell, weight in zip(row, weights, strict=True)) for row in matrix]
    largest = sum(part / weight for part, weight in zip(product, weights, strict=True)) / size
    return ((largest - size) / (size - 1)) / _RANDOM_INDEX[min(size, len(_RANDOM_INDEX) - 1)]


def _ratio(row: str, column: str, judged: Mapping[tuple[str, str], float]) -> float:
    if (row, column) in judged:
        return judged[row, column]
    return 1.0 / judged[column, row] if (column, row) in judged else 1.0
