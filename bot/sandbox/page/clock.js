// The conference's clock, which can be turned forward, and the sample questions.

import { make } from "./message.js";
import { dateOf, dayOf, dueOf, hourOf, now, setMoments } from "./moments.js";
import { send } from "./server.js";
import { hasWord, word } from "./words.js";

const DAY = 24 * 3600 * 1000;
const part = (id) => document.getElementById(id);

export class Clock {
  constructor(page) {
    this.page = page; // { alert }
    this.told = {};
    this.waitsFor = 0; // the number of the order that is being carried out
    this.showsSamples = false; // the sample questions were asked for on this page
    for (const button of this.turns) button.addEventListener("click", () => this.turn(button));
    part("load-samples").addEventListener("click", () => this.loadSamples());
    setInterval(() => this.tick(), 1000);
  }

  get turns() {
    return part("clock").querySelectorAll("[data-turn]");
  }

  get isBusy() {
    return Boolean(this.told.waiting) || this.waitsFor > (this.told.order ?? 0);
  }

  receive(told) {
    const turned = this.told.shift !== undefined && this.told.shift !== told.shift;
    this.told = told;
    setMoments(told);
    this.show();
    if (turned) {
      part("clock-said").textContent = word("clock.turned", { moment: `${dateOf(now())}, ${hourOf(now())}` });
      part("clock-now").animate?.([{ opacity: 0.2 }, { opacity: 1 }], 350);
    }
    if (this.showsSamples && told.samples && !this.isBusy) {
      this.showsSamples = false;
      this.showSamples();
    }
  }

  show() {
    const { told } = this;
    const known = Boolean(told.now);
    part("clock").hidden = !known;
    part("load-samples").hidden = !known;
    if (!known) return;
    const loading = this.isBusy && this.showsSamples;
    part("clock").setAttribute("aria-busy", String(this.isBusy));
    part("phones").inert = Boolean(told.waiting);
    part("clock-note").textContent = word(told.waiting ? "clock.anew" : loading ? "samples.loading" : "clock.note");
    const nudge = told.nudge && new Date(told.nudge);
    const deadline = told.deadline && new Date(told.deadline);
    this.label("nudge", nudge, nudge && dueOf(nudge));
    this.label("deadline", deadline, deadline && `${word(`milestone.${told.milestone}`)}, ${dueOf(deadline)}`);
    this.label("day", now(), dayOf(new Date(now().getTime() + DAY)));
    const samples = part("load-samples");
    samples.setAttribute("aria-disabled", String(this.isBusy));
    samples.setAttribute("aria-busy", String(loading));
    samples.querySelector("span").textContent = word(told.samples ? "samples.again" : "samples.button");
    this.tick();
  }

  label(turn, moment, text) {
    const button = part("clock").querySelector(`[data-turn="${turn}"]`);
    button.querySelector("small").textContent = text || word("clock.none");
    // Not `disabled`: whoever has pressed it by keyboard is to stay where they are.
    button.setAttribute("aria-disabled", String(this.isBusy || !moment));
  }

  tick() {
    if (!this.told.now) return;
    const moment = now();
    const day = dateOf(moment);
    const hour = hourOf(moment);
    if (part("clock-hour").textContent !== hour) part("clock-hour").textContent = hour;
    if (part("clock-day").textContent !== day) part("clock-day").textContent = day;
    part("clock-now").dateTime = moment.toISOString();
  }

  async order(content) {
    this.waitsFor = Infinity;
    this.show();
    try {
      this.waitsFor = (await send("orders", content)).number;
    } catch (error) {
      this.waitsFor = 0;
      this.showsSamples = false;
      this.page.alert(word("error.send", { reason: error.message }));
    }
    this.receive(this.told); // the answer may have come before the order's number
  }

  async turn(button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    await this.order({ kind: "clock", to: button.dataset.turn });
  }

  async loadSamples() {
    if (this.isBusy) return;
    if (this.told.samples) {
      this.showSamples();
      return;
    }
    this.showsSamples = true;
    await this.order({ kind: "samples" });
  }

  showSamples() {
    const { taken, held, refused } = this.told.samples;
    part("samples-taken").textContent = taken;
    part("samples-held").textContent = held;
    part("samples-refused").textContent = refused.length;
    part("samples-list").hidden = !refused.length;
    part("samples-list").querySelector("ol").replaceChildren(...refused.map((one) => make("li", {},
      make("small", {}, word("samples.number", { number: one.number })),
      make("q", {}, one.text),
      make("strong", {}, word(hasWord(`refusal.${one.why}`) ? `refusal.${one.why}` : "refusal.other")))));
    if (!part("samples").open) part("samples").showModal();
  }
}
