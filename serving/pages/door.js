// Who may read the page: a key is asked for where the service wants one; what is shown goes when the key no longer holds.

import { Refusal, keep } from "./ask.js";
import { byId } from "./dom.js";
import { notice, quiet, told } from "./trouble.js";

let cleared = () => {};
let entered = () => {};

export const isShut = () => !byId("door").hidden;

/** What to do when somebody comes with a key, and what to take away when nobody may read any longer. */
export function startDoor({ enter, clear }) {
  entered = enter;
  cleared = clear;
  byId("door").addEventListener("submit", async (event) => {
    event.preventDefault();
    keep(byId("key").value.trim());
    byId("key").value = "";
    await enter();
    if (!isShut()) byId("list").focus({ preventScroll: true });
  });
  byId("leave").addEventListener("click", leave);
}

/** Show what a key opens. */
export function openDoor() {
  byId("door").hidden = true;
  byId("desk").hidden = byId("print").hidden = false;
}

/** Forget the key, and what is shown. */
export function leave() {
  keep(null);
  shutDoor("");
  entered();
}

/**
 * Say what went wrong: at the door where another key is what helps, else on top of the page.
 * @param {Error} error
 * @param {() => void} again what to try once more
 */
export function fail(error, again) {
  if (error.name === "AbortError") return;
  const words = told(error);
  if (error.status === 401 || (error.code === "missing_scope" && again === entered))
    shutDoor(error.code === "no_key" ? "" : words);
  else notice(words, { again: error instanceof Refusal ? again : null });
}

function shutDoor(why) {
  quiet();
  cleared();
  for (const place of ["desk", "leave", "print"]) byId(place).hidden = true;
  byId("door").hidden = false;
  byId("refused").textContent = why;
  byId("key").focus();
}
