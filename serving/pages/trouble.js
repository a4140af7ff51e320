// What goes wrong, in words that say what to do; and that something is on its way.

import { Refusal } from "./ask.js";
import { byId, el } from "./dom.js";
import { say } from "./say.js";

const BY_CODE = {
  away: "trouble_away",
  no_key: "trouble_no_key",
  unknown_key: "trouble_unknown_key",
  missing_scope: "trouble_missing_scope",
  not_local: "trouble_not_local",
  unknown_member: "trouble_unknown_member",
  keys_away: "trouble_busy",
};
const BY_STATUS = {
  401: "trouble_unknown_key",
  403: "trouble_missing_scope",
  404: "trouble_unknown_member",
  409: "trouble_changed",
  413: "trouble_refused",
  422: "trouble_refused",
  429: "trouble_too_often",
  503: "trouble_busy",
};

let kind = null;

/** A refusal as a sentence. */
export function told(error) {
  if (!(error instanceof Refusal)) throw error;
  const words = say(BY_CODE[error.code] ?? BY_STATUS[error.status] ?? "trouble_failed");
  return error.status >= 500 && error.status !== 503 && error.request
    ? `${words} ${say("trouble_log", { id: error.request })}`
    : words;
}

/** Say something on top of the page; with `again`, there is a button that tries it again. */
export function notice(words, { again = null, of = "error" } = {}) {
  kind = of;
  const place = byId("notice");
  const button =
    again &&
    el(
      "button",
      {
        type: "button",
        on: {
          click: () => {
            quiet();
            again();
          },
        },
      },
      say("again"),
    );
  place.replaceChildren(words, " ", ...(button ? [button] : []));
  place.hidden = false;
}

/** Take the notice away: any, or one of a kind. */
export function quiet(of = null) {
  if (of !== null && of !== kind) return;
  byId("notice").hidden = true;
}

/** Say that the service is asked again by and by; null when it has answered. */
export function waiting(refusal) {
  if (refusal === null) quiet("waiting");
  else
    notice(say(refusal.status === 429 ? "waiting_too_often" : "waiting_busy", { n: refusal.wait }), { of: "waiting" });
}

/** Tell those who hear the page. */
export const tell = (words) => {
  byId("status").textContent = words;
};
