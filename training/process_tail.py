"""The upper tail of BetaPrime(a, b), the ratio of a Gamma(a) to a Gamma(b): P(V >= u).

**Larger shapes.** Paulson's normal approximation (1942), within 0.003 for shapes from ``EXACT_BELOW`` on.

**A smaller shape a.** With t = log(1 + v), T = log(1 + u) and y = u / (1 + u)::

    P(V >= u) = 1 / B(a, b) · ∫_T^∞ (1 - e^-t)^(a - 1) e^(-bt) dt
    P(V < u)  = f + f y (a + b) / (a + 1) + P(V2 < u)       f = y^a (1 - y)^b / (a B(a, b)), V2 ~ BetaPrime(a + 2, b)

The integral is summed by Gauss-Laguerre where bT > ``_FAR``. Elsewhere P(V2 < u), the same integral from 0 to T with a + 2
for a, by Gauss-Legendre in (t / T)^(2/5), in which it is smooth. Within 1e-9 for b >= 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats

EXACT_BELOW: Final = 2.5
_FAR: Final = 2.5
_NODES: Final = 12
_LEAST: Final = 1e-300  # of u: its smallest node is above 0 too
_POWER: Final = 2.5


def tail(a: Floats, b: Floats, u: Floats) -> Floats:
    """P(V >= u) for V ~ BetaPrime(a, b), elementwise; shapes > 0, u > 0.

    >>> tail(np.array([1.0, 30.0]), np.array([2.0, 40.0]), np.array([1.0, 1.0])).round(4).tolist()
    [0.25, 0.1142]
    """
    a, b, u = np.broadcast_arrays(a, b, u)
    over = approximate(1.0 / (9.0 * a), 1.0 / (9.0 * b), np.cbrt(u * b / a))
    by_rule = (a < EXACT_BELOW) & (b >= 1.0)
    over[by_rule] = exact(a[by_rule][None], b[by_rule], u[by_rule])[0]
    rest = (np.minimum(a, b) < EXACT_BELOW) & ~by_rule
    over[rest] = special.betainc(b[rest], a[rest], 1.0 / (1.0 + u[rest]))
    return over


def approximate(by_a: Floats, by_b: Floats, root: Floats) -> Floats:
    """P(V >= u) by Paulson, elementwise, from 1 / 9a, 1 / 9b and the cube root of u b / a."""
    z = (1.0 - by_a) - (1.0 - by_b) * root
    root = root * root
    root *= by_b
    root += by_a
    z /= np.sqrt(root, out=root)
    over: Floats = special.ndtr(z, out=z)
    return over


def exact(a: Floats, b: Floats, u: Floats) -> Floats:
    """(n_shapes, n_points) P(V >= u) for several small shapes a at each point (b, u): most of the work is done once a point.

    Parameters
    ----------
    a : (n_shapes, n_points) or (n_shapes, 1) below ``EXACT_BELOW``
    b, u : (n_points,) b >= 1
    """
    u = np.maximum(u, _LEAST)
    end = np.log1p(u)
    far = b * end > _FAR
    span = np.where(far, 1.0 / b, end)
    t = np.where(far, _NODE[1], _NODE[0])
    t *= span
    t += np.where(far, end, 0.0)
    log_rest = np.negative(t)
    np.expm1(log_rest, out=log_rest)
    np.negative(log_rest, out=log_rest)
    np.log(log_rest, out=log_rest)
    t *= -b
    weight = np.exp(t, out=t)
    weight *= np.where(far, _WEIGHT[1], _WEIGHT[0])
    density = log_rest[:, None] * (a + np.where(far, -1.0, 1.0))
    np.exp(density, out=density)
    density *= weight[:, None]
    part = density[0]
    for each in density[1:]:  # one after another: how a point is rounded does not depend on the points beside it
        part += each
    both, y = a + b, u / (1.0 + u)
    by_beta = np.exp(special.gammaln(both) - special.gammaln(a) - special.gammaln(b))
    part *= by_beta * span
    first = np.exp(a * np.log(y) - b * end) * by_beta / a
    below = first * (1.0 + y * both / (a + 1.0)) + part * (both * (both + 1.0) / (a * (a + 1.0)))
    found: Floats = np.where(far, part, 1.0 - below)
    return found


def _rules() -> tuple[Floats, Floats]:
    """(2, ``_NODES``, 1) nodes and weights: Legendre's for (0, 1), and Laguerre's for (0, ∞) with e^-t left in."""
    x, legendre = np.polynomial.legendre.leggauss(_NODES)
    far, laguerre = np.polynomial.laguerre.laggauss(_NODES)
    part = (x + 1.0) / 2.0
    near, near_weight = part**_POWER, legendre / 2.0 * _POWER * part ** (_POWER - 1.0)
    nodes, weights = np.array([near, far]), np.array([near_weight, laguerre * np.exp(far)])
    return nodes[:, :, None], weights[:, :, None]


_NODE, _WEIGHT = _rules()
