// The page: phones side by side, one stream of events for all of them.

import { make } from "./message.js";
import { Phone } from "./phone.js";
import { follow, read, send } from "./server.js";
import { applyWords, language, loadWords, word } from "./words.js";

const FIRST_PHONES = 2;
const kept = {
  get language() { return localStorage.getItem("sandbox.language") ?? "vi"; },
  set language(code) { localStorage.setItem("sandbox.language", code); },
  get phones() { return JSON.parse(localStorage.getItem("sandbox.phones") ?? "[]"); },
  set phones(list) { localStorage.setItem("sandbox.phones", JSON.stringify(list)); },
};
const part = (id) => document.getElementById(id);
const phones = [];
const page = { bot: null, description: {}, ask, alert: showAlert, addGroupPhone };

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

async function addPhone(person, chat, { show = false } = {}) {
  const phone = new Phone(person, chat, page);
  phone.element.classList.add(`tone-${phones.length % 4}`);
  phones.push(phone);
  part("phones").append(phone.element);
  const tab = make("button", { type: "button", class: `tone-${(phones.length - 1) % 4}`, onclick: () => reveal(phone) });
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
      if (isIntersecting) phone?.tab.setAttribute("aria-current", "true");
      else phone?.tab.removeAttribute("aria-current");
    }
  }, { root: part("phones"), threshold: 0.6 });
  new MutationObserver(() => phones.forEach((phone) => watcher.observe(phone.element)))
    .observe(part("phones"), { childList: true });
}

async function onEvent(event) {
  if (event.kind === "reset") {
    location.reload();
  } else if (event.kind === "person") {
    for (const phone of phones) if (phone.person.id === event.person.id) phone.setPerson(event.person);
  } else if (event.kind === "commands") {
    page.description = (await read("state")).description;
    for (const phone of phones) phone.showState();
  } else {
    for (const phone of phones) if (phone.chat.id === event.chat_id) phone.receive(event);
  }
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
}

function listen() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => setLanguage(button.dataset.language));
  }
  part("ask-cancel").addEventListener("click", () => part("ask").close());
  part("add-phone").addEventListener("click", async () => {
    const value = word("phone.default_name", { number: phones.length });
    const given = await ask({ title: "phone.add", label: "phone.name", value, withLanguage: true, yes: "phone.create" });
    if (!given) return;
    const person = await send("people", { name: given.field, language_code: given.language });
    kept.phones = [...kept.phones, [person.id, person.id]];
    await addPhone(person, { id: person.id }, { show: true });
  });
  part("reset").addEventListener("click", async () => {
    if (await ask({ title: "reset.title", text: "reset.text", yes: "reset.confirm" })) {
      kept.phones = [];
      await send("reset");
    }
  });
}

async function begin() {
  watchTabs();
  listen();
  await setLanguage(kept.language);
  const state = await read("state");
  Object.assign(page, { bot: state.bot, description: state.description });
  const people = new Map(state.people.map((person) => [person.id, person]));
  const groups = new Map(state.groups.map((group) => [group.id, group]));
  const wanted = [...state.people.slice(0, FIRST_PHONES).map(({ id }) => [id, id]), ...kept.phones];
  for (const [personId, chatId] of wanted) {
    const person = people.get(personId);
    const chat = chatId === personId ? { id: chatId } : groups.get(chatId);
    if (person && chat) await addPhone(person, chat);
  }
  follow(state.cursor, onEvent, onConnection);
  applyWords(document);
  document.body.dataset.ready = "true";
}

begin();
