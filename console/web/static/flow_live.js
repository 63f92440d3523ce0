// The page of a flow: what callers do is counted anew while somebody looks, in the picture and in the list.
import { stack } from "./base.js";

const EVERY_MS = 15_000;
const picture = document.querySelector("[data-live-picture]");
const nodes = document.querySelector("[data-live-nodes]");

async function again() {
  if (document.hidden || nodes.contains(document.activeElement)) return; // nothing is changed under somebody's keyboard
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live-nodes]");
    if (!found || found.textContent === nodes.dataset.text) return;
    nodes.dataset.text = found.textContent;
    nodes.replaceChildren(...found.childNodes);
    stack(nodes);
    const address = new URL(picture.src);
    address.searchParams.set("at", String(Date.now()));
    picture.src = address.href;
  } catch {
    // the console is away: the next time is soon
  }
}

if (picture && nodes) {
  nodes.dataset.text = nodes.textContent;
  setInterval(again, EVERY_MS);
}
