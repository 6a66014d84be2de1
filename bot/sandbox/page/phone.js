// A phone: one person looking at one chat with the bot.

import { icon, make, messageElement } from "./message.js";
import { dayKeyOf, weekdayOf } from "./moments.js";
import { read, send } from "./server.js";
import { applyWords, word } from "./words.js";

const TEXT_LIMIT = 4096;
const ANSWER_PATIENCE = 10_000;
const ACTION_LIFE = 5_000;
const TOAST_LIFE = 4_000;
const NEAR_END = 120;
const MIDDLE_OF_THE_COUNTRY = { latitude: 16, longitude: 106 };
const ATTACHMENTS = ["photo", "document", "sticker", "voice", "contact", "location", "forward"];
const ATTACHMENT_ICONS = { document: "file" };

export class Phone {
  constructor(person, chat, page) {
    this.person = person;
    this.chat = chat; // { id } of the private chat, or a group { id, title, members }
    this.page = page; // { bot, description, ask, alert, addGroupPhone, nameOf, offerLink, roleTextOf }
    this.messages = new Map();
    this.waiting = new Map(); // query id -> the button that waits for its answer
    this.answers = new Map(); // answers that came before the press was confirmed
    this.keyboard = null;
    this.editing = null;
    this.element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.element.dataset.person = person.id;
    this.element.dataset.chat = chat.id;
    const find = (selector) => this.element.querySelector(selector);
    this.parts = {
      log: find(".log"), scroll: find(".scroll"), status: find(".status"), toasts: find(".toasts"),
      gate: find(".gate"), composer: find(".composer"), field: find("textarea"), keys: find(".reply-keys"),
      welcome: find(".welcome"), commands: find(".commands"), attachments: find(".attachments"),
      options: find(".options"), editing: find(".editing"), file: find(".pick"), more: find(".more"),
      openCommands: find(".open-commands"), openAttachments: find(".open-attachments"), openKeys: find(".open-keys"),
    };
    this.actions = {
      write: (text) => this.write(text),
      press: (id, data, button) => this.press(id, data, button),
      edit: (message) => this.beginEdit(message),
      copy: async (text) => {
        await navigator.clipboard.writeText(text);
        this.toast(word("message.copied"));
      },
      isOwnLink: (address) => this.payloadOf(address) !== null,
      offerLink: (address) => this.page.offerLink(this, this.payloadOf(address)),
    };
    this.stuck = true; // the last message is in view and stays so when the room for it shrinks
    this.listen();
    this.translate();
  }

  get isGroup() {
    return this.chat.id < 0;
  }

  // Loading and events

  async load() {
    const { messages, keyboard } = await read(`chats/${this.chat.id}/messages`);
    this.parts.log.setAttribute("aria-live", "off");
    this.parts.log.replaceChildren();
    delete this.parts.log.dataset.day;
    this.messages.clear();
    for (const message of messages) this.put(message);
    this.setKeyboard(keyboard);
    this.showState();
    requestAnimationFrame(() => this.parts.log.setAttribute("aria-live", "polite"));
  }

  receive(event) {
    switch (event.kind) {
      case "message":
        if (event.message.from.id === this.person.id) this.stuck = true;
        this.put(event.message);
        if (event.message.from.is_bot) this.setAction(null);
        this.showState();
        break;
      case "edit":
        this.put(event.message);
        break;
      case "delete":
        this.messages.delete(event.message_id);
        this.remove(event.message_id);
        this.showState();
        break;
      case "keyboard":
        this.setKeyboard(event.markup);
        break;
      case "action":
        this.setAction(event.action);
        break;
      case "callback_answer":
        if (event.person_id === this.person.id) this.answered(event);
        break;
    }
  }

  put(message) {
    const old = this.elementOf(message.message_id);
    this.messages.set(message.message_id, message);
    const fresh = messageElement(message, this.person.id, this.actions);
    if (!old) {
      this.beginDay(message.date);
      this.parts.log.append(fresh);
      return;
    }
    const focused = old.contains(document.activeElement) ? document.activeElement.textContent : null;
    old.replaceWith(fresh);
    // Whoever pressed a button by keyboard stays with it, or goes on with the first of the new ones.
    if (focused !== null) {
      const keys = [...fresh.querySelectorAll("button, a")];
      (keys.find((key) => key.textContent === focused) ?? fresh.querySelector(".key"))?.focus();
    }
  }

  // A new day of the conference's clock is said, as in Telegram.
  beginDay(seconds) {
    const moment = new Date(seconds * 1000);
    const key = dayKeyOf(moment);
    if (this.parts.log.dataset.day === key) return;
    this.parts.log.dataset.day = key;
    this.parts.log.append(make("div", { class: "service day", "data-at": seconds }, weekdayOf(moment)));
  }

  remove(id) {
    const element = this.elementOf(id);
    const before = element?.previousElementSibling;
    element?.remove();
    if (!before?.matches(".day") || (before.nextElementSibling && !before.nextElementSibling.matches(".day"))) return;
    if (!before.nextElementSibling) delete this.parts.log.dataset.day;
    before.remove();
  }

  elementOf(id) {
    return this.parts.log.querySelector(`[data-message-id="${id}"]`);
  }

  toEnd() {
    this.parts.scroll.scrollTop = this.parts.scroll.scrollHeight;
  }

  // What is shown

  translate() {
    applyWords(this.element);
    const { title, name } = { title: this.isGroup ? this.chat.title : this.page.bot.first_name, name: this.page.nameOf(this.person) };
    const owner = this.isGroup ? `${name} · ${this.chat.title}` : name;
    this.element.setAttribute("aria-label", word("phone.of", { name: owner }));
    this.element.querySelector(".owner-name").textContent = owner;
    this.element.querySelector(".owner-id").textContent = String(this.chat.id);
    this.element.querySelector(".title").textContent = title;
    this.element.querySelector(".avatar").textContent = title.slice(0, 1).toUpperCase();
    this.parts.scroll.setAttribute("aria-label", word("phone.messages", { name: owner }));
    this.parts.log.setAttribute("aria-label", word("phone.messages", { name: owner }));
    this.setAction(null);
    this.fillAttachments();
    this.fillOptions();
    for (const message of this.messages.values()) this.put(message);
    for (const day of this.parts.log.querySelectorAll(".day")) day.textContent = weekdayOf(new Date(day.dataset.at * 1000));
    this.showState();
  }

  showState() {
    const { gate, composer, welcome } = this.parts;
    const started = this.isGroup || this.person.started || this.messages.size > 0;
    const open = started && !this.person.blocked;
    const byKeyboard = gate.querySelector("button").matches(":focus-visible");
    composer.hidden = !open;
    gate.hidden = open;
    if (open && byKeyboard) this.parts.field.focus();
    this.element.dataset.state = this.person.blocked ? "blocked" : started ? "open" : "new";
    gate.querySelector(".gate-text").textContent = word(this.person.blocked ? "phone.blocked" : "phone.start_hint");
    gate.querySelector("button").textContent = word(this.person.blocked ? "phone.unblock" : "phone.start");
    const about = this.page.description[this.person.language_code] || this.page.description.vi;
    const role = this.page.roleTextOf(this.person);
    welcome.hidden = started || !(about || role);
    welcome.querySelector(".welcome-title").textContent = about ? word("phone.what") : this.page.nameOf(this.person);
    welcome.querySelector(".welcome-text").textContent = about || role;
    this.showKeyboard();
  }

  setPerson(person) {
    this.person = person;
    this.fillOptions();
    this.showState();
  }

  setAction(action) {
    clearTimeout(this.actionTimer);
    this.parts.status.classList.toggle("busy", Boolean(action));
    this.parts.status.textContent = action
      ? word(action === "upload_document" ? "phone.sending_file" : "phone.typing")
      : this.isGroup ? word("phone.group_members", { count: this.chat.members.length }) : word("phone.bot");
    if (action) this.actionTimer = setTimeout(() => this.setAction(null), ACTION_LIFE);
  }

  toast(text) {
    const toast = make("p", { class: "toast" }, text);
    this.parts.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_LIFE);
  }

  // The reply keyboard

  setKeyboard(markup) {
    this.keyboard = markup;
    this.keysOpen = Boolean(markup?.keyboard);
    this.showKeyboard();
    if (markup?.force_reply) this.parts.field.focus({ preventScroll: true });
  }

  showKeyboard() {
    const { keys, openKeys, field } = this.parts;
    const rows = this.keyboard?.keyboard;
    openKeys.hidden = !rows;
    openKeys.setAttribute("aria-pressed", String(this.keysOpen));
    keys.hidden = !rows || !this.keysOpen || this.parts.composer.hidden;
    keys.replaceChildren(...(rows ?? []).map((row) => make("div", { class: "keys-row" },
      ...row.map((button) => make("button", { type: "button", class: "key", onclick: () => this.pressReply(button) }, button.text)))));
    field.placeholder = this.keyboard?.input_field_placeholder || word("composer.text");
  }

  pressReply(button) {
    if (this.keyboard?.one_time_keyboard) this.keysOpen = false;
    if (button.request_contact) this.sendKind({ kind: "contact" });
    else if (button.request_location) this.sendKind({ kind: "location", ...MIDDLE_OF_THE_COUNTRY });
    else this.write(button.text);
    this.showKeyboard();
  }

  // What the person does

  async try(work) {
    try {
      return await work();
    } catch (error) {
      this.toast(word("error.send", { reason: error.message }));
      return null;
    }
  }

  get path() {
    return `people/${this.person.id}`;
  }

  sendKind(content) {
    return this.try(() => send(`${this.path}/messages`, { chat_id: this.chat.id, ...content }));
  }

  // As Telegram's own apps do, a text too long for one message becomes several.
  async write(text) {
    const reply = this.keyboard?.force_reply ? [...this.messages.values()].findLast((message) => message.from.is_bot) : null;
    if (reply) this.setKeyboard(null);
    for (let at = 0; at < text.length; at += TEXT_LIMIT) {
      await this.sendKind({ text: text.slice(at, at + TEXT_LIMIT), reply_to: reply?.message_id });
    }
  }

  async press(id, data, button) {
    button.setAttribute("aria-busy", "true");
    setTimeout(() => button.removeAttribute("aria-busy"), ANSWER_PATIENCE);
    const pressed = await this.try(() => send(`${this.path}/presses`, { message_id: id, data }));
    if (!pressed) {
      button.removeAttribute("aria-busy");
      return;
    }
    this.waiting.set(pressed.query_id, button);
    if (this.answers.has(pressed.query_id)) this.answered(this.answers.get(pressed.query_id));
  }

  answered(event) {
    const button = this.waiting.get(event.query_id);
    if (!button) {
      this.answers.set(event.query_id, event);
      return;
    }
    this.waiting.delete(event.query_id);
    this.answers.delete(event.query_id);
    button.removeAttribute("aria-busy");
    const payload = event.url ? this.payloadOf(event.url) : null;
    if (payload !== null) this.openLink(payload);
    if (event.text && event.show_alert) this.page.alert(event.text);
    else if (event.text) this.toast(event.text);
  }

  // What a link to this bot carries, "" for nothing; null for any other link.
  payloadOf(address) {
    const own = new RegExp(`^https?://t(?:elegram)?\\.me/${this.page.bot.username}(?:\\?start=([\\w-]{1,64}))?$`);
    const found = own.exec(address);
    return found ? (found[1] ?? "") : null;
  }

  openLink(payload) {
    return this.try(() => send(`${this.path}/start`, { payload }));
  }

  beginEdit(message) {
    this.editing = message;
    this.parts.editing.hidden = false;
    this.parts.field.value = message.text;
    this.grow();
    this.parts.field.focus();
  }

  endEdit() {
    this.editing = null;
    this.parts.editing.hidden = true;
    this.parts.field.value = "";
    this.grow();
  }

  async submit() {
    const text = this.parts.field.value.trim();
    if (!text) return;
    this.closePopups();
    if (this.editing) {
      const id = this.editing.message_id;
      this.endEdit();
      await this.try(() => send(`${this.path}/messages/${id}`, { text }, "PATCH"));
      return;
    }
    this.parts.field.value = "";
    this.grow();
    await this.write(text);
  }

  attach(kind) {
    this.closePopups();
    this.parts.field.focus();
    if (kind === "document") this.parts.file.click();
    else if (kind === "photo") this.sendPicture();
    else if (kind === "location") this.sendKind({ kind, ...MIDDLE_OF_THE_COUNTRY });
    else if (kind === "forward") this.sendKind({ kind, text: word("attach.forward_text"), from_name: word("attach.forward_from") });
    else this.sendKind({ kind });
  }

  sendFile(kind, file, name) {
    const form = new FormData();
    form.append("kind", kind);
    form.append("chat_id", this.chat.id);
    form.append("file", file, name);
    return this.try(() => send(`${this.path}/messages`, form));
  }

  // A landscape drawn here, so that sending a photo needs no file at hand.
  sendPicture() {
    const canvas = make("canvas", { width: 480, height: 320 });
    const paint = canvas.getContext("2d");
    const layers = [["#f6d9b8", 0], ["#d98f6c", 170], ["#8a6f8f", 215], ["#3f5873", 262]];
    for (const [colour, top] of layers) {
      paint.fillStyle = colour;
      paint.beginPath();
      paint.moveTo(0, top);
      for (let x = 0; x <= 480; x += 8) paint.lineTo(x, top && top + 18 * Math.sin((x + top * 3) / 70));
      paint.lineTo(480, 320);
      paint.lineTo(0, 320);
      paint.fill();
    }
    paint.fillStyle = "#fff6e6";
    paint.beginPath();
    paint.arc(340, 90, 34, 0, 2 * Math.PI);
    paint.fill();
    canvas.toBlob((blob) => this.sendFile("photo", blob, "photo.png"), "image/png");
  }

  // Menus

  fillAttachments() {
    this.parts.attachments.replaceChildren(...ATTACHMENTS.map((kind) => make("button",
      { type: "button", role: "menuitem", "data-kind": kind, onclick: () => this.attach(kind) },
      icon(ATTACHMENT_ICONS[kind] ?? kind), word(`attach.${kind}`))));
  }

  fillOptions() {
    const option = (id, act) => make("button",
      { type: "button", role: "menuitem", onclick: () => { this.closePopups(); this.parts.more.focus(); act(); } }, word(id));
    if (this.isGroup) {
      this.parts.more.hidden = true;
      return;
    }
    this.parts.options.replaceChildren(
      option("phone.deep_link", () => this.askDeepLink()),
      option("phone.group", () => this.askGroup()),
      option(this.person.blocked ? "phone.unblock" : "phone.block", () => this.toggleBlock()),
    );
  }

  toggleBlock() {
    return this.try(() => send(`${this.path}/${this.person.blocked ? "unblock" : "block"}`));
  }

  async askDeepLink() {
    const given = await this.page.ask({ title: "phone.deep_link_title", label: "phone.deep_link_field", yes: "phone.deep_link_open", pattern: "[A-Za-z0-9_\\-]{1,64}" });
    if (given) await this.openLink(given.field);
  }

  async askGroup() {
    const given = await this.page.ask({ title: "phone.group_title", label: "phone.group_field", yes: "phone.group_create", value: word("phone.group_default") });
    if (!given) return;
    const group = await this.try(() => send("groups", { person_id: this.person.id, title: given.field }));
    if (group) this.page.addGroupPhone(this.person, group);
  }

  async fillCommands(filter = "") {
    const commands = await read(`${this.path}/commands?chat_id=${this.chat.id}`);
    const fitting = commands.filter((entry) => `/${entry.command}`.startsWith(filter.toLowerCase()));
    const choose = (name) => {
      this.closePopups();
      this.parts.field.value = "";
      this.parts.field.focus();
      this.write(`/${name}`);
    };
    this.parts.commands.replaceChildren(...fitting.map((entry) => make("button",
      { type: "button", role: "menuitem", onclick: () => choose(entry.command) },
      make("strong", {}, `/${entry.command}`), make("span", {}, entry.description))));
    if (!commands.length && !filter) this.parts.commands.append(make("p", {}, word("composer.no_commands")));
    return fitting.length > 0 || !filter;
  }

  openPopup(popup, opener, { focus = true } = {}) {
    this.closePopups();
    popup.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    if (focus) popup.querySelector("button")?.focus();
  }

  closePopups() {
    for (const [popup, opener] of this.popups) {
      popup.hidden = true;
      opener.setAttribute("aria-expanded", "false");
    }
  }

  get popups() {
    const { commands, attachments, options, openCommands, openAttachments, more } = this.parts;
    return [[commands, openCommands], [attachments, openAttachments], [options, more]];
  }

  grow() {
    this.parts.field.style.height = "auto";
    this.parts.field.style.height = `${this.parts.field.scrollHeight}px`;
  }

  listen() {
    const { composer, field, gate, openCommands, openKeys, editing, file, scroll, log } = this.parts;
    const sizes = new ResizeObserver(() => {
      if (this.stuck) this.toEnd();
    });
    sizes.observe(scroll);
    sizes.observe(log);
    // Only whoever scrolls up leaves the end; a message that has just come has not been scrolled past.
    let top = 0;
    scroll.addEventListener("scroll", () => {
      if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END) this.stuck = true;
      else if (scroll.scrollTop < top) this.stuck = false;
      top = scroll.scrollTop;
    });
    composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      } else if (event.key === "ArrowUp" && !field.value) {
        const last = [...this.messages.values()].findLast((message) => message.from.id === this.person.id && message.text);
        if (last) {
          event.preventDefault();
          this.beginEdit(last);
        }
      } else if (event.key === "Escape" && this.editing) {
        this.endEdit();
      }
    });
    field.addEventListener("input", async () => {
      this.grow();
      const typing = !this.editing && /^\/\w*$/.test(field.value);
      if (typing && (await this.fillCommands(field.value))) this.openPopup(this.parts.commands, openCommands, { focus: false });
      else this.closePopups();
    });
    for (const [popup, opener] of this.popups) {
      opener.addEventListener("click", async () => {
        if (!popup.hidden) {
          this.closePopups();
          return;
        }
        if (popup === this.parts.commands) await this.fillCommands();
        this.openPopup(popup, opener);
      });
      popup.addEventListener("keydown", (event) => this.moveInMenu(event, popup, opener));
    }
    document.addEventListener("pointerdown", (event) => {
      if (!this.popups.flat().some((part) => part.contains(event.target))) this.closePopups();
    });
    openKeys.addEventListener("click", () => {
      this.keysOpen = !this.keysOpen;
      this.showKeyboard();
    });
    editing.querySelector("button").addEventListener("click", () => {
      this.endEdit();
      field.focus();
    });
    file.addEventListener("change", () => {
      if (file.files[0]) this.sendFile("document", file.files[0], file.files[0].name);
      file.value = "";
    });
    gate.querySelector("button").addEventListener("click", async () => {
      if (this.person.blocked) await this.toggleBlock();
      else await this.try(() => send(`${this.path}/start`));
    });
  }

  moveInMenu(event, popup, opener) {
    const items = [...popup.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape") {
      this.closePopups();
      opener.focus();
    } else if (to !== undefined && items.length) {
      event.preventDefault();
      items.at(to % items.length).focus();
    }
  }
}
