// A recording's picture is a slider: a click or a key seeks in it, and it shows what was heard. Places are buttons.
const STEP_S = 5;
const LEAP_S = 30;

const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
const players = new Map();

function follow(place, seconds, audio, wave) {
  const width = wave.querySelector("svg").viewBox.baseVal.width;
  const x = (width * place) / seconds;
  wave.querySelector("[data-heard]").setAttribute("width", String(x));
  for (const end of ["x1", "x2"]) wave.querySelector("[data-now]").setAttribute(end, String(x));
  wave.setAttribute("aria-valuenow", place.toFixed(1));
  wave.setAttribute("aria-valuetext", wave.dataset.place.replace("{place}", clock(place)).replace("{length}", clock(seconds)));
  for (const line of document.querySelectorAll(`[data-line="${CSS.escape(audio.dataset.of)}"]`)) {
    const here = place >= Number(line.dataset.from) && place < Number(line.dataset.until);
    if (here) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
}

for (const box of document.querySelectorAll("[data-recording]")) {
  const wave = box.querySelector(".wave");
  const audio = box.querySelector("audio");
  if (!wave || !audio) continue;
  const seconds = Math.max(Number(wave.dataset.seconds), 0.01);
  audio.dataset.of = new URL(audio.src).searchParams.get("of");
  const seek = (place) => {
    const to = Math.min(Math.max(place, 0), seconds);
    audio.currentTime = to;
    follow(to, seconds, audio, wave);
  };
  players.set(audio.dataset.of, { audio, seek });
  for (const [name, value] of [["role", "slider"], ["tabindex", "0"], ["aria-label", wave.dataset.label],
    ["aria-valuemin", "0"], ["aria-valuemax", seconds.toFixed(1)]]) wave.setAttribute(name, value);
  follow(0, seconds, audio, wave);
  for (const name of ["timeupdate", "seeked"]) {
    audio.addEventListener(name, () => follow(audio.currentTime, seconds, audio, wave));
  }
  audio.addEventListener("play", () => {
    for (const other of players.values()) if (other.audio !== audio) other.audio.pause();
  });
  let drags = false;
  const at = (event) => {
    const field = wave.getBoundingClientRect();
    seek((seconds * (event.clientX - field.left)) / field.width);
  };
  wave.addEventListener("pointerdown", (event) => { drags = true; wave.setPointerCapture(event.pointerId); at(event); });
  wave.addEventListener("pointermove", (event) => { if (drags) at(event); });
  for (const name of ["pointerup", "pointercancel"]) wave.addEventListener(name, () => { drags = false; });
  wave.addEventListener("keydown", (event) => {
    const moves = {
      ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S, PageUp: LEAP_S, PageDown: -LEAP_S,
      Home: -seconds, End: seconds,
    };
    if (event.key === " " || event.key === "Enter") {
      if (audio.paused) audio.play().catch(() => {});
      else audio.pause();
    } else if (event.key in moves) seek(audio.currentTime + moves[event.key]);
    else return;
    event.preventDefault();
  });
}

for (const button of document.querySelectorAll("[data-at]")) {
  button.addEventListener("click", () => {
    const player = players.get(button.dataset.of);
    if (!player) return;
    player.seek(Number(button.dataset.at));
    player.audio.play().catch(() => {});
  });
}
