// Who is listed: asked for page by page, by the filters in the address.

import { ask } from "./ask.js";
import { fail } from "./door.js";
import { byId, el } from "./dom.js";
import { choose, chosen } from "./filters.js";
import { showGlance } from "./glance.js";
import { addRows, buttonOf, mark, showTable } from "./table.js";
import { current, open } from "./panel.js";
import { say } from "./say.js";
import { quiet, tell } from "./trouble.js";

const A_PAGE = 50;
let members = [];
let next = null;
let filters = {};
let asking = null;

export const listedBy = () => filters;

/** Show nobody, and wait for nobody. */
export function unlist() {
  asking?.abort();
  members = [];
  for (const place of ["members", "glance", "filters"]) byId(place).replaceChildren();
}

/**
 * List from the top.
 * @param {object} model
 * @param {() => Promise<void>} enter begins anew: another batch may be served by now
 */
export async function list(model, enter) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  filters = chosen();
  busy(true);
  try {
    const found = await page(null, signal);
    [members, next] = [found.members, found.next];
    quiet();
    if (members.length) {
      showTable(model, members);
      addRows(model, members, open);
    } else {
      byId("members").replaceChildren(nobody(enter));
    }
    listed(model, enter);
  } catch (error) {
    if (!signal.aborted && !members.length) byId("members").replaceChildren();
    fail(error, error.code === "missing_scope" ? enter : () => list(model, enter));
  } finally {
    if (!signal.aborted) busy(false);
  }
}

async function more(model, enter, button) {
  const { signal } = asking;
  button.disabled = true;
  busy(true);
  try {
    const found = await page(next, signal);
    [members, next] = [[...members, ...found.members], found.next];
    addRows(model, found.members, open);
    listed(model, enter);
    if (found.members.length) buttonOf(found.members[0].customer_id).focus();
  } catch (error) {
    button.disabled = false;
    if (error.status === 409) await enter();
    else fail(error, () => more(model, enter, button));
  } finally {
    if (!signal.aborted) busy(false);
  }
}

const page = (cursor, signal) =>
  ask(`v1/members?${new URLSearchParams({ ...filters, limit: A_PAGE, reasons: 1, ...(cursor ? { cursor } : {}) })}`, {
    signal,
  });

function listed(model, enter) {
  showGlance(members, model, open);
  document.querySelector("#members .more")?.remove();
  if (next !== null) {
    const button = el(
      "button",
      { type: "button", on: { click: () => more(model, enter, button) } },
      say("more", { n: A_PAGE }),
    );
    byId("members").append(el("p", { class: "more" }, button));
  }
  mark(current());
  tell(members.length ? say("listed", { n: members.length }) : say("nobody"));
}

function busy(is) {
  const place = byId("members");
  place.setAttribute("aria-busy", String(is));
  if (!is) return;
  tell(say("loading"));
  if (!place.children.length) place.replaceChildren(el("p", { class: "empty" }, say("loading")));
}

function nobody(enter) {
  if (!Object.keys(filters).length) return el("p", { class: "empty" }, say("nobody_at_all"));
  const everybody = () => {
    choose({});
    enter();
  };
  const button = el("button", { type: "button", on: { click: everybody } }, say("everybody"));
  return el("div", { class: "empty" }, el("p", {}, say("nobody")), button);
}
