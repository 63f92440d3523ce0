// The parts of the agent's desk that only show what they are given.

import { html } from "./vendor/htm-preact.js";
import { lasted, serverNow } from "./live.js";

const when = (text, language) => new Date(text).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });

/** Whose call it is: the card, the script and the history. */
export function Call({ card, agent, t, language, actions }) {
  if (!card) {
    return html`<div class="idle"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d="M4 14v-2a8 8 0 0 1 16 0v2M18 19a2 2 0 0 0 2-2v-3h-4v5zM4 14v3a2 2 0 0 0 2 2h2v-5z" /></svg>
      <h2>${t("desk.no_call")}</h2><p>${t(agent.state === "logged_out" ? "desk.not_logged_in" : "desk.waits")}</p></div>`;
  }
  const who = card.customer;
  const fields = Object.entries(who.fields);
  return html`
    <div class="caller"><h2>${who.name || t("desk.unknown")}</h2><span class="big">${who.number}</span></div>
    <p><span class="badge info">${t(`desk.${card.direction === "inbound" ? "inbound" : "outbound"}`)}</span></p>
    <dl class="pairs">
      ${card.queue && html`<dt>${t("desk.queue")}</dt><dd>${card.queue}</dd>`}
      ${card.campaign && html`<dt>${t("desk.campaign")}</dt><dd>${card.campaign}</dd>`}
      ${who.list && html`<dt>${t("desk.list")}</dt><dd>${who.list}</dd>`}
      ${who.numbers.length > 1 && html`<dt>${t("desk.numbers")}</dt><dd>${who.numbers.map((each) => `${each.number} (${each.kind})`).join(", ")}</dd>`}
      ${who.time_zones.length > 0 && html`<dt>${t("desk.zone")}</dt><dd>${who.time_zones.map((zone) => localTime(zone, language)).join(", ")}</dd>`}
      ${fields.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
    </dl>
    ${card.screen_pop && html`<p><a class="button second small" href=${card.screen_pop} target="_blank" rel="noreferrer">${t("desk.open_crm")}</a></p>`}
    ${card.script && html`<${Script} key=${card.call_id} script=${card.script} t=${t} actions=${actions} />`}
    <h3>${t("desk.history")}</h3>
    ${card.history.length === 0 && html`<p class="quiet">${t("desk.no_history")}</p>`}
    <ul class="history">${card.history.slice(0, 12).map((each) => html`<li><time datetime=${each.at}>${when(each.at, language)}</time>
      <span>${known(t, each.kind)}${detail(each.detail, t)}</span></li>`)}</ul>`;
}

/** A lead that is looked at before it is dialled: who it is, and to dial or to skip it. */
export function Lead({ lead, t, actions }) {
  const skip = (event) => {
    event.preventDefault();
    actions.skipLead(new FormData(event.target).get("reason"));
  };
  return html`
    <div class="caller"><h2>${lead.name || t("desk.unknown")}</h2><span class="big">${lead.number}</span></div>
    <p><span class="badge info">${t("desk.looks")}</span>${lead.until !== null && html` <span class="hint">${t(`desk.then_${lead.auto}`)} <time data-until=${lead.until}>${lasted(lead.until - serverNow())}</time></span>`}</p>
    <dl class="pairs"><dt>${t("desk.campaign")}</dt><dd>${lead.campaign}</dd>
      ${lead.others.length > 0 && html`<dt>${t("desk.numbers")}</dt><dd>${lead.others.join(", ")}</dd>`}
      <dt>${t("desk.tries")}</dt><dd>${lead.tries}${lead.last_outcome ? `: ${known(t, `v_${lead.last_outcome}`)}` : ""}</dd>
      ${Object.entries(lead.fields).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    <div class="actions"><button type="button" onClick=${actions.dialLead}>${t("desk.dial")} <kbd>Alt D</kbd></button></div>
    <form class="row" key=${lead.lead} onSubmit=${skip}><label>${t("desk.skip_why")} <kbd class="hint">Alt K</kbd><input id="skip" name="reason" required maxlength="200" /></label><button class="second">${t("desk.skip")}</button></form>`;
}

function localTime(zone, language) {
  try {
    return `${new Date(serverNow()).toLocaleTimeString(language, { timeZone: zone, timeStyle: "short" })} (${zone.split("/").at(-1).replaceAll("_", " ")})`;
  } catch {
    return zone;
  }
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/; // of a call or a lead: nothing for people

/** A word of the records in the agent's language; one that only this house has, as it is. */
const known = (t, word) => {
  const key = `history.${word}`;
  const found = t(key);
  return found === key ? word.replace(/^v_/, "").replaceAll("_", " ") : found;
};

const CODES = ["direction", "outcome", "state", "what", "consent"]; // of a detail: words of ours, and none of people

function detail(values, t) {
  const shown = Object.entries(values ?? {}).map(([name, value]) => {
    if (name.endsWith("_s") && typeof value === "number") return lasted(1000 * value);
    return CODES.includes(name) && typeof value === "string" ? known(t, `v_${value}`) : value;
  });
  const said = shown.filter((each) => ["string", "number"].includes(typeof each) && each !== "" && !ID.test(each));
  return said.length ? `: ${said.slice(0, 5).join(", ")}` : "";
}

function Script({ script, t, actions }) {
  return html`<h3 class="row">${t("desk.script")} ${script.languages.length > 1 && html`<select class="small" aria-label=${t("desk.script_language")} value=${script.language}
      onChange=${(event) => actions.speak(event.target.value)}>${script.languages.map((each) => html`<option value=${each}>${each}</option>`)}</select>`}</h3>
    <p class="script" lang=${script.language}>${script.text}</p>
    ${script.steps.map((step) => html`<div key=${step.id}>${step.answers.length
      ? html`<fieldset class="choices"><legend lang=${script.language}>${step.say}</legend>${step.answers.map((each) => html`<label key=${each}><input type="radio" name=${`step ${step.id}`} value=${each}
          defaultChecked=${step.answered === each} onChange=${() => actions.answer(step.id, each)} /> <span>${each}</span></label>`)}</fieldset>`
      : html`<label lang=${script.language}>${step.say}<input defaultValue=${step.answered ?? ""} aria-label=${`${t("desk.answer")}: ${step.say}`} onChange=${(event) => actions.answer(step.id, event.target.value)} /></label>`}</div>`)}`;
}

/** What can be done with the call: hold it, hand it on, ask first, the recording, its end, a callback. */
export function Tools({ card, agent, desk, t, actions }) {
  if (!card) return agent.state === "ready" ? html`<${Dial} t=${t} actions=${actions} />` : null;
  const talks = agent.state === "talking";
  const to = (attended) => {
    const [kind, ...name] = document.getElementById("target").value.split(":");
    if (kind) actions.transfer({ [kind]: name.join(":") }, attended);
  };
  const group = (label, kind, list) => list.length > 0 && html`<optgroup label=${label}>${list.map((each) => html`<option value=${`${kind}:${each.id ?? each}`}>${each.label ?? each}</option>`)}</optgroup>`;
  const book = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    actions.book({ at: given.get("at"), personal: given.get("personal") === "on" });
    event.target.closest("details").open = false;
  };
  return html`<div class="stack">${talks && html`<div class="card stack">
      ${!agent.asks && html`<h2>${t("desk.holding")}</h2>${agent.held
        ? html`<p class="notice">${t("desk.on_hold")} <time data-since=${agent.held}>${lasted(serverNow() - agent.held)}</time></p><div class="actions"><button type="button" onClick=${actions.takeBack}>${t("desk.take_back")} <kbd>Alt H</kbd></button></div>`
        : html`<div class="actions"><button type="button" class="second" onClick=${actions.hold}>${t("desk.hold")} <kbd>Alt H</kbd></button></div>`}`}
      <h2>${t("desk.hand_over")}</h2>
      ${agent.asks
        ? html`<p class="notice">${t(`desk.asks_${agent.asks}`)}</p><div class="actions"><button type="button" disabled=${agent.asks !== "there"} onClick=${() => actions.decide("complete")}>${t("desk.complete")}</button>
            <button type="button" class="second" onClick=${() => actions.decide("cancel")}>${t("desk.take_back")}</button></div>`
        : html`<label>${t("desk.to")} <select id="target"><option value="">–</option>${group(t("desk.to_agents"), "agent", desk.agents)}${group(t("desk.to_queues"), "queue", desk.queues)}
            ${group(t("desk.to_destinations"), "destination", desk.destinations)}${group(t("desk.to_supervisors"), "supervisor", desk.supervisors)}</select></label>
          <div class="actions"><button type="button" class="second" disabled=${Boolean(agent.held)} onClick=${() => to(false)}>${t("desk.transfer")}</button><button type="button" class="second" onClick=${() => to(true)}>${t("desk.ask_first")}</button></div>`}
      <div class="actions" hidden=${Boolean(agent.held)}>${agent.muted
          ? html`<button type="button" class="second small" onClick=${() => actions.recording("resume")}>${t("desk.resume_recording")}</button>`
          : html`<button type="button" class="second small" onClick=${() => actions.recording("pause")}>${t("desk.pause_recording")}</button>`}
        <button type="button" class="danger small" onClick=${actions.hangUp}>${t("desk.hang_up")}</button></div></div>`}
    <details class="card"><summary>${t("desk.book")}</summary><form class="stack" onSubmit=${book}>
      <label>${t("desk.call_back_at")}<input type="datetime-local" name="at" required /></label>
      <label class="check"><input type="checkbox" name="personal" defaultChecked=${true} /> <span>${t("desk.personal")}</span></label>
      <button class="second">${t("desk.book")}</button></form></details></div>`;
}

/** A number that the agent dials, in a campaign in which agents do. */
function Dial({ t, actions }) {
  const dial = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    actions.dial({ number: given.get("number"), campaign: given.get("campaign") || null });
  };
  return html`<details class="card"><summary>${t("desk.dial_number")}</summary><form class="stack" onSubmit=${dial}>
    <label>${t("desk.number")}<input id="dial" name="number" type="tel" required maxlength="40" /></label>
    <label>${t("desk.campaign")} <span class="hint">${t("desk.if_several")}</span><input name="campaign" maxlength="64" /></label>
    <button class="second">${t("desk.dial")}</button></form></details>`;
}

/** The callbacks that are the agent's to make. */
export function Promised({ promised, t, language }) {
  return html`<h2>${t("desk.callbacks")}</h2>${promised.length === 0
    ? html`<p class="quiet">${t("desk.no_callbacks")}</p>`
    : html`<ul class="history card">${promised.map((each) => html`<li key=${each.id}><time datetime=${each.at}>${when(each.at, language)}</time>
        <span>${each.name || each.number} <small>${each.agent ? "" : t("desk.everybody", { queue: each.queue })} ${each.note}</small></span></li>`)}</ul>`}`;
}

/** The agent's own figures, and who waits in the agent's queues. */
export function Figures({ figures, queues, mine, t, language }) {
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const shown = ({ value, unit }) => value === null ? "–" : unit === "ratio" ? percent.format(value) : unit === "s" ? lasted(value * 1000) : plain.format(value);
  return html`<h2>${t("desk.figures")}</h2><ul class="tiles">
    ${Object.entries(figures).map(([name, each]) => html`<li class="tile ${each.look ?? ""}" key=${name} title=${each.definition}><span>${t(`desk.figure_${name}`)}</span><b>${shown(each)}</b>${each.aim !== undefined && html`<span>${t("desk.aim", { aim: shown({ ...each, value: each.aim }) })}</span>`}</li>`)}
    ${mine.map((name) => html`<li class="tile ${queues[name]?.waiting ? "warn" : ""}" key=${`queue ${name}`}><span>${t("desk.waiting")}: ${name}</span><b>${queues[name]?.waiting ?? 0}</b></li>`)}</ul>`;
}

/** How the targets of the agent's queues stand. */
export function Targets({ targets, t }) {
  if (!targets.length) return null;
  return html`<h2>${t("desk.targets")}</h2><ul class="history card">${targets.map((each) => html`<li key=${each.name}><span class="badge ${each.look}">${each.verdict === "unknown" ? t("desk.too_few") : each.value}</span>
    <span>${each.title} <small>${t("desk.aim", { aim: each.aim })} · ${each.window}</small></span></li>`)}</ul>`;
}

/** The queues that the settings give the agent: left, and come back to. */
export function Queues({ offered, mine, t, actions }) {
  if (offered.length < 2) return null;
  const choose = (event) => {
    event.preventDefault();
    actions.choose(new FormData(event.target).getAll("queue"));
  };
  return html`<h2>${t("desk.my_queues")}</h2><form class="card row" key=${mine.join()} onSubmit=${choose}>${offered.map((each) => html`<label class="check" key=${each}><input type="checkbox" name="queue" value=${each}
    defaultChecked=${mine.includes(each)} /> <span>${each}</span></label>`)}<button class="second small">${t("desk.choose_queues")}</button></form>`;
}
