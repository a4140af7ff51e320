// Words, numbers and days in the reader's language. The service's own sentences come in it already.

const KEPT = "tiercast-language";
const LANGUAGES = { en: "en-GB", zh: "zh-CN" };
const MINUTE = 60_000;

let words = {};
let chosen = kept() ?? (navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en");

/** Fetch the dictionary, and set the page in the language of last time, or the browser's. */
export async function startSaying() {
  const answer = await fetch(new URL("desk/words.json", document.baseURI));
  words = await answer.json();
  speak();
}

export const language = () => chosen;
export const otherLanguage = () => (chosen === "en" ? "zh" : "en");

/** Set the page's fixed words: in a language that is chosen, and remembered, or in the one there is. */
export function speak(wanted = null) {
  if (wanted !== null) {
    chosen = wanted;
    try {
      localStorage.setItem(KEPT, wanted);
    } catch {
      /* not remembered then */
    }
  }
  document.documentElement.lang = chosen === "zh" ? LANGUAGES.zh : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
}

/** A sentence of the dictionary with its places filled; of two forms the one that fits the number `n`. */
export function say(name, values = {}) {
  const own = words[chosen] ?? {};
  const one = values.n === 1 ? own[`${name}_one`] : undefined;
  const filling = (_, place) => (typeof values[place] === "number" ? number(values[place]) : String(values[place]));
  return (one ?? own[name] ?? name).replace(/\{(\w+)\}/g, filling);
}

/** The sentence of a dictionary entry that may be missing: a kind that this page does not know is shown as it is. */
export const sayKind = (group, kind) =>
  words[chosen]?.[`${group}_${kind}`] === undefined ? String(kind) : say(`${group}_${kind}`);

const locale = () => navigator.languages?.find((one) => one.toLowerCase().startsWith(chosen)) ?? LANGUAGES[chosen];

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** Money, in whole units where `digits` is 0. What is not available is said to be so. */
export const money = (value, digits = 2) =>
  value === null || value === undefined ? say("not_available") : number(value, digits);

/** A probability in whole per cent; what is nearly certain is not said to be certain. */
export function chance(p) {
  const percent = new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 });
  if (p > 0 && p < 0.01) return `< ${percent.format(0.01)}`;
  if (p < 1 && p > 0.99) return `> ${percent.format(0.99)}`;
  return percent.format(p);
}

// A day is a day: read and written at the same zone, so that none becomes the one before.
const utc = (day) => new Date(`${day}T00:00:00Z`);
export const date = (day, style = "medium") =>
  day
    ? new Intl.DateTimeFormat(locale(), { dateStyle: style, timeZone: "UTC" }).format(utc(day))
    : say("not_available");

/** A sentence of the service, its days written as this page writes them. */
export const dated = (sentence) => sentence.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (day) => date(day));
export const shortDate = (day) =>
  new Intl.DateTimeFormat(locale(), { month: "short", year: "2-digit", timeZone: "UTC" }).format(utc(day));
export const plusDays = (day, days) => new Date(utc(day).getTime() + days * 1440 * MINUTE).toISOString().slice(0, 10);
export const daysBetween = (from, to) => Math.round((utc(to) - utc(from)) / (1440 * MINUTE));

/** Today by the reader's clock, as a day. */
export function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** How long ago a moment was: '3 hours ago'. */
export function ago(moment) {
  const minutes = Math.round((new Date(moment) - Date.now()) / MINUTE);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / 1440), "day");
}

function kept() {
  try {
    const said = localStorage.getItem(KEPT);
    return said in LANGUAGES ? said : null;
  } catch {
    return null;
  }
}
