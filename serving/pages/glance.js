// The first look: all members by temperature; of those listed, how much is at risk, how many are cooling, or near a threshold.

import { byId, el } from "./dom.js";
import { chosen } from "./filters.js";
import { map } from "./map.js";
import { money, number, say } from "./say.js";

/** Draw it anew for the members listed so far. */
export function showGlance(members, model, open) {
  const place = byId("glance");
  place.hidden = members.length === 0;
  if (!members.length) return;
  const worths = members.map((member) => member.value_at_risk).filter((worth) => worth !== null);
  const cooling = members.filter(
    (member) => member.temperature.change !== null && Math.round(member.temperature.change) < 0,
  );
  const near = members.filter((member) => member.near_miss.length);
  const figures = [
    worths.length
      ? [
          money(
            worths.reduce((sum, worth) => sum + worth, 0),
            0,
          ),
          say(`at_risk_in_${model.value_of}`),
        ]
      : null,
    [number(cooling.length), say("figure_cooling")],
    model.policy ? [number(near.length), say("figure_near")] : null,
  ];
  place.replaceChildren(
    everybody(model),
    el(
      "div",
      { class: "figures" },
      el("p", { class: "of" }, say("of_listed", { n: members.length })),
      el(
        "dl",
        {},
        figures.filter(Boolean).map(([value, name]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
      ),
    ),
    el(
      "figure",
      {},
      el("figcaption", {}, say(worths.length ? "map_caption" : "map_caption_counted")),
      map(members, open),
    ),
  );
}

/** All members by band, as the batch had them; a band leads to its members. */
function everybody(model) {
  const counts = Object.entries(model.generation.temperatures);
  const now = chosen().temperature;
  return el(
    "div",
    { class: "everybody" },
    el("p", { class: "of" }, say("of_all", { n: model.generation.members })),
    el(
      "div",
      { class: "stack", "aria-hidden": "true" },
      counts.filter(([, n]) => n > 0).map(([band, n]) => el("span", { class: band, style: { "flex-grow": n } })),
    ),
    el(
      "ul",
      {},
      counts.map(([band, n]) =>
        el(
          "li",
          {},
          el(
            "a",
            { class: band, href: now === band ? "#" : `#temperature=${band}`, "aria-current": now === band && "true" },
            say(`band_${band}`),
            " ",
            el("b", {}, number(n)),
          ),
        ),
      ),
    ),
  );
}
