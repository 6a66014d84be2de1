// The page: phones side by side, one stream of events for all of them.

import { Clock } from "./clock.js";
import { make } from "./message.js";
import { Phone } from "./phone.js";
import { follow, read, send } from "./server.js";
import { Tour } from "./tour.js";
import { applyWords, language, loadWords, word } from "./words.js";

// The three people whom every sandbox has, in the order of their phones, and their colours.
const CAST = { member: 7_000_000_001, lead: 7_000_000_003, organiser: 7_000_000_002 };
const CAST_WORDS = { member: "person.member", lead: "person.unit_lead", organiser: "person.organiser" };
const CAST_ROLES = { member: "tour.role_member", lead: "tour.role_lead", organiser: "tour.role_organiser" };
const CAST_TONES = { member: 0, lead: 2, organiser: 1 };
const TONES = 4;
const kept = {
  get language() { return localStorage.getItem("sandbox.language") ?? "vi"; },
  set language(code) { localStorage.setItem("sandbox.language", code); },
  get phones() { return JSON.parse(localStorage.getItem("sandbox.phones") ?? "[]"); },
  set phones(list) { localStorage.setItem("sandbox.phones", JSON.stringify(list)); },
};
const part = (id) => document.getElementById(id);
const phones = [];
let resetting = Promise.resolve(); // this page's own order to start over
let stream = null;
const page = { bot: null, description: {}, cast: CAST, ask, alert: showAlert, addGroupPhone, nameOf, offerLink, phoneOf, reveal, roleTextOf };
const clock = new Clock(page);
const tour = new Tour(page);

function roleOf(person) {
  return Object.keys(CAST).find((who) => CAST[who] === person.id);
}

function nameOf(person) {
  const role = roleOf(person);
  return role ? word(CAST_WORDS[role]) : person.name;
}

function roleTextOf(person) {
  const role = roleOf(person);
  return role ? word(CAST_ROLES[role]) : "";
}

function phoneOf(role) {
  return phones.find((phone) => phone.person.id === CAST[role] && !phone.isGroup);
}

function showAlert(text) {
  part("alert-text").textContent = text;
  part("alert").showModal();
}

// One question to the person at the page; null when they think better of it.
function ask({ title, text, label, value = "", pattern, withLanguage = false, yes }) {
  const dialog = part("ask");
  const field = part("ask-field");
  const select = part("ask-language").querySelector("select");
  part("ask-title").textContent = word(title);
  part("ask-text").textContent = text ? word(text) : "";
  part("ask-text").hidden = !text;
  part("ask-label").hidden = !label;
  part("ask-label").querySelector("span").textContent = label ? word(label) : "";
  part("ask-language").hidden = !withLanguage;
  part("ask-yes").textContent = word(yes);
  field.value = value;
  field.required = Boolean(label);
  field.disabled = !label;
  if (pattern) field.pattern = pattern;
  else field.removeAttribute("pattern");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? { field: field.value.trim(), language: select.value } : null);
    }, { once: true });
  });
}

// In life a link is passed on; here it is opened on the phone of whoever it is meant for.
async function offerLink(from, payload) {
  const own = phones.filter((phone) => !phone.isGroup);
  const meant = payload.startsWith("i-") ? (phoneOf("lead") ?? from) : from;
  const dialog = part("open");
  part("open-phones").replaceChildren(...own.map((phone) => make("label", { class: phone.tone },
    make("input", { type: "radio", name: "phone", value: phone.person.id, checked: phone === meant, autofocus: phone === meant }),
    make("span", {}, nameOf(phone.person)))));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  if (dialog.returnValue !== "yes") return;
  const chosen = Number(new FormData(part("open-form")).get("phone"));
  const phone = own.find((candidate) => candidate.person.id === chosen);
  reveal(phone);
  await phone.openLink(payload);
}

async function addPhone(person, chat, { show = false } = {}) {
  const phone = new Phone(person, chat, page);
  phone.tone = `tone-${chat.id > 0 ? (CAST_TONES[roleOf(person)] ?? phones.length % TONES) : phones.length % TONES}`;
  phone.element.classList.add(phone.tone);
  phones.push(phone);
  part("phones").append(phone.element);
  const tab = make("button", { type: "button", class: phone.tone, onclick: () => reveal(phone) });
  phone.tab = tab;
  part("tabs").append(tab);
  nameTabs();
  await phone.load();
  if (show) reveal(phone);
  return phone;
}

function addGroupPhone(person, group) {
  kept.phones = [...kept.phones, [person.id, group.id]];
  return addPhone(person, group, { show: true });
}

function reveal(phone) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  phone.element.scrollIntoView({ behavior: calm ? "auto" : "smooth", inline: "center", block: "nearest" });
}

function nameTabs() {
  for (const phone of phones) phone.tab.textContent = phone.element.querySelector(".owner-name").textContent;
}

// The tab of the phone that is in view, where the phones are swiped.
function watchTabs() {
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const phone = phones.find((candidate) => candidate.element === target);
      if (isIntersecting) {
        phone?.tab.setAttribute("aria-current", "true");
        phone?.tab.scrollIntoView({ inline: "nearest", block: "nearest" });
      } else phone?.tab.removeAttribute("aria-current");
    }
  }, { root: part("phones"), threshold: 0.6 });
  new MutationObserver(() => phones.forEach((phone) => watcher.observe(phone.element)))
    .observe(part("phones"), { childList: true });
}

async function onEvent(event) {
  if (event.kind === "reset") {
    tour.reset();
    stream.close(); // what comes now is for the page that comes after this one
    await resetting.catch(() => {}); // or the reload would cut its answer off
    location.reload();
  } else if (event.kind === "told") {
    clock.receive(event.told);
  } else if (event.kind === "person") {
    for (const phone of phones) if (phone.person.id === event.person.id) phone.setPerson(event.person);
  } else if (event.kind === "commands") {
    page.description = (await read("state")).description;
    for (const phone of phones) phone.showState();
  } else {
    for (const phone of phones) if (phone.chat.id === event.chat_id) phone.receive(event);
  }
  tour.note(event);
}

// What happened while the server was away is read again; drafts in the composers stay.
async function onConnection(online) {
  const returned = online && !part("offline").hidden;
  part("offline").hidden = online;
  if (returned) await Promise.all(phones.map((phone) => phone.load())).catch(() => location.reload());
}

async function setLanguage(code) {
  kept.language = code;
  await loadWords(code);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  for (const phone of phones) phone.translate();
  nameTabs();
  clock.show();
  tour.show();
}

function listen() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => setLanguage(button.dataset.language));
  }
  part("ask-cancel").addEventListener("click", () => part("ask").close());
  part("open-cancel").addEventListener("click", () => part("open").close());
  part("add-phone").addEventListener("click", async () => {
    const value = word("phone.default_name", { number: phones.length - 1 });
    const given = await ask({ title: "phone.add", label: "phone.name", value, withLanguage: true, yes: "phone.create" });
    if (!given) return;
    const person = await send("people", { name: given.field, language_code: given.language });
    kept.phones = [...kept.phones, [person.id, person.id]];
    await addPhone(person, { id: person.id }, { show: true });
  });
  part("reset").addEventListener("click", async () => {
    if (await ask({ title: "reset.title", text: "reset.text", yes: "reset.confirm" })) {
      kept.phones = [];
      resetting = send("reset");
      await resetting;
    }
  });
}

async function begin() {
  watchTabs();
  listen();
  await setLanguage(kept.language);
  const state = await read("state");
  Object.assign(page, { bot: state.bot, description: state.description });
  clock.receive(state.told);
  const people = new Map(state.people.map((person) => [person.id, person]));
  const groups = new Map(state.groups.map((group) => [group.id, group]));
  const cast = Object.values(CAST);
  const wanted = [...cast.map((id) => [id, id]), ...kept.phones.filter(([, chat]) => !cast.includes(chat))];
  for (const [personId, chatId] of wanted) {
    const person = people.get(personId);
    const chat = chatId === personId ? { id: chatId } : groups.get(chatId);
    if (person && chat) await addPhone(person, chat);
  }
  stream = follow(state.cursor, onEvent, onConnection);
  applyWords(document);
  clock.show();
  tour.show();
  document.body.dataset.ready = "true";
}

begin();
