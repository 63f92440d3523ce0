// Checks the text while it is written, a moment after the last key; Tab writes two blanks, Escape leaves the field.
const form = document.querySelector("[data-flow]");
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
    place.replaceChildren(Object.assign(document.createElement("p"), { textContent: "Nothing is wrong: it can be published." }));
    return;
  }
  const list = document.createElement("ul");
  list.className = "faults";
  for (const each of faults) {
    const badge = Object.assign(document.createElement("span"), {
      className: `badge ${each.severity === "error" ? "bad" : "warn"}`, textContent: each.severity,
    });
    const jump = Object.assign(document.createElement("button"), {
      type: "button", className: "plain", textContent: each.line ? `line ${each.line}` : "the file",
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
  else place.replaceChildren(Object.assign(document.createElement("p"), { textContent: found?.problem ?? "The check gave no answer." }));
}

text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, AFTER_MS);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Escape") free = true;
  else if (event.key === "Tab" && !event.shiftKey && !free) {
    event.preventDefault();
    text.setRangeText("  ", text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input"));
  }
});
text.addEventListener("focus", () => { free = false; });
check();
