// Parts of a member's panel: what a tier takes, the tier's way so far, the days shopped, plain facts.

import { bar, bars } from "./charts.js";
import { el, fitted, svg } from "./dom.js";
import { chance, date, dated, money, number, say, sayKind, shortDate } from "./say.js";

const MOVES = ["joined", "rose", "fell", "invited", "reopened"];
const STEP = 26;
const WHOLE = ["orders", "points_earned", "points_balance", "events"];

/** What keeps the tier held, and what lifts to each above it: a table. */
export function takes(member) {
  const heads = ["column_tier", "needs", "until", "unaided"];
  return el(
    "table",
    { class: "takes" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        heads.map((name) => el("th", { scope: "col" }, say(name))),
      ),
    ),
    el(
      "tbody",
      {},
      member.what_it_takes.map((own) =>
        el(
          "tr",
          { class: own.kind },
          el("th", { scope: "row" }, el("span", { class: "kind" }, say(own.kind)), " ", own.tier),
          el("td", {}, needs(own)),
          el("td", {}, until(own)),
          el(
            "td",
            {},
            own.p_unaided === null
              ? (own.because.p_unaided ?? say("not_available"))
              : [el("span", { class: "said" }, chance(own.p_unaided)), bar(own.p_unaided)],
          ),
        ),
      ),
    ),
  );
}

function needs(own) {
  if (own.need === 0) return say("nothing_more");
  const visits = own.visits ? say("visits", { n: own.visits }) : null;
  if (own.need === null) return visits ?? own.because.need ?? say("not_available");
  const whole = WHOLE.includes(own.metric);
  const need = number(
    whole ? Math.ceil(own.need) : Math.ceil(Math.round(own.need * 10_000) / 100) / 100,
    whole ? 0 : 2,
  );
  const words = [el("b", {}, need), ` ${sayKind("metric", own.metric)}`];
  return visits && own.metric !== "orders"
    ? [...words, el("span", { class: "or" }, say("or_visits", { visits }))]
    : words;
}

function until(own) {
  const day = own.kind === "keep" && own.keep_by ? own.keep_by : own.last_day;
  if (day === null || own.need === 0) return "–";
  return own.lost_on
    ? [date(day), el("span", { class: "or" }, say("else_lost", { day: date(own.lost_on) }))]
    : date(day);
}

/** The tier held over time as steps, and on to the horizon's end if nothing comes; the decisions as a list below. */
export function tierPath(member, model) {
  const { history, if_nothing_comes: ahead, by } = member.tier;
  const tiers = model.policy.tiers.filter(
    (tier) => [...history, ...ahead].some((event) => event.tier === tier) || tier === member.tier.name,
  );
  const label = say("tier_path_label", { tier: member.tier.name });
  const picture = fitted(tiers.length * STEP + 28, label, (width, height) =>
    drawn(member, tiers, { history, ahead, by }, width, height),
  );
  const decided = [...history]
    .reverse()
    .map((event) =>
      el(
        "li",
        {},
        el("time", { datetime: event.date }, date(event.date)),
        " ",
        el("b", {}, sayKind("event", event.kind)),
        " ",
        event.tier,
        el("span", { class: "or" }, dated(event.reason)),
      ),
    );
  return [
    tiers.length > 1 && picture,
    el(
      "details",
      {},
      el("summary", {}, say("decisions", { n: history.length })),
      el("ol", { class: "decided" }, decided),
    ),
  ];
}

function drawn(member, tiers, { history, ahead, by }, width, height) {
  const at = (day) => Date.parse(`${day}T00:00:00Z`);
  const moves = history.filter((event) => MOVES.includes(event.kind) && tiers.includes(event.tier));
  const from = at(moves[0]?.date ?? member.as_of);
  const left =
    8 + 8 * Math.max(...tiers.map((tier) => [...tier].reduce((sum, sign) => sum + (sign > "\u2e80" ? 2 : 1), 0)));
  const start = Math.min(left, width * 0.35);
  const x = (day) => start + ((at(day) - from) / Math.max(at(by) - from, 1)) * (width - start - 6);
  const y = (tier) => height - 28 - tiers.indexOf(tier) * STEP;
  const path = (events, first, last) =>
    events.reduce((line, event) => `${line}H${x(event.date)}V${y(event.tier)}`, first) + `H${x(last)}`;
  const begin = moves[0] ?? { date: member.as_of, tier: member.tier.name };
  const coming = ahead.filter((event) => MOVES.includes(event.kind) && tiers.includes(event.tier));
  return [
    ...tiers.flatMap((tier) => [
      svg("line", { class: "rule", x1: start, x2: width - 6, y1: y(tier), y2: y(tier) }),
      svg("text", { x: 0, y: y(tier) + 4, class: tier === member.tier.name ? "now" : "" }, tier),
    ]),
    svg("path", { class: "steps", d: path(moves.slice(1), `M${x(begin.date)} ${y(begin.tier)}`, member.as_of) }),
    svg("path", { class: "steps ahead", d: path(coming, `M${x(member.as_of)} ${y(member.tier.name)}`, by) }),
    svg("circle", { class: "today", cx: x(member.as_of), cy: y(member.tier.name), r: 4.5 }),
    svg("text", { x: start, y: height - 6 }, shortDate(begin.date)),
    svg("text", { x: width - 6, y: height - 6, "text-anchor": "end" }, shortDate(by)),
  ];
}

/** The last days with a purchase or a return, each with its spend. */
export function daysShopped({ ledger }) {
  if (!ledger.last_days.length) return el("p", { class: "hint" }, say("no_days"));
  const most = Math.max(...ledger.last_days.map((day) => day.spend ?? day.orders), 1e-9);
  return bars(
    ledger.last_days.map((day) => {
      const back = day.returned ? ` (${say("returned", { amount: money(day.returned) })})` : "";
      const words = day.spend === null ? say("orders", { n: day.orders }) : `${money(day.spend)}${back}`;
      return [date(day.date), (day.spend ?? day.orders) / most, words, ""];
    }),
    "days",
  );
}

/** Who the member is to the programme. */
export function facts({ joined, consent, ledger, standing }) {
  const own = standing.contribution;
  const rows = [
    ["joined", joined ? date(joined) : say("not_available")],
    ["consent", say(consent === null ? "not_known" : consent ? "yes" : "no")],
    ["first_purchase", date(ledger.first)],
    ["last_purchase", date(ledger.last)],
    ["orders_in_all", number(ledger.orders)],
    ["spend_in_all", money(ledger.spend)],
    ["spend_lately", money(own.sales), standing.window_days],
    ["profit_lately", money(own.profit), standing.window_days],
    [
      "frequency",
      standing.frequency_class === null ? say("not_available") : sayKind("frequency", standing.frequency_class),
    ],
  ];
  return el(
    "dl",
    { class: "plain" },
    rows.map(([name, value, days]) =>
      el("div", {}, el("dt", {}, say(`fact_of_${name}`, { days })), el("dd", {}, value)),
    ),
  );
}
