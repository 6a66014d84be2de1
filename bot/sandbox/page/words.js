// The words of the page, one small JSON file a language; nothing here is a sentence.

const LANGUAGES = ["vi", "en"];
const PLACES = { word: "textContent", wordLabel: "aria-label", wordPlaceholder: "placeholder" };
let words = {};
export let language = "vi";

export async function loadWords(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : "vi";
  words = await (await fetch(`/page/words/${language}.json`)).json();
  document.documentElement.lang = language;
  applyWords(document);
}

export function word(id, values = {}) {
  const text = words[id] ?? id;
  return text.replace(/\{ (\w+) \}/g, (_, name) => String(values[name] ?? ""));
}

export function hasWord(id) {
  return id in words;
}

export function applyWords(root) {
  for (const [key, place] of Object.entries(PLACES)) {
    const attribute = `data-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const element of root.querySelectorAll(`[${attribute}]`)) {
      const text = word(element.dataset[key]);
      if (place === "textContent") element.textContent = text;
      else element.setAttribute(place, text);
      if (place === "aria-label" && element.matches("button")) element.title = text;
    }
  }
}
