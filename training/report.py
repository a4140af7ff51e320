"""A backtest as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

import numpy as np

from training.backtest import OURS
from training.grade import RULE
from training.metrics import Estimate
from training.proof import Proof
from training.scoreboard import ALL, CHANCE, PAIRED, PAIRED_AUC, PAIRED_MAE, Score, shown
from training.slices import FEW_OF_A_KIND, FEW_ROWS, Slice

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #333; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { color: #0b6e69; line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-size: 13px; } .wide { overflow-x: auto; }
th, td { text-align: right; padding: .25rem .7rem; border-bottom: 1px solid #dde5e4; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { vertical-align: bottom; border-bottom: 2px solid #9db4b2; }
.ours { font-weight: 600; background: #eef5f4; } .small { color: #8a9a98; } .range { color: #6d7b7a; font-size: 11px; }
.grade { border-left: 6px solid #9db4b2; padding: .3rem 1rem; margin: .6rem 0; } .grade.good { border-color: #0b6e69; }
.grade.fair { border-color: #c9a227; } .grade.not-better { border-color: #b5442e; }
.grade b { display: block; font-size: 1.15rem; } img { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; } dt { font-weight: 600; } dd { margin: 0; }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; align-items: start; } figure { margin: 0; }
figure.wide { grid-column: 1 / -1; } figcaption { color: #6d7b7a; }
summary { cursor: pointer; color: #0b6e69; font-weight: 600; }
@media (max-width: 50rem) { .pictures { grid-template-columns: 1fr; } }
"""
_WORDS: Final = {
    "AUC": "How well members are ranked: how often one who left was given more than one who stayed. 0.5 is chance.",
    "PR AUC": "Mean precision among those called, over all who left. The share that left is chance, 1 is best.",
    "log loss": "How surprised the forecast was by what came, whole probabilities judged. Lower is better.",
    "Brier": "Mean squared distance of the probability from what came. Lower is better.",
    "ECE": "Calibration error: how far, on the mean over 15 groups of alike probability, the share lies from it. For tiers, "
    "that of keeping the tier held. 'By chance' is what a forecast that is right would show in so few rows.",
    "lift": "Leavers among the riskiest share of members, over as many at random.",
    "RPS": "Ranked probability score: as log loss, but a tier further off costs more. 0 is best.",
    "quadratic kappa": "Agreement of the likeliest tier with the one that came, beyond chance, tiers further apart weighing "
    "more. 1 is best. Accuracy and macro-F1 are of the likeliest tier too.",
    "AUC of downgrade, of upgrade": "How well those who fell, or rose, are ranked among those who could.",
    "MAE": "Mean absolute distance of expected spend from what came, in currency.",
    "total": "All spend forecast over all spend that came. 1 is best.",
    "pinball": "Loss of the quantiles at 0.1, 0.5 and 0.9, in currency, and their mean. Lower is better.",
    "in 80 % interval": "Share whose spend lay between the quantiles at 0.1 and 0.9, beside what was given to that: more "
    "than 80 % where no purchase at all is likely.",
    "better by": "The rule's figure and ours on the same draws of members; above 0 ours is better, and an interval above 0 "
    "is more than chance. Without another word it is in log loss.",
}
_FIRST: Final = ("log loss", "MAE", PAIRED, PAIRED_MAE, "AUC", PAIRED_AUC, "ECE", CHANCE, "accuracy", "total")
"""Columns that a reader wants to see without moving the table; the others follow."""
_WIDE: Final = ("cutoffs",)
_PICTURES: Final = {
    "reliability": "On the line is right: of members given 30 %, 30 % left. Above it more left than was said.",
    "lift": "How many of all leavers are reached by calling so many. The further up and left, the better.",
    "cutoffs": "Each cutoff by itself: for AUC higher is better, else lower. Rules that know no member are left out.",
    "slices": "Beside the line is off: left of it more left than was said. Pale: too few to say.",
    "tiers": "Rows: the likeliest tier as forecast. Columns: the tier that came.",
    "tiers-kept": "The same as the first, for keeping the tier held.",
    "spend": "Quantiles of spend from 5 % to 95 %. Below the line members spent more than was said, above it less.",
}


def to_html(proof: Proof, facts: Mapping[str, str], pictures: Mapping[str, bytes]) -> str:
    """The page: grades and their rule, pictures, figures with intervals, slices, and what the words mean.

    Parameters
    ----------
    facts : what was tested, as it is to be read
    pictures : PNG by name
    """
    title = f"Backtest of {facts['programme']}" if "programme" in facts else "Backtest"
    body = [
        f"<h1>{escape(title)}</h1>",
        "<p>What would have been said at past dates from what was known then, beside how it turned out.</p>",
        *_grades(proof),
        _list(facts),
        *_pictures(pictures),
        *_figures(proof.scores),
        *_slices(proof.slices),
        "<h2>What the words mean</h2>",
        _list(_WORDS),
    ]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{view}<title>{escape(title)}</title><style>{_STYLE}</style></head>\n'
        f"<body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def _grades(proof: Proof) -> Iterable[str]:
    for grade in proof.grades:
        kind = {"good": "good", "fair": "fair", "not better than a simple rule": "not-better"}.get(grade.word, "none")
        yield f'<div class="grade {kind}"><b>{escape(grade.target)}: {escape(grade.word)}</b>{escape(grade.why)}</div>'
    if proof.off:
        yield f"<p><b>But {escape(proof.off)}</b></p>"
    yield f"<p>{escape(RULE)}</p>"


def _pictures(pictures: Mapping[str, bytes]) -> Iterable[str]:
    if pictures:
        yield '<h2>Pictures</h2><div class="pictures">'
    for name, png in pictures.items():
        data, words = base64.b64encode(png).decode("ascii"), _PICTURES.get(name, "")
        image = f'<img alt="{escape(name)}" src="data:image/png;base64,{data}">'
        wide = ' class="wide"' if name in _WIDE else ""
        yield f"<figure{wide}>{image}<figcaption>{escape(words)}</figcaption></figure>"
    if pictures:
        yield "</div>"


def _figures(found: Sequence[Score]) -> Iterable[str]:
    """A table a target and cutoff: all cutoffs first, and each by itself folded away where there are several."""
    yield "<h2>Figures, with 95 % intervals over members</h2>"
    if not found:
        yield "<p>No cutoff's horizon lies inside the log, so there is no outcome to score yet.</p>"
    pairs = dict.fromkeys((score.target, score.cutoff) for score in found)
    targets = list(dict.fromkeys(target for target, _ in pairs))
    for target, cutoff in sorted(pairs, key=lambda pair: (targets.index(pair[0]), pair[1] != ALL)):
        part = [score for score in found if (score.target, score.cutoff) == (target, cutoff)]
        there = dict.fromkeys(score.metric for score in part)
        metrics = [*(metric for metric in _FIRST if metric in there), *(metric for metric in there if metric not in _FIRST)]
        title = f"{escape(target)}, {'all cutoffs' if cutoff == ALL else f'cutoff {escape(cutoff)}'}"
        folded = cutoff != ALL and (target, ALL) in pairs
        yield f"<details><summary>{title}</summary>" if folded else f"<h3>{title}</h3>"
        rows = []
        for model in dict.fromkeys(score.model for score in part):
            cells = {score.metric: _cell(score) for score in part if score.model == model}
            row = "".join(f"<td>{cells.get(metric, '')}</td>" for metric in metrics)
            rows.append(f"<tr{' class=ours' if model == OURS else ''}><td>{escape(model)}</td>{row}</tr>")
        yield _table(["", *metrics], rows) + ("</details>" if folded else "")


def _slices(parts: Sequence[Slice]) -> Iterable[str]:
    if not parts:
        return
    yield "<h2>Kinds of members</h2>"
    yield (
        f"<p>By what was known at the cutoff, all cutoffs together. Grey: fewer than {FEW_ROWS} rows, or than "
        f"{FEW_OF_A_KIND} that left or stayed; nothing much can be said of them.</p>"
    )
    head = ["", "rows", "left", "mean p", "mean p less left", "AUC", "log loss", "ECE", "tier log loss"]
    rows = []
    for part in parts:
        estimates = [_range(part.off, signed=True), _number(part.auc), _range(part.log_loss), _number(part.ece)]
        tier = "" if part.tier_log_loss is None else _range(part.tier_log_loss)
        cells = [f"{part.rows:,}", _number(part.churn_rate), _number(part.mean_p), *estimates, tier]
        name = escape(f"{part.by}: {part.name}")
        small = " class=small" if part.small else ""
        rows.append(f"<tr{small}><td>{name}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    yield _table(head, rows)


def _cell(score: Score) -> str:
    if score.why:
        return f'<span title="{escape(score.why)}">not available</span>'
    value, _, interval = shown(score).partition(" ")
    return f'{value}<br><span class="range">{interval}</span>' if interval else value


def _range(estimate: Estimate, *, signed: bool = False) -> str:
    form = "+.4f" if signed else ".4f"
    return f'{estimate.value:{form}}<br><span class="range">[{estimate.low:{form}}, {estimate.high:{form}}]</span>'


def _number(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.4f}"


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _list(items: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in items.items()) + "</dl>"
