// The wallboard: what is on it follows from the picture alone.

import { html, render } from "./vendor/htm-preact.js";
import { LOOKS, count, lasted, look, serverNow, wordsOf } from "./live.js";

const root = document.getElementById("wall");
const t = wordsOf(JSON.parse(root.dataset.words));
const place = root.dataset.language;
const percent = new Intl.NumberFormat(place, { style: "percent", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat(place, { maximumFractionDigits: 1 });
const LONG_MS = 60000; // a wait that is looked at twice
const STATES = ["ready", "talking", "reserved", "wrap_up", "paused", "logged_out"];

const CAMPAIGN_LOOKS = { running: "good", paused: "warn", draining: "info" };

const share = (part, whole) => (whole > 0 ? percent.format(part / whole) : "–");
const Since = ({ at }) => html`<time data-since=${at}>${lasted(serverNow() - at)}</time>`;

/** What somebody has to look at, the worst first: pairs of look and words. */
const titleOf = ({ figure, whose }) => [t(`figure.t_${figure}`), ...whose].join(", ");

function alarms({ engine = {}, switches = {}, trunks = {}, campaigns = {}, hours = {}, targets = {} }) {
  const found = [];
  const state = engine[""] ?? {};
  if (state.away) found.push(["bad", t("wall.away", { why: state.away })]);
  for (const why of state.not_ready ?? []) found.push(["bad", t("wall.not_dialling", { why })]);
  for (const [name, each] of Object.entries(switches)) if (each.down) found.push(["bad", t("wall.switch_down", { name, why: each.down })]);
  for (const [name, each] of Object.entries(hours)) if (each.state === "emergency") found.push(["bad", t("wall.emergency", { name })]);
  for (const each of Object.values(campaigns)) {
    if (each.answered && each.abandoned / each.answered > each.cap) found.push(["bad", t("wall.over_cap", { name: each.name })]);
  }
  for (const [name, each] of Object.entries(targets)) {
    if (each.raised) found.push(["bad", t("wall.alarm", { name, title: titleOf(each), value: each.value || "–", alarm: each.alarm })]);
  }
  for (const [name, each] of Object.entries(trunks)) if (each.health) found.push(["warn", t("wall.trunk", { name, why: each.health })]);
  return found;
}

function Tiles({ picture }) {
  const queues = Object.values(picture.queues ?? {});
  const agents = Object.values(picture.agents ?? {});
  const campaigns = Object.values(picture.campaigns ?? {});
  const figures = picture.figures ?? {};
  const sum = (list, key) => list.reduce((all, each) => all + each[key], 0);
  const waiting = sum(queues, "waiting");
  const oldest = Math.min(...queues.map((each) => each.oldest ?? Infinity));
  const [answered, abandoned] = [sum(campaigns, "answered"), sum(campaigns, "abandoned")];
  const cap = Math.min(...campaigns.map((each) => each.cap));
  const ended = sum(campaigns, "ended");
  const ready = sum(campaigns, "ready");
  const level = figures.service_level;
  const lost = answered > 0 ? abandoned / answered : 0;
  const isLong = waiting && serverNow() - oldest > LONG_MS;
  return html`<ul class="tiles wall-tiles">
    <${Tile} label=${t("wall.waiting")} value=${waiting} look=${isLong ? "bad" : waiting ? "warn" : "good"}
      more=${waiting ? html`${t("wall.longest")} <${Since} at=${oldest} />` : t("wall.nobody_waits")} />
    <${Tile} label=${t("wall.calls")} value=${picture.engine?.[""]?.calls ?? "–"} />
    <${Tile} label=${t("wall.free")} value=${agents.filter((each) => each.state === "ready").length}
      more=${t("wall.of_agents", { count: agents.filter((each) => each.state !== "logged_out").length })} />
    <${Tile} label=${t("wall.talking")} value=${agents.filter((each) => each.state === "talking").length} />
    <${Tile} label=${t("wall.service_level")} value=${level?.value == null ? "–" : percent.format(level.value)}
      look=${level?.value == null ? "" : level.value < 0.8 ? "warn" : "good"} more=${t("wall.within")} />
    ${campaigns.length > 0 && html`
    <${Tile} label=${t("wall.abandoned")} value=${share(abandoned, answered)} look=${lost > cap ? "bad" : lost > 0.8 * cap ? "warn" : ""}
      more=${t("wall.cap", { cap: percent.format(cap) })} />
    <${Tile} label=${t("wall.answer_rate")} value=${share(sum(campaigns, "reached"), ended)} more=${t("wall.of_dials", { count: ended })} />
    <${Tile} label=${t("wall.dials_per_agent")} value=${ready ? plain.format(sum(campaigns, "dialling") / ready) : "–"} />`}
  </ul>`;
}

const Tile = ({ label, value, look = "", more = "" }) =>
  html`<li class="tile ${look}"><span>${label}</span><b>${value}</b><span>${more}</span></li>`;

function Queues({ queues }) {
  const names = Object.keys(queues).sort();
  if (!names.length) return null;
  return html`<section><h2>${t("wall.queues")}</h2><div class="wide" role="region" aria-label=${t("wall.queues")} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t("wall.queue")}</th><th scope="col" class="number">${t("wall.waiting")}</th>
      <th scope="col" class="number">${t("wall.longest")}</th><th scope="col" class="number">${t("wall.free")}</th>
      <th scope="col" class="number">${t("wall.logged_in")}</th></tr></thead>
    <tbody>${names.map((name) => {
      const each = queues[name];
      return html`<tr key=${name}><th scope="row">${name}</th>
        <td data-label=${t("wall.waiting")} class="number big ${each.waiting ? "warn" : ""}">${each.waiting}</td>
        <td data-label=${t("wall.longest")} class="number big">${each.oldest ? html`<${Since} at=${each.oldest} />` : "–"}</td>
        <td data-label=${t("wall.free")} class="number big">${each.free}</td><td data-label=${t("wall.logged_in")} class="number big">${each.logged_in}</td></tr>`;
    })}</tbody></table></div></section>`;
}

function Targets({ targets }) {
  const names = Object.keys(targets).sort();
  if (!names.length) return null;
  return html`<section><h2>${t("wall.targets")}</h2><div class="wide" role="region" aria-label=${t("wall.targets")} tabindex="0"><table>
    <thead><tr><th scope="col">${t("wall.target")}</th><th scope="col" class="number">${t("wall.value")}</th>
      <th scope="col" class="number">${t("wall.aim")}</th></tr></thead>
    <tbody>${names.map((name) => {
      const each = targets[name];
      return html`<tr key=${name}><th scope="row">${name}<br /><small>${titleOf(each)}, ${t("wall.of_last", { window: each.window })}</small></th>
        <td class="number big ${each.look}">${each.verdict === "unknown" ? html`<small>${t("wall.too_few")}</small>` : each.value}</td>
        <td class="number big">${each.aim}</td></tr>`;
    })}</tbody></table></div></section>`;
}

function Agents({ agents }) {
  const list = Object.entries(agents).sort(([, a], [, b]) =>
    STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.since - b.since || a.name.localeCompare(b.name));
  const there = list.filter(([, each]) => each.state !== "logged_out");
  return html`<section><h2>${t("wall.agents")}</h2>
    ${there.length === 0 && html`<p class="quiet">${t("wall.nobody")}</p>`}
    <ul class="people">${there.map(([id, each]) => html`<li key=${id} class="person ${LOOKS[each.state]}">
      <b>${each.name}</b><span>${t(`state.${each.state}`)}${each.reason ? html`<small> ${each.reason}</small>` : ""}</span>
      <${Since} at=${each.since} /></li>`)}</ul></section>`;
}

function Campaigns({ campaigns }) {
  const list = Object.entries(campaigns).sort(([, a], [, b]) => a.name.localeCompare(b.name));
  if (!list.length) return null;
  return html`<section><h2>${t("wall.campaigns")}</h2><div class="wide" role="region" aria-label=${t("wall.campaigns")} tabindex="0"><table class="cards">
    <thead><tr><th scope="col">${t("wall.campaign")}</th><th scope="col">${t("wall.state")}</th>
      <th scope="col" class="number">${t("wall.dialling")}</th><th scope="col" class="number">${t("wall.talking")}</th>
      <th scope="col" class="number">${t("wall.answer_rate")}</th><th scope="col" class="number">${t("wall.abandoned")}</th></tr></thead>
    <tbody>${list.map(([id, each]) => {
      const lost = each.answered ? each.abandoned / each.answered : 0;
      return html`<tr key=${id}><th scope="row">${each.name}<br /><small>${each.reason}</small></th>
        <td data-label=${t("wall.state")}><span class="badge ${CAMPAIGN_LOOKS[each.state] ?? ""}">${t(`campaign.${each.state}`)}</span></td>
        <td data-label=${t("wall.dialling")} class="number big">${each.dialling}</td><td data-label=${t("wall.talking")} class="number big">${each.talking}</td>
        <td data-label=${t("wall.answer_rate")} class="number big">${share(each.reached, each.ended)}</td>
        <td data-label=${t("wall.abandoned")} class="number big ${lost > each.cap ? "bad" : lost > 0.8 * each.cap && lost ? "warn" : ""}">${share(each.abandoned, each.answered)}<br /><small>${t("wall.cap", { cap: percent.format(each.cap) })}</small></td></tr>`;
    })}</tbody></table></div></section>`;
}

function Wall({ picture, line }) {
  const found = alarms(picture);
  return html`
    ${line !== "live" && html`<p class="notice warn" role="status">${t(`line.${line}`)}</p>`}
    ${found.length > 0 && html`<ul class="alarms">${found.map(([look, words]) => html`<li key=${words} class="notice ${look}">${words}</li>`)}</ul>`}
    <div class=${line === "live" ? "" : "stale"}>
      <${Tiles} picture=${picture} />
      <div class="columns wall-columns"><${Queues} queues=${picture.queues ?? {}} /><${Campaigns} campaigns=${picture.campaigns ?? {}} /><${Targets} targets=${picture.targets ?? {}} /></div>
      <${Agents} agents=${picture.agents ?? {}} />
    </div>`;
}

let picture = null;
let line = "lost";
const draw = () => picture && render(html`<${Wall} picture=${picture} line=${line} />`, root);
look("wall", (now) => { picture = now; draw(); }, (now) => { line = now; draw(); });
count(root);

const full = document.getElementById("full");
full.hidden = !document.fullscreenEnabled;
full.addEventListener("click", () => document.querySelector("main").requestFullscreen());
