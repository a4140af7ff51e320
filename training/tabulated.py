"""Boosted trees of few leaves as look-up tables: scores and exact SHAP values in plain numpy.

A tree of at most 8 leaves has at most 7 splits, so all it can say, and all that TreeSHAP can say of it, is a function of at
most 7 yes-or-no outcomes. Both are tabulated once; a row is then answered by comparing, packing bits and looking up.

The SHAP values are those of path-dependent TreeSHAP (Lundberg, Erion and Lee 2018, arXiv:1802.03888): the value of a set of
features S is the tree's output with splits on S followed and the others averaged by training counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import ArtifactError
from features.operators import Floats

MAX_SPLITS: Final = 7
_CHUNK: Final = 1024
"""Rows at a time, so few that what is looked up stays in the cache."""
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_NAN = 0, 2


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree as LightGBM writes it: children >= 0 are splits, < 0 are leaves (~index)."""

    feature: npt.NDArray[np.int64]
    threshold: Floats
    missing_left: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    split_count: Floats
    leaf_value: Floats
    leaf_count: Floats

    @classmethod
    def parse(cls, section: str) -> Tree:
        """Read one 'Tree=' section of a LightGBM model's text.

        Raises
        ------
        ArtifactError
            a kind of split that is never trained here, or more leaves than can be tabulated
        """
        fields = dict(line.split("=", 1) for line in section.splitlines() if "=" in line)
        leaf_value = _floats(fields["leaf_value"])
        if len(leaf_value) == 1:
            none = np.empty(0, np.int64)
            empty = np.empty(0)
            return cls(none, empty, empty.astype(bool), none, none, empty, leaf_value, np.ones(1))
        if len(leaf_value) > MAX_SPLITS + 1:
            raise ArtifactError(f"a tree has at most {MAX_SPLITS + 1} leaves", str(len(leaf_value)), "train it anew")
        kind = _integers(fields["decision_type"])
        missing = kind >> 2 & 3
        if (kind & _CATEGORICAL).any() or not np.isin(missing, (_MISSING_NONE, _MISSING_NAN)).all():
            raise ArtifactError("a split compares a number", "a categorical or zero-as-missing split", "train it anew")
        threshold = _floats(fields["threshold"])
        # LightGBM reads a missing value as 0 where training saw none.
        missing_left = np.where(missing == _MISSING_NAN, (kind & _DEFAULT_LEFT) > 0, threshold >= 0.0)
        return cls(
            _integers(fields["split_feature"]),
            threshold,
            missing_left,
            _integers(fields["left_child"]),
            _integers(fields["right_child"]),
            _floats(fields["internal_count"]),
            leaf_value,
            _floats(fields["leaf_count"]),
        )

    def tabulate(self) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Everything the tree can say.

        Returns
        -------
        score : (2**n_splits,) output for each pattern of outcomes, bit i set where split i goes left
        shap : (2**n_splits, n_used) SHAP value of each used feature
        used : (n_used,) the features
        """
        splits = len(self.feature)
        used = np.unique(self.feature)
        patterns = np.arange(2**splits)
        subsets = np.arange(2 ** len(used))
        position = np.searchsorted(used, self.feature)

        def value(node: int) -> Floats:
            if node < 0 or not splits:
                return np.full((1, 1), self.leaf_value[~node if node < 0 else 0])
            left, right = value(int(self.left[node])), value(int(self.right[node]))
            followed = np.where((patterns >> node & 1 == 1)[None, :], left, right)
            share = self._count(int(self.left[node])) / self.split_count[node]
            known = (subsets >> position[node] & 1 == 1)[:, None]
            return np.where(known, followed, share * left + (1.0 - share) * right)

        worth = np.broadcast_to(value(0 if splits else -1), (len(subsets), len(patterns)))
        shap = np.zeros((len(patterns), len(used)))
        size = np.array([int(subset).bit_count() for subset in subsets])
        for j in range(len(used)):
            without = subsets[subsets >> j & 1 == 0]
            weight = np.array([1.0 / (len(used) * math.comb(len(used) - 1, int(n))) for n in size[without]])
            shap[:, j] = weight @ (worth[without | 1 << j] - worth[without])
        return worth[-1].copy(), shap, used

    def times(self, factor: float) -> Tree:
        """The tree with its answers multiplied."""
        return replace(self, leaf_value=self.leaf_value * factor)

    def expected(self) -> float:
        """Mean output over the training rows."""
        return float(self.leaf_value @ self.leaf_count / self.leaf_count.sum())

    def _count(self, node: int) -> float:
        return float(self.leaf_count[~node] if node < 0 else self.split_count[node])


class TabulatedTrees:
    """The trees of one booster or of several, ready to score rows and to say why.

    Parameters
    ----------
    parts : (text, factor) pairs: a LightGBM model's text, '' for no trees, and what its score is multiplied by
    bias : what is added to the trees' sum
    n_features : columns of the rows to come
    """

    def __init__(self, parts: Sequence[tuple[str, float]], bias: float, n_features: int) -> None:
        read = [(Tree.parse(section), factor) for text, factor in parts for section in _sections(text)]
        trees = [tree.times(factor) for tree, factor in read]
        tables = [tree.tabulate() for tree in trees]
        self.bias = bias
        self.n_features = n_features
        self.n_trees = len(trees)
        self.base = bias + math.fsum(tree.expected() for tree in trees)
        """Mean raw score over the training rows: the sum of contributions starts here."""
        splits = max([1, *(len(tree.feature) for tree in trees)])
        threshold = np.full((self.n_trees, splits), np.nan)  # no value is <= NaN: unused bits stay 0
        column = np.zeros((self.n_trees, splits), np.int64)
        self._target = np.full((self.n_trees, splits), n_features, np.int64)
        self._offset = np.zeros(self.n_trees, np.int64)
        rows = sum(len(score) for score, _, _ in tables)
        self._score = np.zeros(rows)
        self._shap = np.zeros((splits, rows))
        at = 0
        for i, (tree, (score, shap, used)) in enumerate(zip(trees, tables, strict=True)):
            n = len(tree.feature)
            threshold[i, :n] = tree.threshold
            column[i, :n] = tree.feature + np.where(tree.missing_left, n_features, 0)
            self._target[i, : len(used)] = used
            self._offset[i] = at
            self._score[at : at + len(score)] = score
            self._shap[: len(used), at : at + len(score)] = shap.T
            at += len(score)
        # Trees share many of their questions: each is asked once. One with a missing value on its left reads it as -inf.
        asked, place = np.unique(np.stack([column.ravel(), threshold.ravel()]), axis=1, return_inverse=True)
        self._column, self._threshold = asked[0].astype(np.int64), asked[1]
        self._question = place.reshape(column.shape).T

    @classmethod
    def one(cls, text: str, bias: float, n_features: int) -> TabulatedTrees:
        """Of one booster, as it is."""
        return cls([(text, 1.0)], bias, n_features)

    def score(self, x: Floats) -> Floats:
        """Raw score of rows.

        Parameters
        ----------
        x : (n_rows, n_features), NaN for missing

        Returns
        -------
        (n_rows,)
        """
        out = np.empty(len(x))
        for start in range(0, len(x), _CHUNK):
            found = self._score[self._answers(x[start : start + _CHUNK])]
            out[start : start + _CHUNK] = self.bias + _summed(found, np.zeros(self.n_trees, np.int64), 1)[0]
        return out

    def contributions(self, x: Floats) -> Floats:
        """Exact SHAP values of rows: ``base`` + the sum over columns is the raw score, up to rounding.

        Returns
        -------
        (n_rows, n_features)
        """
        out = np.empty((len(x), self.n_features))
        slots, width = self._shap.shape
        slot = (np.arange(slots) * width)[:, None]
        for start in range(0, len(x), _CHUNK):
            at = self._answers(x[start : start + _CHUNK])[:, None, :] + slot
            values = self._shap.ravel()[at].reshape(self._target.size, at.shape[2])
            out[start : start + _CHUNK] = _summed(values, self._target.ravel(), self.n_features + 1)[:-1].T
        return out

    def _answers(self, x: Floats) -> npt.NDArray[np.int64]:
        """(n_trees, n_rows) where each tree's answer stands in the tables."""
        value = np.concatenate([x.T, np.where(np.isnan(x), -np.inf, x).T])
        left = (value[self._column] <= self._threshold[:, None]).view(np.uint8)
        code = np.zeros((self.n_trees, len(x)), np.uint8)
        for bit, question in enumerate(self._question):
            code |= left[question] << np.uint8(bit)
        return code + self._offset[:, None]


def _summed(values: Floats, target: npt.NDArray[np.int64], width: int) -> Floats:
    """(``width``, n_rows) sums of (n_targets, n_rows) values over those of one target, in their order.

    bincount adds one after another, so a row's sum does not depend on the rows beside it.
    """
    rows = values.shape[1]
    index = (target[:, None] * rows + np.arange(rows)).ravel()
    summed: Floats = np.bincount(index, values.ravel(), width * rows).astype(np.float64).reshape(width, rows)
    return summed


def _sections(text: str) -> list[str]:
    """What a LightGBM model's text says of each tree."""
    return text.partition("\nend of trees")[0].split("Tree=")[1:]


def _floats(text: str) -> Floats:
    return np.array([float(part) for part in text.split()])


def _integers(text: str) -> npt.NDArray[np.int64]:
    return np.array([int(part) for part in text.split()], np.int64)
