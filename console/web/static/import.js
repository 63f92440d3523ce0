// A preview without leaving the page: the file that was chosen stays chosen, and the page that comes is shown in part.
const form = document.querySelector("[data-import]");
const place = document.querySelector("[data-preview]");

function says(text, className) {
  place.replaceChildren(Object.assign(document.createElement("p"), { textContent: text, className }));
}

form.addEventListener("submit", async (event) => {
  if (event.submitter?.value !== "preview" || !form.elements.namedItem("file").files.length) return;
  event.preventDefault();
  says(place.dataset.looking, "");
  const sent = new FormData(form);
  sent.set("do", "preview");
  const answer = await fetch(form.action, { method: "POST", body: sent }).catch(() => null);
  const text = answer ? await answer.text().catch(() => "") : "";
  const found = new DOMParser().parseFromString(text, "text/html");
  const card = found.querySelector("[data-preview] > section");
  if (answer?.ok && card) place.replaceChildren(document.importNode(card, true));
  else says(found.querySelector(".trouble")?.textContent ?? place.dataset.noAnswer, "trouble");
});
