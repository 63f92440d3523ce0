// What every page has: the theme at once when it is chosen, the menu of a phone, and forms that ask before they do.

const root = document.documentElement;
root.classList.remove("no-script");

for (const form of document.querySelectorAll("form.themes")) {
  form.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    root.dataset.theme = theme;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === theme));
    const sent = new FormData(form);
    sent.set("theme", theme);
    fetch(form.action, { method: "POST", body: new URLSearchParams(sent), redirect: "manual", keepalive: true }).catch(() => {});
  });
}

for (const button of document.querySelectorAll("button.menu")) {
  button.addEventListener("click", () => {
    const open = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  });
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

for (const field of document.querySelectorAll("select[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

// On a phone the rows of a table are cards (style.css): each value has its column's word, and the table stays one for
// who hears it. A table of figures with many columns stays as it is, and is moved sideways within its own frame.
const MOST_COLUMNS = 9;

/** Let the tables below ``place`` be such. */
export function stack(place) {
  for (const table of place.querySelectorAll(".wide > table")) cards(table);
}

function cards(table) {
  const heads = [...table.querySelectorAll("thead th")].map((each) => each.innerText.trim());
  if (!heads.length || heads.length > MOST_COLUMNS || table.querySelector(".fact")) return; // facts stand by themselves
  table.classList.add("cards");
  table.setAttribute("role", "table");
  for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    [...row.cells].forEach((cell, at) => {
      const heading = cell.tagName === "TH";
      cell.setAttribute("role", !heading ? "cell" : cell.scope === "col" ? "columnheader" : "rowheader");
      if (!heading) cell.dataset.label = heads[at] ?? "";
    });
  }
}
stack(document);
