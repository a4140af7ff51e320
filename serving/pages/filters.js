// Who is listed: filters, kept behind the address's '#', so that a view can be bookmarked and no server is told of it.

import { byId, el } from "./dom.js";
import { say } from "./say.js";

const CHOICES = {
  temperature: ["cold", "cool", "warm", "hot"].map((band) => [band, `band_${band}`]),
  stage: ["first_purchase", "repeat", "loyal", "advocate"].map((stage) => [stage, `stage_${stage}`]),
  near_miss: ["keep", "reach"].map((kind) => [kind, `near_${kind}`]),
};

/** The filters in the address, by name. What is none is left out; whether a tier exists, the service knows. */
export function chosen() {
  const said = new URLSearchParams(location.hash.slice(1));
  const names = ["tier", "temperature", "stage", "near_miss"];
  const fits = (name) => (name === "tier" ? said.get(name) : CHOICES[name].some(([value]) => value === said.get(name)));
  return Object.fromEntries(names.filter(fits).map((name) => [name, said.get(name)]));
}

/** Put filters into the address. */
export function choose(filters) {
  const hash = new URLSearchParams(filters).toString();
  history.replaceState(history.state, "", hash ? `#${hash}` : location.pathname + location.search);
}

/**
 * Draw the filters, and the field to find one member.
 * @param {object} model says which tiers there are
 * @param {{changed: () => void, find: (id: string) => void}} acts
 */
export function showFilters(model, { changed, find }) {
  const now = chosen();
  const tiers = (model.policy?.tiers ?? []).map((tier) => [tier, null]);
  if (now.tier && !tiers.some(([tier]) => tier === now.tier)) delete now.tier;
  choose(now);
  const fields = model.policy
    ? { temperature: CHOICES.temperature, tier: tiers, near_miss: CHOICES.near_miss, stage: CHOICES.stage }
    : { temperature: CHOICES.temperature, stage: CHOICES.stage };
  const selects = Object.entries(fields).map(([name, choices]) =>
    field(name, choices, now[name], (value) => {
      const { [name]: _, ...others } = chosen();
      choose(value ? { ...others, [name]: value } : others);
      changed();
    }),
  );
  const id = el("input", { id: "find", type: "text", maxlength: 200, autocomplete: "off", spellcheck: "false" });
  const search = el(
    "span",
    { class: "field find" },
    el("label", { for: "find" }, say("find")),
    el("span", { class: "joined" }, id, el("button", { type: "submit" }, say("open"))),
  );
  const form = byId("filters");
  form.replaceChildren(...selects, search);
  form.onsubmit = (event) => {
    event.preventDefault();
    const wanted = id.value.trim();
    if (wanted) find(wanted);
  };
}

const field = (name, choices, now, changed) =>
  el(
    "span",
    { class: "field" },
    el("label", { for: `filter-${name}` }, say(`filter_${name}`)),
    el(
      "select",
      {
        id: `filter-${name}`,
        class: now ? "set" : "",
        on: {
          change: (event) => {
            event.target.classList.toggle("set", event.target.value !== "");
            changed(event.target.value);
          },
        },
      },
      el("option", { value: "" }, say("all")),
      choices.map(([value, words]) => el("option", { value, selected: value === now }, words ? say(words) : value)),
    ),
  );
