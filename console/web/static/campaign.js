// The page of a campaign: sliders beside their numbers, what it does now, and the simulator's forecast.
const notice = document.querySelector("[data-campaign]");
const id = encodeURIComponent(notice?.dataset.campaign ?? "");
const EVERY_MS = 2000;

for (const slider of document.querySelectorAll("input[data-for]")) {
  const field = slider.form.elements.namedItem(slider.dataset.for);
  slider.hidden = false;
  slider.addEventListener("input", () => { field.value = slider.value; });
  field.addEventListener("input", () => { slider.value = field.value.replace(",", "."); });
}

const percent = (share, digits) => `${(100 * share).toFixed(digits)} %`;

function put(name, text) {
  const place = document.querySelector(`[data-live="${name}"]`);
  if (place && place.textContent !== String(text)) place.textContent = text;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/api/v1/campaigns/${id}`);
    if (!answer.ok) return;
    const now = await answer.json();
    put("reason", now.reason || `it is ${now.state}`);
    put("lines", now.lines.in_use);
    put("left", now.leads_left);
    put("abandoned", percent(now.abandonment.share, 2));
    if (now.answer_rate !== null) put("answer", percent(now.answer_rate, 0));
    if (now.agents) {
      put("ready", now.agents.ready);
      put("busy", `${now.agents.talking} talking, ${now.agents.wrapping} in wrap-up`);
    }
    const state = document.querySelector('[data-live="state"]');
    if (state && state.textContent.trim() !== now.state) location.reload();
  } catch {
    put("reason", "no answer of the console: trying again");
  }
}
if (id) setInterval(look, EVERY_MS);

function row(cells, head) {
  const line = document.createElement("tr");
  cells.forEach((text, at) => {
    const cell = document.createElement(head || at === 0 ? "th" : "td");
    cell.scope = head ? "col" : at === 0 ? "row" : "";
    if (at > 0) cell.className = "number";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}

const give = (pair, digits, times = 1) =>
  pair.half_width_95 === null ? (times * pair.mean).toFixed(digits)
    : `${(times * pair.mean).toFixed(digits)} ± ${(times * pair.half_width_95).toFixed(digits)}`;

const note = (text, className) => Object.assign(document.createElement("p"), { textContent: text, className });

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

function compared(found) {
  const table = document.createElement("table");
  table.append(row(["", "Talks an hour", "Occupancy %", "Abandoned %"], true));
  for (const [name, each] of [["Now", found.now], ["So", found.then]]) {
    table.append(row([name, give(each.talks_per_hour, 1), give(each.occupancy, 0, 100), give(each.abandonment, 2, 100)]));
  }
  const gain = found.then.gain_per_hour;
  const sure = gain.half_width_95 !== null && Math.abs(gain.mean) > gain.half_width_95;
  table.lastElementChild.className = sure && gain.mean > 0 ? "best" : "";
  const words = `${gain.mean < 0 ? "" : "+"}${give(gain, 1)} talks an hour${sure ? "" : ": no difference that can be told"}.`;
  tried.replaceChildren(table, note(`${words} From ${found.dials} dials and ${found.talks} talks; 95 % intervals. Nothing is changed yet.`, "hint"));
}

async function tryOut() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const sets = wanted();
  if (!sets.length) {
    tried.replaceChildren(note("As it is: nothing of the pace is moved.", "quiet"));
    return;
  }
  tried.setAttribute("aria-busy", "true");
  tried.replaceChildren(note("The simulator runs …", "quiet"));
  try {
    const query = sets.map((each) => `set=${encodeURIComponent(each)}`).join("&");
    const answer = await fetch(`/api/v1/campaigns/${id}/what-if?${query}`, { signal });
    const found = await answer.json();
    if (answer.ok) compared(found);
    else tried.replaceChildren(note(found.problem ?? "That is no change that can be tried.", "notice"));
  } catch {
    if (signal.aborted) return;
    tried.replaceChildren(note("No answer of the console.", "notice"));
  }
  tried.removeAttribute("aria-busy");
}

for (const kind of tried ? ["input", "change"] : []) {
  pace.addEventListener(kind, () => {
    clearTimeout(resting);
    resting = setTimeout(tryOut, REST_MS);
  });
}

function staffing(staff) {
  const lost = `${+(100 * staff.share).toPrecision(6)} %`;
  return Object.assign(document.createElement("p"), {
    className: "hint",
    textContent: `Were ${staff.answers_per_hour.toFixed(0)} answers an hour of ${staff.handling_s.toFixed(0)} s each ` +
      `(${staff.load.toFixed(1)} erlangs) to come by chance, and not be paced: ` +
      `${staff.none_busy} agents so that ${lost} find all busy (Erlang B), ` +
      `${staff.in_time} so that all but ${lost} are met within ${staff.within_s} s (Erlang C), ` +
      `${staff.few_leave} so that ${lost} give up (Erlang A).`,
  });
}

const place = document.querySelector("[data-forecast]");
place?.querySelector("a")?.addEventListener("click", async (event) => {
  event.preventDefault();
  const link = event.currentTarget;
  place.replaceChildren(Object.assign(document.createElement("p"), { textContent: "The simulator runs …" }));
  const answer = await fetch(`/api/v1/campaigns/${id}/forecast?replications=3`).catch(() => null);
  const found = answer ? await answer.json().catch(() => null) : null;
  if (!answer?.ok || !found) {
    place.replaceChildren(
      Object.assign(document.createElement("p"), { className: "notice", textContent: found?.problem ?? "No answer." }),
      link,
    );
    return;
  }
  const table = document.createElement("table");
  table.append(row(["With", "Talks an hour", "Occupancy %", "Abandoned %"], true));
  const best = found.variants.reduce((a, b) => (b.gain_per_hour.mean > a.gain_per_hour.mean ? b : a));
  for (const each of found.variants) {
    const line = row([
      each.note ? `${each.change} (${each.note})` : each.change, give(each.talks_per_hour, 1),
      give(each.occupancy, 0, 100), give(each.abandonment, 2, 100),
    ]);
    if (each === best && each.gain_per_hour.mean > 0) line.className = "best";
    table.append(line);
  }
  const left = found.hours_left ? `, some ${found.hours_left.mean.toFixed(1)} hours of dialling` : "";
  const told = Object.assign(document.createElement("p"), {
    className: "hint",
    textContent: `From ${found.dials} dials and ${found.talks} talks; 95 % intervals. ` +
      `${found.leads_left} leads left${left}; ${found.lines_needed} lines are enough.`,
  });
  place.replaceChildren(table, told, ...(found.staffing ? [staffing(found.staffing)] : []));
});
