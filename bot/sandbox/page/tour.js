// The guided tour: it stands beside the phones, never before them, and notices what has been done.

import { make } from "./message.js";
import { word } from "./words.js";

const part = (id) => document.getElementById(id);
const KEPT = "sandbox.tour";
const LAST = 8;
const CLOSING = 9;

// What a step is noticed by: a button's data (they are published and never change), or a message.
const pressed = (who, data) => (event, cast) =>
  event.kind === "callback" && event.person_id === cast[who] && event.data.startsWith(data);
const keysOf = (message) => (message.reply_markup?.inline_keyboard ?? []).flat();
const hears = (who, isIt) => (event, cast) =>
  event.kind === "message" && event.chat_id === cast[who] && event.message.from.is_bot && isIt(event.message);
const DONE = {
  2: pressed("member", "a.consent:1"),
  3: pressed("member", "a.send"),
  4: pressed("lead", "i.take"),
  5: hears("lead", (message) => keysOf(message).some((key) => key.callback_data?.startsWith("n.quiet"))),
  6: pressed("lead", "r.send"),
  7: hears("organiser", (message) => Boolean(message.document)),
  8: (event) => event.kind === "told" && Boolean(event.told.samples),
};

const gate = (phone) => phone.querySelector(".gate:not([hidden]) button");
const key = (phone, data) => phone.querySelector(`.message:last-child .key[data-data^="${data}"]`);
const keys = (phone, data) => key(phone, data)?.closest(".keys");
const field = (phone) => phone.querySelector(".composer");
const inLast = (phone, selector) => phone.querySelector(`.message:last-child ${selector}`);

// Where the next thing is to be done: the first that is there.
const TARGETS = {
  2: ({ member }) => gate(member) ?? key(member, "a.consent:1") ?? field(member),
  3: ({ member }) => gate(member) ?? key(member, "a.send")
    ?? keys(member, "a.age") ?? keys(member, "a.unit") ?? keys(member, "a.topic") ?? field(member),
  4: ({ organiser, lead }) => key(lead, "i.take") ?? gate(organiser) ?? inLast(organiser, ".open-on")
    ?? keys(organiser, "t.invite:unit_lead:") ?? field(organiser),
  5: () => document.querySelector('[data-turn="nudge"]'),
  6: ({ lead }) => gate(lead) ?? key(lead, "r.send") ?? key(lead, "r.open") ?? field(lead),
  7: ({ organiser }) => gate(organiser) ?? key(organiser, "e.make") ?? field(organiser),
  8: () => part("load-samples"),
};
const PHONES = { 2: "member", 3: "member", 4: "organiser", 6: "lead", 7: "organiser" };

export class Tour {
  constructor(page) {
    this.page = page; // { cast, phoneOf, reveal }
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    this.step = kept.step ?? 0; // 0: not under way
    this.done = new Set(kept.done ?? []);
    this.seen = kept.seen ?? false;
    this.awaited = null; // a step whose button was pressed and whose answer is on its way
    part("tour-open").addEventListener("click", () => this.go(this.step || 1));
    part("offer-yes").addEventListener("click", () => this.go(1));
    part("offer-no").addEventListener("click", () => this.leave());
    part("tour-next").addEventListener("click", () => (this.step === CLOSING ? this.leave() : this.go(this.step + 1)));
    part("tour-back").addEventListener("click", () => this.go(this.step - 1));
    part("tour-skip").addEventListener("click", () => this.leave());
    part("tour").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
    });
    // Samples loaded before the tour came to them are only looked at again.
    new MutationObserver(() => part("samples").open && this.finish(LAST))
      .observe(part("samples"), { attributeFilter: ["open"] });
    part("tour-steps").append(...Array.from({ length: LAST }, () => make("i")));
  }

  keep() {
    localStorage.setItem(KEPT, JSON.stringify({ step: this.step, done: [...this.done], seen: this.seen }));
  }

  go(step) {
    this.step = step;
    this.seen = true;
    this.keep();
    this.show();
    part("tour-title").focus({ preventScroll: true });
    const phone = this.page.phoneOf(PHONES[step]);
    if (phone) this.page.reveal(phone);
  }

  leave() {
    this.step = 0;
    this.seen = true;
    this.keep();
    this.show();
    part("tour-open").focus();
  }

  // Everything begins anew; a tour that was at its end has come to it, any other one starts again.
  reset() {
    this.done.clear();
    if (this.step) this.step = this.step >= LAST ? CLOSING : 1;
    this.keep();
  }

  note(event) {
    for (const [number, isDone] of Object.entries(DONE)) {
      if (isDone(event, this.page.cast)) {
        if (event.kind === "callback") this.awaited = { step: Number(number), chat: event.chat_id };
        else this.finish(Number(number));
      }
    }
    // A pressed button has done its work when the bot has said so.
    if (this.awaited?.chat === event.chat_id && ["message", "edit"].includes(event.kind)) {
      this.finish(this.awaited.step);
      this.awaited = null;
    }
    this.point();
  }

  finish(step) {
    if (this.done.has(step)) return;
    this.done.add(step);
    this.keep();
    if (this.step === step) this.show();
  }

  show() {
    const { step } = this;
    const done = this.done.has(step);
    part("offer").hidden = this.seen;
    part("tour").hidden = !step;
    part("tour").dataset.step = step;
    document.body.classList.toggle("touring", step > 0);
    if (step) {
      const closing = step === CLOSING;
      part("tour-count").textContent = closing ? word("tour.count_closing") : word("tour.count", { step, steps: LAST });
      part("tour-title").textContent = word(closing ? "tour.closing_title" : `tour.title_${step}`);
      part("tour-text").textContent = word(closing ? "tour.closing_text" : `tour.text_${step}`);
      part("tour-roles").hidden = !closing;
      part("tour-done").textContent = done ? word(`tour.done_${step}`) : "";
      part("tour").classList.toggle("done", done);
      part("tour-back").hidden = step === 1;
      part("tour-skip").hidden = closing;
      part("tour-next").textContent = word(step === LAST ? "tour.end" : closing ? "tour.close" : "tour.next");
      part("tour-next").classList.toggle("wide", done || step === 1 || closing);
      part("tour-next").classList.toggle("quiet", !(done || step === 1 || closing));
      [...part("tour-steps").children].forEach((dot, index) => {
        dot.className = index + 1 === step ? "here" : this.done.has(index + 1) || index + 1 < step ? "past" : "";
      });
    }
    this.point();
  }

  // The ring moves on as things are done.
  point() {
    for (const old of document.querySelectorAll(".guided, .guided-phone")) old.classList.remove("guided", "guided-phone");
    if (!this.step || this.done.has(this.step) || !TARGETS[this.step]) return;
    const { member, lead, organiser } = Object.fromEntries(
      Object.keys(this.page.cast).map((who) => [who, this.page.phoneOf(who)]));
    if (!member || !lead || !organiser) return;
    const target = TARGETS[this.step]({ member: member.element, lead: lead.element, organiser: organiser.element });
    target?.classList.add("guided");
    const phone = [member, lead, organiser].find((candidate) => candidate.element.contains(target));
    phone?.element.classList.add("guided-phone");
    phone?.tab.classList.add("guided");
  }
}
