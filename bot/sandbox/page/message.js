// One message of the Bot API as an element. Text is only ever set as text.

import { hourOf } from "./moments.js";
import { language, word } from "./words.js";

const PLAIN_TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const SAFE_LINK = /^(https?|mailto):/i;

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

// Offsets are UTF-16 units, as JavaScript's own string indexes are.
function formatted(text, entities, actions, start = 0, end = text.length) {
  const pieces = [];
  let at = start;
  let next = 0;
  while (next < entities.length) {
    const entity = entities[next];
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    const inside = [];
    next += 1;
    while (next < entities.length && entities[next].offset < to) inside.push(entities[next++]);
    if (to <= from) continue;
    if (from > at) pieces.push(text.slice(at, from));
    pieces.push(wrapped(entity, text.slice(from, to), formatted(text, inside, actions, from, to), actions));
    at = to;
  }
  if (at < end) pieces.push(text.slice(at, end));
  return pieces;
}

function wrapped(entity, raw, children, actions) {
  if (entity.type === "code" && actions.isOwnLink(raw)) {
    const open = make("button", { type: "button", class: "open-on", onclick: () => actions.offerLink(raw) }, word("open.button"));
    return make("span", { class: "own-link" }, make("code", {}, ...children), open);
  }
  if (PLAIN_TAGS[entity.type]) return make(PLAIN_TAGS[entity.type], {}, ...children);
  switch (entity.type) {
    case "pre":
      return make("pre", {}, make("code", {}, ...children));
    case "bot_command":
      return make("button", { type: "button", class: "in-text", onclick: () => actions.write(raw) }, ...children);
    case "email":
      return make("a", { href: `mailto:${raw}` }, ...children);
    case "url":
    case "text_link":
      return link(entity.url ?? raw, children, actions);
    case "spoiler": {
      const spoiler = make("button", { type: "button", class: "spoiler", "aria-label": word("message.spoiler") }, make("span", { "aria-hidden": "true" }, ...children));
      spoiler.addEventListener("click", () => {
        spoiler.replaceWith(...spoiler.firstChild.childNodes);
      });
      return spoiler;
    }
    default:
      return make("span", { class: `is-${entity.type}` }, ...children);
  }
}

function link(url, children, actions) {
  const address = SAFE_LINK.test(url) ? url : `https://${url}`;
  const anchor = make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
  anchor.addEventListener("click", (event) => {
    if (!actions.isOwnLink(address)) return;
    event.preventDefault();
    actions.offerLink(address);
  });
  return anchor;
}

function size(bytes) {
  const unit = bytes < 1024 * 1024 ? "kilobyte" : "megabyte";
  const amount = bytes / (unit === "kilobyte" ? 1024 : 1024 * 1024);
  const digits = amount < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(amount);
}

function timeOf(message) {
  const moment = new Date(message.date * 1000);
  return make("time", { datetime: moment.toISOString() }, hourOf(moment));
}

function contentOf(message, actions) {
  const text = message.text ?? message.caption;
  const body = text === undefined ? null
    : make("div", { class: "text" }, ...formatted(text, message.entities ?? message.caption_entities ?? [], actions));
  if (message.text !== undefined) return [body];
  if (message.document) {
    const { file_name: name, file_size: bytes, file_id: id } = message.document;
    const label = word("message.download", { name });
    return [
      make("a", { class: "file", href: `/sandbox/files/${id}`, download: name, "aria-label": `${label}, ${size(bytes)}` },
        make("span", { class: "file-icon" }, icon("file")),
        make("span", { class: "file-words" }, make("strong", {}, name), make("small", {}, size(bytes)))),
      body,
    ];
  }
  if (message.photo) {
    const { file_id: id, width, height } = message.photo.at(-1);
    return [make("img", { class: "picture", src: `/sandbox/files/${id}?inline`, alt: message.caption ?? word("message.photo"), width, height }), body];
  }
  if (message.sticker) {
    return [make("span", { class: "sticker", role: "img", "aria-label": word("message.sticker", { emoji: message.sticker.emoji }) }, message.sticker.emoji)];
  }
  if (message.voice) {
    const seconds = message.voice.duration;
    const bars = Array.from({ length: 22 }, (_, index) => make("i", { class: `h${(index * 7) % 5}` }));
    return [make("div", { class: "voice", role: "img", "aria-label": word("message.voice", { seconds }) },
      icon("voice"), make("span", { class: "bars" }, ...bars), make("small", {}, `0:${String(seconds).padStart(2, "0")}`))];
  }
  if (message.contact) {
    return [make("div", { class: "card" }, icon("contact"),
      make("span", {}, make("strong", {}, message.contact.first_name), make("small", {}, `${word("message.contact")}: ${message.contact.phone_number}`)))];
  }
  if (message.location) {
    const { latitude, longitude } = message.location;
    return [make("div", { class: "card" }, icon("location"),
      make("span", {}, make("strong", {}, word("message.location")), make("small", {}, `${latitude}, ${longitude}`)))];
  }
  return [make("em", {}, word("message.other"))];
}

function snippet(message) {
  if (message.text ?? message.caption) return message.text ?? message.caption;
  if (message.document) return message.document.file_name;
  const kind = ["photo", "sticker", "voice", "contact", "location"].find((name) => message[name]);
  return word(kind ? `attach.${kind}` : "message.other");
}

function quoted(message) {
  const reply = message.reply_to_message;
  if (!reply) return null;
  return make("div", { class: "quote" }, make("strong", {}, reply.from.first_name),
    make("span", {}, snippet(reply)));
}

function keyboardOf(message, actions) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return make("div", { class: "keys" }, ...rows.map((row) => make("div", { class: "keys-row" },
    ...row.map((button) => inlineButton(button, message, actions)))));
}

function inlineButton(button, message, actions) {
  if (button.url) {
    const anchor = link(button.url, [button.text], actions);
    anchor.className = "key";
    return anchor;
  }
  const press = button.copy_text
    ? () => actions.copy(button.copy_text.text)
    : (event) => actions.press(message.message_id, button.callback_data, event.currentTarget);
  return make("button", { type: "button", class: "key", "data-data": button.callback_data, onclick: press }, button.text);
}

// `viewer` is the person whose phone this is; `actions` is what pressing things does.
export function messageElement(message, viewer, actions) {
  if (message.new_chat_members) {
    const name = message.new_chat_members.map((member) => member.first_name).join(", ");
    return make("div", { class: "service", "data-message-id": message.message_id }, word("message.joined", { name }));
  }
  const own = message.from.id === viewer;
  const side = own ? "own" : message.from.is_bot ? "bot" : "other";
  const name = own ? word("message.you") : message.from.first_name;
  const origin = message.forward_origin;
  const meta = make("span", { class: "meta" },
    message.edit_date && side !== "bot" ? make("span", {}, word("message.edited")) : null, timeOf(message));
  const bubble = make("div", { class: `bubble${message.sticker ? " bare" : ""}` },
    make("span", { class: side === "other" ? "sender" : "unseen" }, `${name}: `),
    origin ? make("div", { class: "forwarded" }, word("message.forwarded", { name: origin.sender_user_name ?? origin.sender_user?.first_name ?? "" })) : null,
    quoted(message), ...contentOf(message, actions), meta);
  const edit = own && message.text !== undefined && !origin
    ? make("button", { type: "button", class: "edit", onclick: () => actions.edit(message) }, word("message.edit")) : null;
  return make("div", { class: `message ${side}`, "data-message-id": message.message_id },
    make("div", { class: "line" }, edit, bubble), keyboardOf(message, actions));
}
