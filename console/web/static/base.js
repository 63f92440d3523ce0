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
