// What if: a purchase is imagined, and the service says what it would change.

import { ask } from "./ask.js";
import { beforeAfter } from "./charts.js";
import { el } from "./dom.js";
import { chance, dated, money, number, plusDays, say } from "./say.js";
import { told } from "./trouble.js";

/** A form for one member: an amount (none: the usual basket) and a day within the horizon; and the answer below it. */
export function whatIf(member, model) {
  const basket = member.what_it_takes.find((own) => own.usual_basket !== null)?.usual_basket ?? null;
  const last = plusDays(member.as_of, model.horizon_days - 1);
  const amount =
    model.has_amounts &&
    el("input", {
      id: "try-amount",
      type: "number",
      min: "0",
      max: "99999999",
      step: "any",
      inputmode: "decimal",
      placeholder: basket === null ? "" : number(basket, 2),
    });
  const day = el("input", {
    id: "try-day",
    type: "date",
    min: member.as_of,
    max: last,
    value: member.as_of,
    required: true,
  });
  const answer = el("div", { class: "answer", "aria-live": "polite" });
  const send = el("button", { type: "submit" }, say("try"));
  const form = el(
    "form",
    { class: "try" },
    amount && el("span", { class: "field" }, el("label", { for: "try-amount" }, say("amount")), amount),
    el("span", { class: "field" }, el("label", { for: "try-day" }, say("day")), day),
    send,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const size = amount ? amount.value : "";
    const imagined =
      size === "" ? { date: day.value, kind: "visit" } : { date: day.value, kind: "purchase", amount: Number(size) };
    send.disabled = true;
    answer.replaceChildren(el("p", { class: "hint" }, say("loading")));
    try {
      const found = await ask("v1/what-if", { body: { customer_id: member.customer_id, trials: [[imagined]] } });
      answer.replaceChildren(...outcome(found.what_ifs[0], found.horizon_days));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "refused", role: "alert" }, told(error)));
    } finally {
      send.disabled = false;
    }
  });
  return [el("p", { class: "hint" }, say(model.has_amounts ? "what_if_hint" : "what_if_hint_visits")), form, answer];
}

function outcome({ forecast, summary }, days) {
  const said = el(
    "ul",
    { class: "summary" },
    summary.map((sentence) => el("li", {}, dated(sentence))),
  );
  if (forecast.change === null)
    return [said, el("p", { class: "hint" }, dated(forecast.with.because ?? forecast.without.because))];
  const { without, with: found } = forecast;
  const tiers = Object.keys(found.p_at_least ?? {}).slice(1);
  const rows = [
    [
      say("buys_within", { n: days }),
      1 - without.p_churn,
      1 - found.p_churn,
      chance(1 - without.p_churn),
      chance(1 - found.p_churn),
      true,
    ],
    ...tiers.map((tier, place) => {
      const [was, is] = [without.p_at_least[tier], found.p_at_least[tier]];
      return [place === tiers.length - 1 ? tier : say("or_higher", { tier }), was, is, chance(was), chance(is), true];
    }),
  ];
  const [was, is] = [without.value_at_risk, found.value_at_risk];
  if (was !== null && Math.max(was, is) > 0) {
    const most = Math.max(was, is);
    rows.push([say("at_risk"), was / most, is / most, money(was), money(is), false]);
  }
  return [beforeAfter(rows), said];
}
