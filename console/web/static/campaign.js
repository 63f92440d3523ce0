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
  place.replaceChildren(table, told);
});
