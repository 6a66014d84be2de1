// The conference's moment: the real one, shifted by as much as its clock was turned forward.

import { language, word } from "./words.js";

let zone; // the conference's time zone; the browser's own until the bot has told it
let shift = 0; // milliseconds

export function setMoments(told) {
  zone = told.zone;
  shift = (told.shift ?? 0) * 1000;
}

export function now() {
  return new Date(Date.now() + shift);
}

function text(moment, options) {
  const locale = language === "en" ? "en-GB" : language;
  return new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(moment);
}

const month = () => (language === "vi" ? "numeric" : "long");

export const hourOf = (moment) => text(moment, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const dayOf = (moment) => text(moment, { day: "numeric", month: month() });
export const weekdayOf = (moment) => text(moment, { weekday: "long", day: "numeric", month: month() });
export const dateOf = (moment) => text(moment, { weekday: "long", day: "numeric", month: month(), year: "numeric" });
export const dayKeyOf = (moment) => text(moment, { day: "numeric", month: "numeric", year: "numeric" });

// A milestone at midnight is over before its day begins, and is said so.
export function dueOf(moment) {
  const hour = hourOf(moment);
  return hour === "00:00" ? word("clock.before", { day: dayOf(moment) }) : `${dayOf(moment)} ${hour}`;
}
