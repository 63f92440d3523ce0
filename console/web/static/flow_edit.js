// Checks the text while it is written, a moment after the last key, and offers what may stand at the caret: Tab takes
// the first of it, Ctrl+Space shows it and lets the arrows choose. Else Tab writes two blanks; Escape leaves the field.
import { suggest } from "./flow_complete.js";

const form = document.querySelector("[data-flow]");
const said = JSON.parse(form.dataset.words);
const text = form.elements.namedItem("text");
const flow = form.elements.namedItem("flow");
const place = document.querySelector("[data-faults]");
const csrf = document.querySelector('meta[name="csrf"]').content;
const AFTER_MS = 500;
let timer = 0;
let asked = 0;
let free = false;

function line(words, ...before) {
  const item = document.createElement("li");
  item.append(...before, words);
  return item;
}

function goTo(number) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
}

function show(faults) {
  if (!faults.length) {
    place.replaceChildren(Object.assign(document.createElement("p"), { textContent: said["flows.well"] }));
    return;
  }
  const list = document.createElement("ul");
  list.className = "faults";
  for (const each of faults) {
    const badge = Object.assign(document.createElement("span"), {
      className: `badge ${each.severity === "error" ? "bad" : "warn"}`, textContent: said[`flows.${each.severity}`],
    });
    const jump = Object.assign(document.createElement("button"), {
      type: "button", className: "plain", textContent: each.line ? said["flows.line"].replace("{line}", each.line) : said["flows.the_file"],
    });
    if (each.line) jump.addEventListener("click", () => goTo(each.line));
    list.append(line(`${each.key ? ` ${each.key}` : ""}: ${each.problem}`, badge, " ", jump));
  }
  place.replaceChildren(list);
}

async function check() {
  const mine = ++asked;
  const answer = await fetch("/api/v1/flows/check", {
    method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify({ flow: flow.value.trim() || "new", text: text.value }),
  }).catch(() => null);
  const found = answer ? await answer.json().catch(() => null) : null;
  if (mine !== asked) return;
  if (answer?.ok) show(found);
  else place.replaceChildren(Object.assign(document.createElement("p"), { textContent: found?.problem ?? said["flows.no_answer"] }));
}

// --- what may stand at the caret ---------------------------------------------------------------------------------

const list = document.querySelector("[data-offers]");
const told = document.querySelector("[data-offered]");
let words = null;
let offered = { from: 0, offers: [] };
let chosen = -1; // the one that the arrows are at; -1: they move the caret

fetch("/edit-flow/words").then((answer) => (answer.ok ? answer.json() : null)).then((found) => { words = found; }).catch(() => {});

function offer(open) {
  const found = words && text.selectionStart === text.selectionEnd ? suggest(text.value, text.selectionStart, words) : { from: 0, offers: [] };
  const isTyped = words && found.from < text.selectionStart;
  offered = open || isTyped ? found : { from: 0, offers: [] };
  chosen = open && offered.offers.length ? 0 : -1;
  list.replaceChildren(...offered.offers.map((each, number) => {
    const item = Object.assign(document.createElement("li"), { id: `offer-${number}` });
    item.setAttribute("role", "option");
    item.append(Object.assign(document.createElement("b"), { textContent: each.word }), each.says ? ` ${each.says}` : "");
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(number); });
    return item;
  }));
  list.hidden = !offered.offers.length;
  told.textContent = open ? (offered.offers.length ? said["flows.offers_count"].replace("{count}", offered.offers.length) : said["flows.offers_none"]) : "";
  mark();
}

function mark() {
  [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === chosen)));
  if (chosen < 0) text.removeAttribute("aria-activedescendant");
  else {
    text.setAttribute("aria-activedescendant", `offer-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }
}

function take(number) {
  text.setRangeText(offered.offers[number].word, offered.from, text.selectionStart, "end");
  close();
  text.dispatchEvent(new Event("input"));
  close();
}

function close() {
  offered = { from: 0, offers: [] };
  chosen = -1;
  list.hidden = true;
  mark();
}

/** Whether the key was for the offers. */
function offersKey(event) {
  if (event.ctrlKey && event.code === "Space") offer(true);
  else if (!offered.offers.length) return false;
  else if (event.key === "Escape") close();
  else if (event.key === "Tab" && !event.shiftKey) take(Math.max(0, chosen));
  else if (event.key === "Enter" && chosen >= 0) take(chosen);
  else if (chosen >= 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const count = offered.offers.length;
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
    mark();
  } else return false;
  event.preventDefault();
  return true;
}

text.addEventListener("input", () => {
  offer(false);
  clearTimeout(timer);
  timer = setTimeout(check, AFTER_MS);
});
text.addEventListener("keydown", (event) => {
  if (offersKey(event)) return;
  if (event.key === "Escape") free = true;
  else if (event.key === "Tab" && !event.shiftKey && !free) {
    event.preventDefault();
    text.setRangeText("  ", text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input"));
  }
});
text.addEventListener("focus", () => { free = false; });
text.addEventListener("blur", close);
text.addEventListener("click", close);
check();
