// The page of a campaign: sliders beside their numbers, what it does now, and the simulator's forecast. All words come
// from the console, in the language of the page.
import { stack } from "./base.js";

const notice = document.querySelector("[data-campaign]");
const id = encodeURIComponent(notice?.dataset.campaign ?? "");
const EVERY_MS = 2000;

for (const slider of document.querySelectorAll("input[data-for]")) {
  const field = slider.form.elements.namedItem(slider.dataset.for);
  slider.hidden = false;
  slider.addEventListener("input", () => { field.value = slider.value.replace(".", slider.dataset.point); });
  field.addEventListener("input", () => { slider.value = field.value.replace(",", "."); });
}

function put(name, text) {
  const place = document.querySelector(`[data-live="${name}"]`);
  if (place && place.textContent !== text) place.textContent = text;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/campaigns/${id}/now`);
    if (!answer.ok) return;
    const now = await answer.json();
    if (now.state !== notice.dataset.state) {
      location.reload();
      return;
    }
    for (const [name, text] of Object.entries(now.texts)) put(name, text);
  } catch {
    put("reason", notice.dataset.again);
  }
}
if (id) setInterval(look, EVERY_MS);

/** The part of another page that ``place`` is to show; what the page says went wrong, where it did. */
async function take(path, place, signal) {
  place.setAttribute("aria-busy", "true");
  says(place, place.dataset.runs, "quiet");
  try {
    const answer = await fetch(path, { signal });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = found.querySelector("[data-part]");
    if (answer.ok && part) {
      place.replaceChildren(...document.importNode(part, true).children);
      stack(place);
    } else says(place, found.querySelector(".trouble")?.textContent ?? place.dataset.none, "notice");
  } catch {
    if (signal?.aborted) return;
    says(place, place.dataset.none, "notice");
  }
  place.removeAttribute("aria-busy");
}

function says(place, text, className) {
  place.replaceChildren(Object.assign(document.createElement("p"), { textContent: text, className }));
}

// What a change of the sliders would bring: asked for when they rest, and the question before is dropped.
const pace = document.querySelector("form[data-pace]");
const tried = document.querySelector("[data-tried]");
const SIMULATED = ["pacing.mode", "pacing.ratio", "pacing.cap", "max_lines"];
const REST_MS = 600;
let asking = null;
let resting = 0;

function wanted() {
  const value = (name) => pace.elements.namedItem(name)?.value.trim().replace(",", ".");
  const changed = SIMULATED.filter((name) => value(name) && value(name) !== value(`was.${name}`));
  return changed.map((name) => {
    const share = name === "pacing.cap" ? Number((Number(value(name).replace(/ *%$/, "")) / 100).toPrecision(9)) : value(name);
    return `${name}=${share}`;
  });
}

function tryOut() {
  asking?.abort();
  const sets = wanted();
  if (!sets.length) {
    says(tried, tried.dataset.unmoved, "quiet");
    tried.removeAttribute("aria-busy");
    return;
  }
  asking = new AbortController();
  const query = sets.map((each) => `set=${encodeURIComponent(each)}`).join("&");
  take(`/campaigns/${id}/what-if?${query}`, tried, asking.signal);
}

for (const kind of tried ? ["input", "change"] : []) {
  pace.addEventListener(kind, () => {
    clearTimeout(resting);
    resting = setTimeout(tryOut, REST_MS);
  });
}

const place = document.querySelector("[data-forecast]");
place?.querySelector("a")?.addEventListener("click", (event) => {
  event.preventDefault();
  take(event.currentTarget.href, place);
});
