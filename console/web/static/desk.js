// The agent's desk. What the agent types (the notes) is never rendered anew, and a call that comes never moves the focus.

import { html, render } from "./vendor/htm-preact.js";
import { LOOKS, ask, count, lasted, look, serverNow, wordsOf } from "./live.js";
import { Call, Figures, Lead, Promised, Queues, Targets, Tools } from "./desk-parts.js";

const root = document.getElementById("desk");
const desk = JSON.parse(root.dataset.desk);
const t = wordsOf(JSON.parse(root.dataset.words));
const language = root.dataset.language;
const at = (id) => document.getElementById(id);
const mine = `/api/v1/agents/${encodeURIComponent(desk.agent)}`;
const form = at("outcome");
const notes = at("notes");

let line = "lost";
let picture = {};
let card = null; // of the call in hand
let lead = null; // that is looked at before it is dialled
let chosen = null; // the disposition
let scriptLanguage = null;
let promised = [];
let figures = { own: {}, targets: [] };
let asked = 0;

const me = () => picture.agents?.[desk.agent] ?? null;

// --- what is done -----------------------------------------------------------------------------------------------

/** Ask for something; say what came of it, in words that are read out, or why not. */
async function act(method, path, body, said) {
  at("trouble").hidden = true;
  try {
    const done = await ask(method, `${mine}${path}`, body);
    if (said) announce(said);
    return done ?? true;
  } catch (problem) {
    at("trouble").textContent = problem.message;
    at("trouble").hidden = false;
    return null;
  }
}

const announce = (words) => { at("said").textContent = words; };

async function save(andDone) {
  const given = new FormData(form);
  if (chosen && card) {
    const each = card.dispositions.find((one) => one.id === chosen);
    const order = { call_id: card.call_id, disposition: chosen, note: notes.value };
    if (each?.sale) Object.assign(order, { value: given.get("value") || null, currency: given.get("currency") || null });
    if (each?.callback) Object.assign(order, { callback_at: given.get("callback_at") || null, callback_personal: given.get("callback_personal") === "on" });
    if (!(await act("POST", "/disposition", order, t("desk.saved", { what: each?.label ?? chosen })))) return;
    forget(card.call_id);
  }
  if (andDone && !(await act("POST", "/done"))) return;
  refresh();
}

const actions = {
  login: () => act("POST", "/login"),
  logout: () => act("POST", "/logout"),
  unpause: () => act("POST", "/unpause"),
  pause: () => act("POST", `/pause?reason=${encodeURIComponent(at("reason")?.value ?? "")}`),
  done: () => save(true),
  longer: () => act("POST", "/extend?by_s=60"),
  hold: () => act("POST", "/hold"),
  takeBack: () => act("POST", "/take-back"),
  hangUp: () => act("POST", "/end-call"),
  recording: (order) => act("POST", `/recording/${order}`),
  transfer: (to, attended) => act("POST", "/transfer", { ...to, attended }),
  decide: (decision) => act("POST", `/transfer/${decision}`),
  answer: (step, text) => act("POST", "/answers", { call_id: card.call_id, answers: { [step]: text } }),
  book: async (order) => (await act("POST", "/callbacks", { call_id: card.call_id, ...order }, t("desk.booked"))) && refresh(),
  choose: (queues) => act("PUT", "/own-queues", { queues }, t("desk.chosen", { queues: queues.join(", ") || "–" })),
  dialLead: () => act("POST", "/preview/dial", undefined, t("desk.dials", { who: lead?.number ?? "" })),
  skipLead: (reason) => act("POST", "/preview/skip", { reason }, t("desk.skipped")),
  dial: (order) => act("POST", "/dial", order, t("desk.dials", { who: order.number })),
  speak: (wanted) => { scriptLanguage = wanted; refresh(); },
};

// --- the notes: kept by call, in this tab ----------------------------------------------------------------------

const keyOf = (call) => `callwright notes ${desk.agent} ${call}`;
let notesOf = null;

function notesFor(call) {
  if (call === notesOf) return;
  const typing = document.activeElement === notes && notesOf === null;
  if (call !== null) {
    const kept = sessionStorage.getItem(keyOf(call));
    if (kept !== null) notes.value = kept;
    else if (!typing) notes.value = "";
    chosen = null;
  }
  notesOf = call ?? notesOf;
}

notes.addEventListener("input", () => notesOf && sessionStorage.setItem(keyOf(notesOf), notes.value));
const forget = (call) => sessionStorage.removeItem(keyOf(call));

// --- what is shown ----------------------------------------------------------------------------------------------

function Strip({ agent }) {
  const state = agent.state;
  const busy = ["talking", "reserved", "wrap_up"].includes(state);
  return html`
    <div class="now"><span class="badge ${LOOKS[state]}">${agent.looks_at ? t("desk.looks") : t(`state.${state}`)}${agent.reason ? `: ${labelOf(agent.reason)}` : ""}</span>
      <time data-since=${agent.since}>${lasted(serverNow() - agent.since)}</time>
      ${agent.held && html`<span class="badge warn">${t("desk.on_hold")} <time data-since=${agent.held}>${lasted(serverNow() - agent.held)}</time></span>`}
      ${agent.muted && html`<span class="badge warn">${t("desk.recording_paused")}</span>`}
      ${busy && agent.wants === "paused" && html`<span class="hint">${t("desk.then_paused")}</span>`}
      ${busy && agent.wants === "logged_out" && html`<span class="hint">${t("desk.then_logged_out")}</span>`}
      ${state === "wrap_up" && agent.wrap_up_ends && html`<span class="hint">${t("desk.ends_in")} <time data-until=${agent.wrap_up_ends}>${lasted(agent.wrap_up_ends - serverNow())}</time></span>`}</div>
    ${state === "logged_out" && html`<button type="button" onClick=${actions.login}>${t("desk.log_in")}</button>`}
    ${(state === "paused" || (busy && agent.wants !== "ready")) && html`<button type="button" onClick=${actions.unpause}>${t("desk.be_ready")}</button>`}
    ${state === "wrap_up" && html`<button type="button" onClick=${actions.done}>${t("desk.done")}</button>
      <button type="button" class="second" onClick=${actions.longer}>${t("desk.longer")}</button>`}
    ${state !== "logged_out" && agent.wants !== "paused" && html`
      ${desk.reasons.length > 0 && html`<label class="unseen" for="reason">${t("desk.reason")}</label><select id="reason">${desk.reasons.map((each) => html`<option value=${each.id}>${each.label}</option>`)}</select>`}
      <button type="button" class="second" onClick=${actions.pause}>${t(busy ? "desk.pause_after" : "desk.pause")}</button>`}
    ${state !== "logged_out" && html`<button type="button" class="second" onClick=${actions.logout}>${t("desk.log_out")}</button>`}`;
}

const labelOf = (reason) => desk.reasons.find((each) => each.id === reason)?.label ?? reason;

function Choices() {
  const offered = card?.dispositions ?? [];
  const each = offered.find((one) => one.id === chosen);
  return html`<div class="stack"><fieldset class="choices" id="dispositions" disabled=${!card}><legend>${t("desk.choose")} <kbd class="hint">Alt O</kbd></legend>
      ${offered.map((one, index) => html`<label key=${one.id}><input type="radio" name="disposition" value=${one.id} checked=${chosen === one.id}
        onChange=${() => { chosen = one.id; draw(); }} /> <span>${one.label}</span>${index < 9 && html`<kbd>${index + 1}</kbd>`}</label>`)}
      ${!card && html`<span class="hint">${t("desk.no_call")}</span>`}</fieldset>
    ${each?.sale && html`<div class="row" key=${`sale ${each.id}`}><label>${t("desk.value")}<input name="value" inputmode="decimal" required /></label>
      <label>${t("desk.currency")}<input name="currency" defaultValue=${each.currency ?? ""} maxlength="3" size="4" /></label></div>`}
    ${each?.callback && html`<div class="stack" key=${`back ${each.id}`}><label>${t("desk.call_back_at")}<input type="datetime-local" name="callback_at" required /></label>
      <label class="check"><input type="checkbox" name="callback_personal" defaultChecked=${true} /> <span>${t("desk.personal")}</span></label></div>`}</div>`;
}

function Buttons({ agent }) {
  const wraps = agent?.state === "wrap_up";
  return html`<div class="actions"><button disabled=${!card || !chosen}>${t("desk.save")}</button>
    ${wraps && html`<button type="button" class="second" disabled=${!card} onClick=${() => form.reportValidity() && save(true)}>${t("desk.save_done")}</button>`}</div>`;
}

function draw() {
  const agent = me();
  render(line === "live" ? null : html`<p class="notice warn" role="status">${t(`line.${line}`)} ${line === "over" ? html`<a href="/log-in" target="_blank">${t("desk.log_in")}</a>` : ""}</p>`, at("line"));
  const away = picture.engine?.[""]?.away;
  root.classList.toggle("stale", line !== "live" || Boolean(away));
  if (!agent) return;
  render(html`<${Strip} agent=${agent} />`, at("strip"));
  render(!card && lead ? html`<${Lead} lead=${lead} t=${t} actions=${actions} />` : html`<${Call} card=${card} agent=${agent} t=${t} language=${language} actions=${actions} />`, at("call"));
  render(html`<${Choices} />`, at("choices"));
  render(html`<${Buttons} agent=${agent} />`, at("buttons"));
  render(html`<${Tools} card=${card} agent=${agent} desk=${desk} t=${t} actions=${actions} />`, at("tools"));
  render(html`<${Promised} promised=${promised} t=${t} language=${language} /><${Figures} figures=${figures.own} queues=${picture.queues ?? {}} mine=${agent.queues} t=${t} language=${language} /><${Targets} targets=${figures.targets} t=${t} /><${Queues} offered=${desk.mine} mine=${agent.queues} t=${t} actions=${actions} />`, at("own"));
  document.title = `${agent.state === "reserved" || agent.state === "talking" ? "● " : ""}${t(`state.${agent.state}`)} · Callwright`;
}

/** The card of the call in hand, what was promised, and the own figures. */
async function refresh() {
  const turn = (asked += 1);
  const wanted = scriptLanguage ?? language;
  try {
    const found = await ask("GET", `${mine}/call?language=${encodeURIComponent(wanted)}`);
    if (turn !== asked) return;
    const isNew = found && found.call_id !== card?.call_id;
    card = found;
    notesFor(card?.call_id ?? null);
    if (card?.given && !chosen) chosen = card.given.disposition;
    if (isNew) announce(t("desk.arrives", { who: `${card.customer.name || card.customer.number}, ${card.campaign ?? card.queue ?? ""}` }));
  } catch (problem) {
    if (turn !== asked) return;
    if (!me()?.call) card = null;
  }
  await seeLead();
  if (turn !== asked) return;
  draw();
  const [calls, counted] = await Promise.allSettled([ask("GET", `${mine}/callbacks`), ask("GET", "/desk/figures")]);
  if (calls.status === "fulfilled") promised = calls.value;
  if (counted.status === "fulfilled") figures = counted.value;
  draw();
}

/** The lead that the agent looks at; none, where there is none or it has just been taken back. */
async function seeLead() {
  const was = lead?.lead;
  const wanted = me()?.looks_at;
  const found = wanted ? await ask("GET", `${mine}/preview`).catch(() => null) : null;
  lead = found && { ...found, until: found.left_s === null ? null : serverNow() + found.left_s * 1000 };
  if (lead && lead.lead !== was) announce(t("desk.lead", { who: `${lead.name || ""} ${lead.number}, ${lead.campaign}` }));
}

let before = null;
function heard(now) {
  picture = now;
  const agent = me();
  const key = agent && `${agent.state} ${agent.call} ${agent.asks} ${agent.held} ${agent.looks_at}`;
  if (agent && before && before.state !== agent.state && agent.state !== "reserved") announce(t("desk.state_is", { state: t(`state.${agent.state}`) }));
  if (agent && before && Boolean(before.held) !== Boolean(agent.held)) announce(t(agent.held ? "desk.on_hold" : "desk.off_hold"));
  if (agent && before && before.muted !== agent.muted && agent.state === "talking") announce(t(agent.muted ? "desk.recording_paused" : "desk.recording_on"));
  const changed = !before || key !== before.key;
  before = agent && { key, state: agent.state, held: agent.held, muted: agent.muted };
  if (changed) refresh();
  draw();
}

// --- by the keyboard --------------------------------------------------------------------------------------------

form.addEventListener("submit", (event) => { event.preventDefault(); save(false); });

document.addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && !event.metaKey) {
    const work = {
      KeyR: () => (me()?.state === "wrap_up" ? actions.done() : me()?.state === "logged_out" ? actions.login() : actions.unpause()),
      KeyP: actions.pause,
      KeyO: () => document.querySelector("#dispositions input:checked, #dispositions input")?.focus(),
      KeyN: () => notes.focus(),
      KeyS: () => form.reportValidity() && save(false),
      KeyT: () => at("target")?.focus(),
      KeyH: () => me()?.state === "talking" && (me().held ? actions.takeBack() : actions.hold()),
      KeyD: () => (lead ? actions.dialLead() : at("dial")?.focus()),
      KeyK: () => at("skip")?.focus(),
    }[event.code];
    if (work) { event.preventDefault(); work(); }
    return;
  }
  if (/^[1-9]$/.test(event.key) && event.target.name === "disposition") {
    const wanted = document.querySelectorAll("#dispositions input")[Number(event.key) - 1];
    if (wanted) { event.preventDefault(); wanted.focus(); wanted.click(); }
  }
});

look("desk", heard, (now) => { line = now; if (now === "live") refresh(); draw(); });
count();
