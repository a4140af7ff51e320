// The page's course: words, the door, what answers, the list, a member.

import { ask, hasKey, whileWaiting } from "./ask.js";
import { fail, isShut, openDoor, startDoor } from "./door.js";
import { byId, el } from "./dom.js";
import { chosen, showFilters } from "./filters.js";
import { list, listedBy, unlist } from "./listing.js";
import { open, reopen, shut, startPanel } from "./panel.js";
import { ago, date, daysBetween, otherLanguage, plusDays, say, speak, startSaying, today } from "./say.js";
import { quiet, waiting } from "./trouble.js";

const TERMS = ["temperature", "band", "change", "risk", "tier", "near", "reason", "what_if"];
let model = null;

/** Ask what answers, and show it; without a good key, the door asks for one. */
async function enter() {
  try {
    model = await ask("v1/model");
    openDoor();
    await draw();
  } catch (error) {
    fail(error, enter);
  }
}

async function draw() {
  quiet();
  byId("leave").hidden = !hasKey();
  head();
  byId("order").textContent = say(model.value_of ? `order_by_${model.value_of}` : "order_by_none", {
    days: model.horizon_days,
  });
  byId("words").replaceChildren(
    ...TERMS.flatMap((term) => [el("dt", {}, say(`term_${term}`)), el("dd", {}, say(`meaning_${term}`))]),
  );
  showFilters(model, { changed: () => list(model, enter), find: open });
  await list(model, enter);
  if (!isShut()) reopen(model);
}

/** Whose members these are, of when, and how old that is. */
function head() {
  const end = plusDays(model.as_of, model.horizon_days);
  byId("programme").textContent = model.policy?.programme ?? "Tiercast";
  document.title = model.policy ? `${model.policy.programme} · Tiercast` : "Tiercast";
  const facts = [
    say("fact_as_of", { day: date(model.as_of) }),
    say("fact_horizon", { n: model.horizon_days }),
    say("fact_members", { n: model.generation.members }),
    say("fact_filled", { ago: ago(model.generation.filled_at) }),
    say("fact_model", { version: model.version }),
  ];
  const over = daysBetween(end, today()) >= 0 && el("li", { class: "over" }, say("fact_over", { day: date(end) }));
  byId("facts").replaceChildren(...facts.map((fact) => el("li", {}, fact)), ...(over ? [over] : []));
}

function clear() {
  model = null;
  history.replaceState(null, "");
  shut();
  unlist();
  byId("facts").replaceChildren();
  byId("programme").textContent = document.title = "Tiercast";
}

function nameLanguage() {
  byId("language").textContent = otherLanguage() === "zh" ? "中文" : "English";
  byId("language").lang = otherLanguage();
}

function changeLanguage() {
  speak(otherLanguage());
  nameLanguage();
  byId("refused").textContent = "";
  if (model !== null) draw();
}

async function start() {
  await startSaying();
  whileWaiting(waiting);
  startDoor({ enter, clear });
  startPanel();
  nameLanguage();
  byId("language").addEventListener("click", changeLanguage);
  byId("print").addEventListener("click", () => print());
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("list").focus();
  });
  addEventListener("hashchange", () => {
    if (model !== null && JSON.stringify(chosen()) !== JSON.stringify(listedBy())) draw();
  });
  await enter();
}

start();
