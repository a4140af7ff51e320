// Questions to the service: with the reader's key, in the reader's language, again where the service says when.

import { language } from "./say.js";

const KEPT = "tiercast-key";
const MOST_TRIES = 4;
const LONGEST_WAIT_S = 60;

/** What the service refused: status, code, seconds to wait (null: not said), and the id by which its log has it. */
export class Refusal extends Error {
  constructor(status, code, wait, request) {
    super(code);
    Object.assign(this, { status, code, wait, request });
  }
}

let key = kept();
let waits = () => {};

/** Tell `heard` whenever the service is to be asked again later: a refusal with seconds; null when it has answered. */
export const whileWaiting = (heard) => {
  waits = heard;
};

export const hasKey = () => key !== null;

/** Keep a key as long as this tab is open; null forgets it. */
export function keep(given) {
  key = given;
  try {
    if (given === null) sessionStorage.removeItem(KEPT);
    else sessionStorage.setItem(KEPT, given);
  } catch {
    /* a browser that keeps nothing: the key lasts until the page is left */
  }
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/**
 * The service's answer as plain values. A question that is broken off throws an AbortError.
 * @param {string} path below the service's root, `v1/...`
 * @param {{body?: object, signal?: AbortSignal}} how a body makes it a POST
 */
export async function ask(path, { body, signal } = {}) {
  for (let tried = 1; ; tried += 1) {
    try {
      const found = await once(path, body, signal);
      waits(null);
      return found;
    } catch (error) {
      const later = error instanceof Refusal && (error.status === 429 || error.status === 503) && error.wait !== null;
      if (!later || tried >= MOST_TRIES || error.wait > LONGEST_WAIT_S) throw error;
      waits(error);
      await pause(error.wait, signal);
    }
  }
}

async function once(path, body, signal) {
  const headers = { accept: "application/json", "accept-language": language() };
  if (key !== null) {
    if (!/^[\x21-\x7e]+$/.test(key)) throw new Refusal(401, "unknown_key", null, null);
    headers.authorization = `Bearer ${key}`;
  }
  if (body !== undefined) headers["content-type"] = "application/json";
  const how = { method: body === undefined ? "GET" : "POST", headers, signal, credentials: "omit", cache: "no-store" };
  let answer, text;
  try {
    answer = await fetch(new URL(path, document.baseURI), { ...how, body: body && JSON.stringify(body) });
    text = await answer.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "away", null, null);
  }
  if (!answer.ok) throw new Refusal(answer.status, codeOf(text), secondsOf(answer), answer.headers.get("x-request-id"));
  try {
    return JSON.parse(text, exact);
  } catch {
    throw new Refusal(answer.status, "unreadable", null, null);
  }
}

/** Ids are text here. A number with more digits than JavaScript holds is taken as it was written. */
function exact(name, value, context) {
  if (name !== "customer_id" || typeof value !== "number") return value;
  return Number.isSafeInteger(value) || !context?.source ? String(value) : context.source;
}

function codeOf(text) {
  try {
    return JSON.parse(text).error.code;
  } catch {
    return "unreadable";
  }
}

function secondsOf(answer) {
  const said = answer.headers.get("retry-after");
  return said !== null && /^\d+$/.test(said) ? Math.max(1, Number(said)) : null;
}

const pause = (seconds, signal) =>
  new Promise((done, broken) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        broken(signal.reason);
      },
      { once: true },
    );
  });
