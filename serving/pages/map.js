// Where the money is: each member listed as a dot, by temperature and value at risk. The table says the same in words.

import { fitted, svg } from "./dom.js";
import { money, number, say } from "./say.js";

const BANDS = [
  ["cold", 0, 20],
  ["cool", 20, 50],
  ["warm", 50, 80],
  ["hot", 80, 100],
];
const MARGIN = { left: 44, right: 8, top: 20, bottom: 22 };
const HEIGHT = 168;
const DOT = 5;
let pointed = null;

/**
 * @param {object[]} members as listed
 * @param {(id: string) => void} open what to do with one that is chosen
 */
export function map(members, open) {
  const worths = members.map((member) => member.value_at_risk);
  const hasMoney = worths.every((worth) => worth !== null);
  const most = hasMoney ? niceAbove(Math.max(...worths, 0)) : null;
  const places = hasMoney ? worths : stacked(members);
  const top = hasMoney ? most : Math.max(...places, 8) + 1;
  const label = say(hasMoney ? "map_label" : "map_label_counted", { n: members.length });
  return fitted(HEIGHT, label, (width) => {
    const x = (value) => MARGIN.left + (value / 100) * (width - MARGIN.left - MARGIN.right);
    const y = (value) => HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    const dots = members.map((member, place) =>
      svg(
        "circle",
        {
          class: `dot ${member.temperature.band}${member.customer_id === pointed ? " pointed" : ""}`,
          "data-member": member.customer_id,
          r: DOT,
          cx: x(member.temperature.value),
          cy: y(places[place]),
          on: { click: () => open(member.customer_id) },
        },
        svg(
          "title",
          {},
          `${member.customer_id} · ${number(Math.round(member.temperature.value))}° · ${money(worths[place])}`,
        ),
      ),
    );
    return [...grounds(x), ...(hasMoney ? worthLines(y, most, width) : []), ...dots.reverse()];
  });
}

function grounds(x) {
  return BANDS.flatMap(([band, from, to]) => [
    svg("rect", {
      class: `ground ${band}`,
      x: x(from) + 1,
      width: x(to) - x(from) - 2,
      y: MARGIN.top,
      height: HEIGHT - MARGIN.top - MARGIN.bottom,
      rx: 4,
    }),
    svg("text", { class: "name", x: (x(from) + x(to)) / 2, y: 13, "text-anchor": "middle" }, say(`band_${band}`)),
    ...(from === 0 ? [] : [svg("text", { x: x(from), y: HEIGHT - 7, "text-anchor": "middle" }, `${number(from)}°`)]),
  ]);
}

const worthLines = (y, most, width) =>
  [0.5, 1].flatMap((part) => [
    svg("line", { class: "rule", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(most * part), y2: y(most * part) }),
    svg(
      "text",
      { x: MARGIN.left - 6, y: y(most * part) + 4, "text-anchor": "end" },
      number(most * part, most < 10 ? 1 : 0),
    ),
  ]);

/** Without money, dots of about the same temperature stand on one another. */
function stacked(members) {
  const heights = new Map();
  return members.map(({ temperature }) => {
    const bin = Math.floor(temperature.value / 2.5);
    heights.set(bin, (heights.get(bin) ?? 0) + 1);
    return heights.get(bin) - 0.5;
  });
}

/** The least of 1, 2 or 5 times a power of ten that is not below. */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 2, 4, 5, 10].map((times) => times * power).find((nice) => nice >= value);
}

/** Show which dot belongs to a row; null shows none. */
export function point(id) {
  pointed = id;
  for (const dot of document.querySelectorAll(".glance circle"))
    dot.classList.toggle("pointed", dot.dataset.member === id);
}
