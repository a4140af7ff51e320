// Whose panel is open. It is a place of its own to come back from; no id gets into an address.

import { fail, isShut } from "./door.js";
import { byId } from "./dom.js";
import { choose, chosen } from "./filters.js";
import { beside, buttonOf, mark } from "./table.js";
import { showMember } from "./member.js";

const narrow = matchMedia("(max-width: 1099px)");
let opened = null;
let model = null;
let filters = null;

export const current = () => opened;

/** Open a member's panel. */
export function open(id) {
  if (history.state?.member) history.replaceState({ member: id }, "");
  else history.pushState({ member: id }, "");
  show(id);
}

/** Show the panel that was open when the page was left, or the one that is, anew: by another model, in another language. */
export function reopen(now) {
  model = now;
  const id = opened ?? history.state?.member ?? null;
  if (id !== null) show(id, opened === null);
}

/** Follow the browser's way back and forth. */
export function startPanel() {
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened !== null) close();
  });
  addEventListener("popstate", (event) => {
    if (filters !== null) choose(filters);
    filters = null;
    if (isShut() || model === null) return;
    if (event.state?.member) show(event.state.member);
    else if (opened !== null) shut();
  });
  narrow.addEventListener("change", cover);
}

/** Close it; the reader is back at the row it was opened from. */
export function shut() {
  const before = opened;
  opened = null;
  byId("member").hidden = true;
  byId("member").replaceChildren();
  cover();
  mark(null);
  const row = before === null ? null : buttonOf(before);
  if (row !== null) row.focus();
  else if (before !== null) byId("list").focus({ preventScroll: true });
}

async function show(id, focus = true) {
  opened = id;
  mark(id);
  byId("member").hidden = false;
  cover();
  const step = (way) => (beside(id, way) === null ? null : () => open(beside(id, way)));
  try {
    await showMember(id, model, { close, step, focus });
  } catch (error) {
    fail(error, () => show(id));
  }
}

function close() {
  // The way back leads to the list as it is filtered now, not as it was.
  filters = chosen();
  if (history.state?.member) history.back();
  else shut();
}

/** Where the panel covers the page, what is below cannot be reached. */
function cover() {
  const covered = opened !== null && narrow.matches;
  document.documentElement.classList.toggle("covered", covered);
  for (const below of [byId("list"), document.querySelector(".bar")]) below.inert = covered;
}
