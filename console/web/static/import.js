// A preview without leaving the page: the file that was chosen stays chosen.
const form = document.querySelector("[data-import]");
const place = document.querySelector("[data-preview]");
const csrf = document.querySelector('meta[name="csrf"]').content;

function made(tag, text, ...children) {
  const node = document.createElement(tag);
  if (text !== null) node.textContent = text;
  node.append(...children);
  return node;
}

form.addEventListener("submit", async (event) => {
  const file = form.elements.namedItem("file").files[0];
  if (event.submitter?.value !== "preview" || !file) return;
  event.preventDefault();
  const query = new URLSearchParams({ file: file.name.slice(-100) });
  for (const name of ["region", "map"]) {
    const value = form.elements.namedItem(name).value.trim();
    if (value) query.set(name, value);
  }
  place.replaceChildren(made("p", "Every row is looked at …"));
  const answer = await fetch(`/api/v1/leads/preview?${query}`, {
    method: "POST", body: file, headers: { "X-CSRF-Token": csrf, "Content-Type": "application/octet-stream" },
  }).catch(() => null);
  const found = answer ? await answer.json().catch(() => null) : null;
  if (!answer?.ok || !found) {
    const problem = made("p", found?.problem ?? "No answer: try again.");
    problem.className = "trouble";
    place.replaceChildren(problem);
    return;
  }
  const card = made("section", null, made("h2", file.name));
  card.className = "card";
  const zones = found.without_zone ? `, ${found.without_zone} of them without a time zone` : "";
  card.append(made("p", `${found.good} of ${found.rows} rows can be imported${zones}.`), made("h3", "Columns"));
  const pairs = made("dl", null);
  pairs.className = "pairs";
  for (const [kind, column] of Object.entries(found.columns)) pairs.append(made("dt", kind), made("dd", column));
  if (found.other_columns.length) pairs.append(made("dt", "kept as they are"), made("dd", found.other_columns.join(", ")));
  card.append(pairs);
  const refused = Object.entries(found.refused);
  if (refused.length) {
    card.append(made("h3", "Refused"), made("ul", null, ...refused.map(([why, count]) => made("li", `${count} × ${why}`))));
  }
  card.append(made("h3", "The first rows"));
  for (const row of found.samples) {
    const line = made("p", Object.entries(row).map(([key, value]) => `${key}: ${value}`).join("; "));
    line.className = "quiet";
    card.append(line);
  }
  place.replaceChildren(card);
});
