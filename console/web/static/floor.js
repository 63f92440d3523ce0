// The floor: who is at what, and what a supervisor may do about it.

import { html, render } from "./vendor/htm-preact.js";
import { LOOKS, ask, count, lasted, look, serverNow, wordsOf } from "./live.js";

const root = document.getElementById("floor");
const floor = JSON.parse(root.dataset.floor);
const t = wordsOf(JSON.parse(root.dataset.words));
const PHONE = "callwright phone";
const STATES = ["talking", "reserved", "ready", "wrap_up", "paused", "logged_out"];

let phone = floor.me || localStorage.getItem(PHONE) || floor.supervisors[0]?.id || "";
let picture = null;
let line = "lost";

const Since = ({ at }) => html`<time data-since=${at}>${lasted(serverNow() - at)}</time>`;

function show(id, words) {
  for (const each of ["said", "trouble"]) document.getElementById(each).hidden = each !== id;
  document.getElementById(id).textContent = words;
}

async function act(method, path, body) {
  try {
    const done = await ask(method, path, body);
    show("said", done?.said ?? t("floor.done"));
  } catch (problem) {
    show("trouble", problem.message);
  }
}

const agentPath = (id, order) => `/api/v1/agents/${encodeURIComponent(id)}/${order}`;
const supervise = (call, mode) => act("POST", `/api/v1/calls/${encodeURIComponent(call)}/supervise`, { supervisor: phone, mode });
const leave = (who) => act("POST", `/api/v1/supervisors/${encodeURIComponent(who)}/leave`);

/** An order is given by its button: walking through the list by keys gives none. */
function order(event, id) {
  event.preventDefault();
  const wanted = new FormData(event.target).get("order");
  event.target.reset();
  if (wanted) act("POST", agentPath(id, wanted));
}

/** What may be ordered of an agent in a state: pairs of the order's path and its words. */
function ordersFor(state) {
  const pauses = floor.reasons.length
    ? floor.reasons.map((each) => [`pause?reason=${encodeURIComponent(each.id)}`, t("floor.pause_for", { reason: each.label })])
    : [["pause?reason=supervisor", t("floor.pause")]];
  if (state === "logged_out") return [["login", t("floor.login")]];
  return [
    ...(state === "paused" ? [["unpause", t("floor.ready")]] : pauses),
    ...(state === "talking" ? [["end-call", t("floor.end_call")]] : []),
    ["logout", t("floor.logout")],
  ];
}

function Agents({ agents, supervisors }) {
  const list = Object.entries(agents).sort(([, a], [, b]) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.name.localeCompare(b.name));
  if (!list.length) return html`<p class="quiet">${t("floor.nobody")}</p>`;
  const beside = (call) => Object.entries(supervisors).filter(([, each]) => each.call === call);
  return html`<div class="wide" role="region" aria-label=${t("floor.agents")} tabindex="0"><table class="stacked">
    <thead><tr><th scope="col">${t("floor.agent")}</th><th scope="col">${t("floor.state")}</th><th scope="col" class="number">${t("floor.since")}</th>
      <th scope="col">${t("floor.queues")}</th><th scope="col">${t("floor.do")}</th></tr></thead>
    <tbody>${list.map(([id, each]) => html`<tr key=${id}><th scope="row">${each.name}</th>
      <td><span class="badge ${LOOKS[each.state]}">${t(`state.${each.state}`)}${each.reason ? `: ${each.reason}` : ""}</span>${each.held && html` <span class="badge warn">${t("floor.phase_hold")} <${Since} at=${each.held} /></span>`}</td>
      <td class="number"><${Since} at=${each.since} /></td><td><${Queues} id=${id} name=${each.name} queues=${each.queues} /></td>
      <td><div class="doing">${each.state === "talking" && each.call && floor.supervisors.length > 0 && html`<span class="row">
          ${["listen", "whisper", "join"].map((mode) => html`<button type="button" class="second small" key=${mode} onClick=${() => supervise(each.call, mode)}>${t(`floor.${mode}`)}<span class="unseen"> ${each.name}</span></button>`)}</span>`}
        ${beside(each.call).map(([who, one]) => html`<div class="row" key=${who}><small>${one.sits ? t("floor.listening", { who, mode: t(`floor.${one.mode}`) }) : t("floor.rings", { who })}</small>
          <button type="button" class="plain" onClick=${() => leave(who)}>${t("floor.leave")}</button></div>`)}
      <form class="orders" onSubmit=${(event) => order(event, id)}><select name="order" aria-label=${t("floor.order", { name: each.name })}><option value="">${t("floor.choose")}</option>
        ${ordersFor(each.state).map(([path, words]) => html`<option key=${path} value=${path}>${words}</option>`)}</select><button class="second small">${t("floor.give")}<span class="unseen"> ${each.name}</span></button></form></div></td></tr>`)}</tbody></table></div>`;
}

/** The queues of an agent, and where a supervisor moves the agent. */
function Queues({ id, name, queues }) {
  const move = (event) => {
    event.preventDefault();
    event.target.closest("details").open = false;
    act("PUT", agentPath(id, "queues"), { queues: new FormData(event.target).getAll("queue") });
  };
  return html`<details><summary>${queues.join(", ") || t("floor.no_queue")}</summary><form class="stack" key=${queues.join()} onSubmit=${move}><fieldset><legend>${t("floor.queues_of", { name })}</legend>
    ${floor.queues.map((each) => html`<label class="check" key=${each}><input type="checkbox" name="queue" value=${each} defaultChecked=${queues.includes(each)} /> <span>${each}</span></label>`)}
    <button class="second small">${t("floor.move")}</button></fieldset></form></details>`;
}

function Calls({ calls, agents }) {
  const list = Object.entries(calls).sort(([, a], [, b]) => a.since - b.since);
  if (!list.length) return html`<p class="quiet">${t("floor.no_calls")}</p>`;
  return html`<div class="wide" role="region" aria-label=${t("floor.calls")} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t("floor.direction")}</th><th scope="col">${t("floor.number")}</th><th scope="col">${t("floor.phase")}</th>
      <th scope="col">${t("floor.queue")}</th><th scope="col">${t("floor.agent")}</th><th scope="col" class="number">${t("floor.age")}</th></tr></thead>
    <tbody>${list.map(([id, each]) => html`<tr key=${id}><td data-label=${t("floor.direction")}>${t(each.direction === "inbound" ? "floor.inbound" : "floor.outbound")}</td>
      <td data-label=${t("floor.number")}>${each.direction === "inbound" ? each.caller : each.called}</td><td data-label=${t("floor.phase")}>${t(`floor.phase_${each.phase}`)}</td>
      <td data-label=${t("floor.queue")}>${each.campaign ?? each.queue ?? "–"}</td><td data-label=${t("floor.agent")}>${agents[each.agent]?.name ?? each.agent ?? "–"}</td><td data-label=${t("floor.age")} class="number"><${Since} at=${each.since} /></td></tr>`)}</tbody></table></div>`;
}

function emergency(event) {
  event.preventDefault();
  const name = new FormData(event.target).get("name").trim();
  const path = `/api/v1/hours/${encodeURIComponent(name)}`;
  if (event.submitter.value === "off") act("DELETE", path);
  else if (confirm(t("floor.emergency_confirm", { name }))) act("PUT", path, { state: "emergency" });
}

function Emergency({ hours }) {
  const on = Object.entries(hours).filter(([, each]) => each.state === "emergency").map(([name]) => name);
  const known = [...new Set([...floor.hours, ...Object.keys(hours)])];
  return html`<section class="card ${on.length ? "alarm" : ""}"><h2>${t("floor.emergency")} <span class="badge ${on.length ? "bad" : ""}">${on.length ? t("floor.is_on", { names: on.join(", ") }) : t("floor.is_off")}</span></h2>
    <p class="hint">${t("floor.emergency_hint")}</p>
    <form class="row" onSubmit=${emergency}><label>${t("floor.hours")}<input name="name" list="hours" required defaultValue=${known[0] ?? ""} /></label><datalist id="hours">${known.map((each) => html`<option value=${each} />`)}</datalist>
      <button class="danger" value="on">${t("floor.emergency_on")}</button><button class="second" value="off">${t("floor.emergency_off")}</button></form></section>`;
}

function Floor() {
  const away = picture.engine?.[""]?.away;
  const agents = picture.agents ?? {};
  return html`
    ${line !== "live" && html`<p class="notice warn" role="status">${t(`line.${line}`)}</p>`}
    ${away && html`<p class="notice bad">${t("floor.away", { why: away })}</p>`}
    <div class=${line === "live" && !away ? "" : "stale"}>
      <div class="head"><h2>${t("floor.agents")}</h2><label class="check">${t("floor.my_phone")} ${floor.supervisors.length
        ? html`<select value=${phone} onChange=${(event) => { phone = event.target.value; localStorage.setItem(PHONE, phone); }}>${floor.supervisors.map((each) => html`<option value=${each.id}>${each.label}</option>`)}</select>`
        : html`<span class="hint">${t("floor.no_phone")}</span>`}</label></div>
      <${Agents} agents=${agents} supervisors=${picture.supervisors ?? {}} />
      <h2>${t("floor.calls")}</h2><${Calls} calls=${picture.calls ?? {}} agents=${agents} />
      ${Object.keys(picture.flags ?? {}).length > 0 && html`<h2>${t("floor.flags")}</h2><ul class="history card">${Object.entries(picture.flags).map(([id, each]) => html`<li key=${id}><span>${each.number}</span><span>${each.what}</span></li>`)}</ul>`}
      <h2 class="unseen">${t("floor.emergency")}</h2><${Emergency} hours=${picture.hours ?? {}} /></div>`;
}

const draw = () => picture && render(html`<${Floor} />`, root);
look("floor", (now) => { picture = now; draw(); }, (now) => { line = now; draw(); });
count(root);
