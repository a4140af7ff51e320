// Whom to call first: the table of members, in the service's order.

import { bar, thermometer } from "./charts.js";
import { byId, el } from "./dom.js";
import { point } from "./map.js";
import { chance, dated, money, number, say } from "./say.js";

let body = null;
let scale = { most: 0, digits: 0 };

/**
 * Draw the empty table.
 * @param {object} model what it says of tiers and money decides on the columns
 * @param {object[]} members the first page, which holds the largest value at risk
 */
export function showTable(model, members) {
  const most = Math.max(...members.map((member) => member.value_at_risk ?? 0), 0);
  scale = { most, digits: most >= 100 ? 0 : 2 };
  const columns = ["member", "temperature", model.policy ? "tier" : null, model.value_of ? "risk" : null, "why"].filter(
    Boolean,
  );
  const heads = columns.map((name) =>
    el(
      "th",
      { scope: "col", role: "columnheader", class: name },
      say(name === "risk" ? `at_risk_in_${model.value_of}` : `column_${name}`),
    ),
  );
  // At narrow widths the styles make cards of the rows; the roles keep it a table to those who hear it.
  body = el("tbody", { role: "rowgroup" });
  byId("members").replaceChildren(
    el(
      "table",
      { role: "table", class: model.policy || model.value_of ? "wide" : "", "aria-labelledby": "title" },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
      body,
    ),
  );
}

/** Draw more rows. */
export function addRows(model, members, open) {
  body.append(...members.map((member) => row(model, member, open)));
}

/** Mark the row of the member whose panel is open; null marks none. */
export function mark(id) {
  for (const own of document.querySelectorAll("#members tbody tr")) {
    const is = id !== null && own.dataset.member === id;
    own.classList.toggle("open", is);
    own.querySelector("button").setAttribute("aria-expanded", String(is));
  }
  point(id);
}

/** The button that opens a listed member; null where it is not on the list. */
export const buttonOf = (id) =>
  [...document.querySelectorAll("#members tbody tr")]
    .find((own) => own.dataset.member === id)
    ?.querySelector("button") ?? null;

/** The member before (-1) or after (1) one on the list; null at its ends. */
export function beside(id, step) {
  const ids = [...document.querySelectorAll("#members tbody tr")].map((own) => own.dataset.member);
  const place = ids.indexOf(id);
  return place < 0 ? null : (ids[place + step] ?? null);
}

function row(model, member, open) {
  const id = member.customer_id;
  const button = el("button", { type: "button", class: "id", "aria-expanded": "false", "aria-controls": "member" }, id);
  const cells = [
    el(
      "th",
      { scope: "row", role: "rowheader", class: "member" },
      button,
      el("span", { class: "stage" }, say(`stage_${member.stage}`)),
    ),
    cell("temperature", thermometer(member.temperature, member.horizon_days)),
    model.policy &&
      cell(
        "tier",
        tierAhead(member),
        member.near_miss.map((near) =>
          el(
            "p",
            { class: `near short ${near.kind}` },
            say(`short_${near.kind}`, {
              need: number(near.need, Number.isInteger(near.need) ? 0 : 2),
              tier: near.tier,
            }),
          ),
        ),
      ),
    model.value_of &&
      cell(
        "risk",
        el("span", { class: "worth" }, money(member.value_at_risk, scale.digits)),
        scale.most ? bar((member.value_at_risk ?? 0) / scale.most) : null,
      ),
    cell(
      "why",
      member.near_miss.map((near) => el("p", { class: `near ${near.kind}` }, dated(near.sentence))),
      el("p", {}, member.reasons[0]?.sentence ?? ""),
    ),
  ];
  const own = el("tr", { role: "row" }, cells);
  own.dataset.member = id;
  own.addEventListener("click", (event) => {
    if (event.target === button || !getSelection().toString()) open(id);
  });
  own.addEventListener("mouseenter", () => point(id));
  own.addEventListener("mouseleave", () => point(document.querySelector("#members tr.open")?.dataset.member ?? null));
  button.addEventListener("focus", () => point(id));
  button.addEventListener("keydown", (event) => walk(event, own));
  return own;
}

const cell = (kind, ...children) => el("td", { role: "cell", class: kind }, children);

/** The tier held, and the likeliest next with its chance. */
function tierAhead({ tier, p_next_tier: chances }) {
  if (tier === null) return say("not_available");
  const held = el("span", { class: "held" }, tier);
  if (!chances) return held;
  const names = Object.keys(chances);
  const next = names.reduce((best, name) => (chances[name] > chances[best] ? name : best));
  const way = Math.sign(names.indexOf(next) - names.indexOf(tier));
  const words = say(["next_falls", "next_stays", "next_rises"][way + 1], { tier: next, chance: chance(chances[next]) });
  return [held, el("p", { class: `next ${["falls", "stays", "rises"][way + 1]}` }, words)];
}

/** Up and down from one row's button to the next. */
function walk(event, own) {
  const to = { ArrowDown: own.nextElementSibling, ArrowUp: own.previousElementSibling }[event.key];
  if (!to) return;
  event.preventDefault();
  to.querySelector("button").focus();
}
