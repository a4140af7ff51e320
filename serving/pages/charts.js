// Small pictures that stand in a line or a list: a thermometer, bars, leanings, before and after.
// What they show also stands beside them as text, so to a screen reader they are nothing.

import { el } from "./dom.js";
import { chance, number, say } from "./say.js";

const share = (part) => `${Math.round(Math.min(Math.max(part, 0), 1) * 1000) / 10}%`;
// Less is too little for the forecast to tell apart, as the service's own sentences have it.
const ALIKE = 0.02;
const hidden = { "aria-hidden": "true" };

/** A bar of a share of its place, in [0, 1]. */
export const bar = (part, kind = "") =>
  el("span", { class: `track ${kind}`, ...hidden }, el("span", { class: "fill", style: { width: share(part) } }));

/** The direction and size of a change of temperature since a horizon earlier; nothing where it rounds to none. */
export function changed(change, days) {
  if (change === null || change === undefined) return null;
  const size = Math.round(change);
  if (size === 0) return el("span", { class: "change" }, say("steady"));
  const spoken = say(size > 0 ? "warmer_by" : "cooler_by", { size: Math.abs(size), days });
  return el(
    "span",
    { class: `change ${size > 0 ? "up" : "down"}`, title: spoken },
    el("span", hidden, `${size > 0 ? "▲" : "▼"} ${number(Math.abs(size))}`),
    el("span", { class: "out-of-sight" }, spoken),
  );
}

/** A temperature as a thermometer: how full, in which band, and a mark where it stood before. */
export function thermometer(temperature, days) {
  const { value, band, change } = temperature;
  const before = change === null ? null : value - change;
  const mark =
    before === null || Math.abs(change) < 2
      ? null
      : el("span", { class: "before", style: { left: share(before / 100) } });
  return el(
    "div",
    { class: `thermometer ${band}` },
    el(
      "div",
      { class: "track scale", ...hidden },
      el("span", { class: "fill", style: { width: share(value / 100) } }),
      mark,
    ),
    el(
      "p",
      { class: "reading" },
      el("b", {}, `${number(Math.round(value))}°`),
      " ",
      el("span", { class: "band" }, say(`band_${band}`)),
      " ",
      changed(change, days),
    ),
  );
}

/** Rows of a name, a bar and what it says: [name, share in [0, 1], words, kind]. */
export const bars = (rows, kind = "") =>
  el(
    "ul",
    { class: `bars ${kind}` },
    rows.map(([name, part, words, own]) =>
      el("li", { class: own }, el("span", { class: "name" }, name), bar(part), el("span", { class: "said" }, words)),
    ),
  );

/** The chance of each tier, lowest last; the one held is marked. */
export function tierChances(chances, held) {
  const rows = Object.entries(chances).reverse();
  return bars(
    rows.map(([tier, p]) => [tier, p, chance(p), tier === held ? "held" : ""]),
    "tiers",
  );
}

/** Reasons as sentences, each with a bar: to the right where it raises the risk of leaving, to the left where it lowers it. */
export function leanings(reasons) {
  const most = Math.max(...reasons.map((reason) => Math.abs(reason.contribution)), 1e-9);
  return el(
    "ol",
    { class: "leanings" },
    reasons.map(({ sentence, contribution }) => {
      const part = Math.abs(contribution) / most / 2;
      const raises = contribution > 0;
      const own = { width: share(part), left: share(raises ? 0.5 : 0.5 - part) };
      const size = number(Math.abs(contribution), 2);
      return el(
        "li",
        {},
        el("span", { class: "sentence" }, sentence),
        el(
          "span",
          { class: "track lean", ...hidden },
          el("span", { class: `fill ${raises ? "raises" : "lowers"}`, style: own }),
        ),
        el("span", { class: "said" }, raises ? `+${size}` : `−${size}`),
      );
    }),
  );
}

/** Before and after on one scale, rows of [name, before, after in [0, 1], words for both, whether more is better]. */
export const beforeAfter = (rows) =>
  el(
    "ul",
    { class: "before-after" },
    rows.map(([name, before, after, was, is, more]) => {
      const span = { left: share(Math.min(before, after)), width: share(Math.abs(after - before)) };
      const better = Math.abs(after - before) < ALIKE ? "" : after > before === more ? "better" : "worse";
      return el(
        "li",
        { class: better },
        el("span", { class: "name" }, name),
        el(
          "span",
          { class: "line", ...hidden },
          el("span", { class: "span", style: span }),
          el("span", { class: "dot was", style: { left: share(before) } }),
          el("span", { class: "dot is", style: { left: share(after) } }),
        ),
        el("span", { class: "said" }, was, " → ", el("b", {}, is)),
      );
    }),
  );
