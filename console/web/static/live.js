// One WebSocket a page: a snapshot, then deltas by sequence number; comes back by itself, always.

const QUIET_MS = 13000; // the server says something every 5 s
const SOON_MS = 500;
const LATE_MS = 5000;
const CROWDED_MS = 20000; // until a page may have been closed

const OVER = 4401;
const FORBIDDEN = 4403;
const CROWDED = 4429;

let offset = 0; // the server's clock less this one's, in ms

/** The server's time in ms: durations are counted by it, whatever the clock of this machine says. */
export const serverNow = () => Date.now() + offset;

/** The picture after a change: records are replaced whole, null takes one away; what did not change stays the same object. */
export function applied(picture, change) {
  const after = { ...picture };
  for (const [section, records] of Object.entries(change)) {
    const kept = { ...(picture[section] ?? {}) };
    for (const [key, record] of Object.entries(records)) {
      if (record === null) delete kept[key];
      else kept[key] = record;
    }
    after[section] = kept;
  }
  return after;
}

/** Milliseconds to wait before the next try: longer each time, never the same for all. */
export function pause(tries, random = Math.random()) {
  const longest = Math.min(LATE_MS, SOON_MS * 2 ** tries);
  return SOON_MS + (longest - SOON_MS) * random;
}

/** Look at a topic. show(picture, change) hears each picture; link("live" | "lost" | "crowded" | "over" | "forbidden") how the line is. */
export function look(topic, show, link) {
  const decoder = new TextDecoder();
  let socket = null;
  let picture = {};
  let seq = -1;
  let tries = 0;
  let heard = 0;
  let ended = false;

  function open() {
    const address = new URL(`/live?topic=${topic}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const mine = new WebSocket(address);
    socket = mine;
    mine.binaryType = "arraybuffer";
    heard = Date.now();
    mine.onmessage = (event) => {
      if (socket !== mine) return;
      heard = Date.now();
      take(JSON.parse(decoder.decode(event.data)));
    };
    mine.onclose = (event) => {
      if (socket === mine) lost(event.code);
    };
  }

  function take(message) {
    if (message.kind === "beat") return;
    if (message.kind === "snapshot") {
      picture = message.content;
      offset = message.at - Date.now();
      tries = 0;
      link("live");
    } else if (message.seq === seq + 1) {
      picture = applied(picture, message.content);
    } else {
      socket.send("whole");
      return;
    }
    seq = message.seq;
    show(picture, message.kind === "delta" ? message.content : null);
  }

  function lost(code) {
    socket = null;
    if (code === OVER || code === FORBIDDEN) {
      ended = true;
      link(code === OVER ? "over" : "forbidden");
      return;
    }
    const crowded = code === CROWDED;
    link(crowded ? "crowded" : "lost");
    setTimeout(() => !ended && !socket && open(), crowded ? CROWDED_MS * (0.5 + Math.random()) : pause(tries++));
  }

  setInterval(() => {
    if (socket && Date.now() - heard > QUIET_MS) {
      const broken = socket;
      lost(0);
      broken.close();
    }
  }, 1000);
  addEventListener("online", () => !ended && !socket && open());
  open();
}

/** Ask the API of our own pages. Resolves to its answer; rejects with its words. */
export async function ask(method, path, body) {
  const headers = { "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error("no answer from the server");
  }
  const given = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(problem(given) ?? `the server answered ${answer.status}`);
  return given;
}

function problem(given) {
  if (typeof given?.problem === "string") return given.problem;
  if (Array.isArray(given?.detail)) return given.detail.map((each) => each.msg).join("; ");
  return null;
}

/** A length of time as people read it: 0:07, 12:30, 1:02:03. */
export function lasted(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Keep every <time data-since="ms"> and data-until below root counting, once a second, without any rendering. The text's
 *  own node is changed and none is put in its place: a rendering after it would add its own beside that. */
export function count(root = document) {
  const write = (each, ms) => {
    const text = lasted(ms);
    if (each.firstChild && each.firstChild.data !== text) each.firstChild.data = text;
  };
  const tick = () => {
    const now = serverNow();
    for (const each of root.querySelectorAll("time[data-since]")) write(each, now - Number(each.dataset.since));
    for (const each of root.querySelectorAll("time[data-until]")) write(each, Number(each.dataset.until) - now);
  };
  setInterval(tick, 1000);
}

/** Words by key, with their places filled. */
export function wordsOf(texts) {
  return (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** The colour of a state; the word always stands with it. */
export const LOOKS = { ready: "good", reserved: "info", talking: "info", wrap_up: "warn", paused: "warn", logged_out: "" };
