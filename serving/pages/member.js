// One member's panel: what to say on the phone, what keeps and lifts the tier, why, what if, and what was.

import { ask } from "./ask.js";
import { leanings, thermometer, tierChances } from "./charts.js";
import { byId, el } from "./dom.js";
import { date, dated, money, number, plusDays, say, sayKind } from "./say.js";
import { daysShopped, facts, takes, tierPath } from "./sections.js";
import { tell, told } from "./trouble.js";
import { whatIf } from "./try.js";

const REASONS = 10;
let asking = null;

/**
 * Ask for a member and show all there is to say. What goes wrong is said in the panel; a key that is none any longer
 * is thrown.
 * @param {string} id
 * @param {object} model
 * @param {{close: () => void, step: (way: number) => (() => void) | null, focus: boolean}} acts
 */
export async function showMember(id, model, { close, step, focus }) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const place = byId("member");
  // Whoever walks down the list by a button stays on it.
  const walked = [...place.querySelectorAll(".walk button")].indexOf(document.activeElement);
  const body = el("div", {}, el("p", { class: "empty" }, say("loading")));
  place.replaceChildren(heading(id, close, step), body);
  place.setAttribute("aria-busy", "true");
  place.scrollTop = 0;
  const again = place.querySelectorAll(".walk button")[walked];
  if (focus) (again && !again.disabled ? again : byId("who")).focus({ preventScroll: true });
  try {
    const found = await ask(`v1/members/${encodeURIComponent(id)}?reasons=${REASONS}`, { signal });
    body.replaceChildren(...content(found, model));
    tell(say("member_shown", { id }));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 401) throw error;
    const again =
      error.status !== 404 &&
      el(
        "button",
        { type: "button", on: { click: () => showMember(id, model, { close, step, focus: true }) } },
        say("again"),
      );
    body.replaceChildren(el("p", { class: "refused", role: "alert" }, told(error)), again || "");
  } finally {
    if (!signal.aborted) place.setAttribute("aria-busy", "false");
  }
}

function heading(id, close, step) {
  const walk = (way, sign, words) => {
    const act = step(way);
    return el(
      "button",
      {
        type: "button",
        class: "quiet sign",
        disabled: act === null,
        "aria-label": say(words),
        title: say(words),
        on: { click: act ?? (() => {}) },
      },
      sign,
    );
  };
  return el(
    "div",
    { class: "panel-head" },
    el("h2", { id: "who", tabindex: "-1" }, el("small", {}, say("column_member")), " ", el("bdi", {}, id)),
    el(
      "div",
      { class: "walk" },
      walk(-1, "↑", "previous"),
      walk(1, "↓", "next"),
      el(
        "button",
        { type: "button", class: "quiet sign", "aria-label": say("close"), title: say("close"), on: { click: close } },
        "✕",
      ),
    ),
  );
}

function content(member, model) {
  const { forecast } = member;
  return [
    member.consent === false && el("p", { class: "consent" }, say("no_consent")),
    member.as_of !== model.as_of && el("p", { class: "hint" }, say("fact_as_of", { day: date(member.as_of) })),
    standing(member),
    part(
      "for_the_call",
      el(
        "ul",
        { class: "summary" },
        member.summary.map((sentence) => el("li", {}, dated(sentence))),
      ),
    ),
    forecast?.p_next_tier &&
      part("tier_on", tierChances(forecast.p_next_tier, forecast.tier), {
        day: date(plusDays(member.as_of, forecast.horizon_days)),
      }),
    member.what_it_takes.length > 0 && part("takes", takes(member)),
    forecast?.reasons.length > 0 &&
      part("why", [el("p", { class: "hint" }, say("why_hint")), leanings(forecast.reasons)]),
    part("what_if", whatIf(member, model)),
    member.tier?.history.length > 0 && part("tier_path", tierPath(member, model)),
    part("days", daysShopped(member)),
    part("facts", facts(member)),
  ].filter(Boolean);
}

/** Temperature, tier and money at a glance. */
function standing(member) {
  const { forecast } = member;
  if (forecast === null) return el("p", { class: "no-forecast" }, member.no_forecast);
  return el(
    "div",
    { class: "standing" },
    thermometer(forecast.temperature, forecast.horizon_days),
    el(
      "dl",
      {},
      forecast.tier !== null && figure("column_tier", forecast.tier),
      figure(forecast.value_of ? `at_risk_in_${forecast.value_of}` : "at_risk", money(forecast.value_at_risk)),
      figure(
        "next_purchase",
        forecast.next_purchase_days.median === null
          ? say("open_end")
          : say("in_days", { n: Math.max(Math.round(forecast.next_purchase_days.median), 1) }),
      ),
      figure("column_stage", sayKind("stage", forecast.stage)),
    ),
  );
}

const figure = (name, value) =>
  el("div", {}, el("dt", {}, say(name)), el("dd", {}, typeof value === "number" ? number(value) : value));

const part = (name, children, values) =>
  el(
    "section",
    { class: `part about-${name}`, "aria-labelledby": `part-${name}` },
    el("h3", { id: `part-${name}` }, say(name, values)),
    children,
  );
