// The live page: events and pictures from the server in, what a person sees and changes out. No library, no build step.
"use strict";

const SILENT_MS = 4000; // without an event: the connection is lost
const RETRY_MS = 1000;
const SPARK_POINTS = 120;
const PREVIEW_MS = 120; // between two values of the slider that are sent
const LAYER_MS = 1000; // between two pictures of a debug layer
const KEPT_TURNS = 90; // of which the picture may still be on its way
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);
const state = {
  readings: null, seen: [], status: null, tuning: null, configured: null, latencies: [], spoken: null,
  turns: new Map(), shown: null, newestId: 0, source: null, heardMs: 0, layer: "picture", drawing: null, stamp: 0,
};

function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function draw(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const percent = (confidence) => `${Math.floor(confidence * 100 + 1e-9)} %`;
const styleOf = (confidence) => (confidence >= 0.95 ? "sure" : confidence >= 0.8 ? "fair" : "unsure");

// --- talking to the server

function connect() {
  state.source?.close();
  const source = new EventSource("/api/events");
  state.source = source;
  state.heardMs = performance.now();
  source.onopen = () => {
    if (state.lost) location.reload(); // it may be another run: its page, its token
    heard();
    showPictures(); 
    loadSettings();
    loadHistory();
  };
  source.addEventListener("readings", (event) => { heard(); state.readings = JSON.parse(event.data); showNumbers(); });
  source.addEventListener("seen", (event) => keepTurn(state.readings, (state.seen = JSON.parse(event.data).numbers)));
  source.addEventListener("status", (event) => { heard(); showStatus(JSON.parse(event.data)); });
}

function heard() {
  state.heardMs = performance.now();
  byId("lost").hidden = true;
}

function watch() {
  if (document.hidden || performance.now() - state.heardMs < SILENT_MS) return;
  state.lost = true;
  byId("lost").hidden = false;
  setPhase("connection lost", "bad");
  // Asked first, since a server that wants a new log-in answers no event stream at all.
  fetch("/api/status", { cache: "no-store" }).then((answer) => {
    if (answer.status === 401) location.assign("/login");
    else if (answer.ok || answer.status === 503) location.reload();
  }).catch(() => {});
}

async function send(path, body) {
  const headers = { "X-Form-Token": document.querySelector("meta[name=form-token]").content };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.ok) return "";
    if (answer.status === 401) location.assign("/login");
    return (await answer.json()).error;
  } catch {
    return "the device does not answer";
  }
}

// --- what is shown

function setPhase(text, kind) {
  const pill = byId("phase");
  if (pill.textContent !== text) pill.textContent = text;
  pill.className = `pill ${kind}`;
}

// What the last frames said, by their numbers, so that boxes are drawn on the very picture that they belong to.
function keepTurn(readings, seen) {
  state.turns.set(readings.frame, { readings, seen });
  if (state.turns.size > KEPT_TURNS) state.turns.delete(state.turns.keys().next().value);
  if (state.layer === "mask" || readings.frame === state.shown) showOverlay();
}

// One picture after another for as long as somebody looks; a new call ends the one before it.
async function showPictures() {
  const turn = ++state.stamp;
  byId("picture").className = state.layer;
  byId("overlay").style.display = state.layer === "crops" ? "none" : "";
  state.shown = null;
  while (turn === state.stamp && !document.hidden) {
    const wait = await showPicture(turn);
    if (wait) await new Promise((wake) => setTimeout(wake, wait));
  }
}

async function showPicture(turn) {
  const live = state.layer === "picture";
  try {
    const answer = await fetch(live ? `/frame.jpg?after=${state.shown ?? ""}` : `/layers/${state.layer}.png`, { cache: "no-store" });
    if (!answer.ok) return RETRY_MS;
    const address = URL.createObjectURL(await answer.blob());
    if (turn !== state.stamp) return 0;
    const picture = byId("picture");
    const old = picture.src;
    picture.src = address;
    if (old) URL.revokeObjectURL(old);
    await picture.decode();
    if (!live) return LAYER_MS;
    state.shown = Number(answer.headers.get("X-Frame"));
    showOverlay();
    return 0;
  } catch {
    return RETRY_MS;
  }
}

function showNumbers() {
  const numbers = state.readings.numbers;
  const spoken = JSON.stringify(numbers.map((number) => number.text));
  if (spoken === state.spoken) return; // so that a screen reader says each change once
  state.spoken = spoken;
  const shown = numbers.map((number) => {
    const line = make("p", number.text);
    line.append(make("small", percent(number.confidence)));
    return line;
  });
  byId("numbers").replaceChildren(...(shown.length ? shown : [make("p", "none", { class: "none" })]));
  byId("numbers").classList.toggle("some", numbers.length > 2);
  byId("numbers").classList.toggle("many", numbers.length > 6);
  document.title = numbers.length ? `${numbers.map((number) => number.text).join(" ")}: Edge Digits` : "Edge Digits";
  loadHistory();
}

function showOverlay() {
  const overlay = byId("overlay");
  const turn = state.turns.get(state.shown) ?? (state.layer === "mask" && { readings: state.readings, seen: state.seen });
  if (!turn) return;
  const { width, height, numbers } = turn.readings;
  const pixel = width / (overlay.clientWidth || width); // of the screen, in pixels of the frame
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
  byId("stage").style.aspectRatio = state.layer === "crops" ? "" : `${width} / ${height}`;
  const parts = [];
  const roi = state.drawing?.roi ?? state.tuning?.roi;
  if (roi) {
    const [left, top, across, down] = [roi[0] * width, roi[1] * height, roi[2] * width, roi[3] * height];
    parts.push(draw("path", { class: "roi", d: `M0 0h${width}v${height}h${-width}zM${left} ${top}v${down}h${across}v${-down}z` }));
    parts.push(draw("rect", { class: "faint", x: left, y: top, width: across, height: down }));
  }
  if (byId("show-overlay").checked) {
    const published = new Set(numbers.map((number) => `${number.text}@${number.box}`));
    for (const number of turn.seen) {
      if (published.has(`${number.text}@${number.box}`)) parts.push(...boxed(number, height, pixel));
      else parts.push(draw("rect", { class: "faint", ...rectangle(number.box, 2 * pixel) }));
    }
  }
  overlay.replaceChildren(...parts);
}

const rectangle = ([x, y, width, height], margin) => ({ x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin });

function boxed(number, height, pixel) {
  const style = styleOf(number.confidence);
  const size = Math.max(13 * pixel, height * 0.03, Math.min(number.box[3] * 0.35, height * 0.06));
  const above = number.box[1] > size * 1.5;
  const place = { x: number.box[0], y: above ? number.box[1] - size * 0.45 : number.box[1] + number.box[3] + size * 1.1 };
  return [
    draw("rect", { class: "under", ...rectangle(number.box, 4 * pixel) }),
    draw("rect", { class: style, ...rectangle(number.box, 4 * pixel) }),
    ...number.digits.map((digit) => draw("rect", { class: `digit ${styleOf(digit.confidence)}`, ...rectangle(digit.box, 0) })),
    draw("text", { ...place, "font-size": size }, `${number.text}  ${percent(number.confidence)}`),
  ];
}

function showStatus(status) {
  const before = state.status;
  state.status = status;
  const reading = status.phase === "reading";
  setPhase(reading && !status.publishing ? "publishing is paused" : status.phase, reading && status.publishing ? "good" : "bad");
  byId("fps").textContent = status.fps.toFixed(1);
  byId("latency").textContent = status.latency_ms.toFixed(1);
  state.latencies = [...state.latencies, status.latency_ms].slice(-SPARK_POINTS);
  const top = Math.max(...state.latencies, 1);
  const points = state.latencies.map((latency, at) => `${120 - state.latencies.length + at},${27 - (26 * latency) / top}`);
  byId("spark").firstElementChild.setAttribute("points", points.join(" "));
  const problems = [
    ...(status.problem ? [reading ? status.problem : `camera lost, trying again: ${status.problem}`] : []),
    ...(status.reload.refused ? [`reload refused: ${status.reload.refused}`] : []),
    ...(reading ? status.advice : []),
  ];
  showList("problems", problems);
  showList("withheld", status.withheld.map((number) => `${number.text} is not published: ${number.reason}`));
  byId("accept").hidden = status.withheld.length !== 1;
  byId("hold").setAttribute("aria-checked", String(!status.publishing));
  if (before && status.snapshot && status.snapshot !== before.snapshot) byId("said").textContent = `Saved on the device: ${status.snapshot}`;
  if (before && status.reload.done !== before.reload.done) loadSettings();
  showFacts(status);
}

function showList(id, texts) {
  const list = byId(id);
  if ([...list.children].map((item) => item.textContent).join("\n") === texts.join("\n")) return;
  list.replaceChildren(...texts.map((text) => make("li", text)));
}

function showFacts(status) {
  const hours = status.uptime_s / 3600;
  const size = state.readings ? `, ${state.readings.width} × ${state.readings.height}` : "";
  const facts = {
    camera: (status.camera || "none") + size,
    model: status.description ? `${status.description} (${status.model})` : status.model,
    frames: `${status.frames}, of which ${status.model_frames} with this model, ${status.still} without a change; ${status.dropped} dropped`,
    "camera lost": `${status.camera_losses} times`,
    published: `${status.publications} numbers`,
    up: hours >= 48 ? `${(hours / 24).toFixed(1)} days` : hours >= 1 ? `${hours.toFixed(1)} hours` : `${Math.floor(status.uptime_s / 60)} minutes`,
  };
  byId("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
}

async function loadHistory() {
  try {
    const answer = await fetch("/api/history", { cache: "no-store" });
    if (!answer.ok) return;
    const { readings } = await answer.json();
    const fresh = readings.filter((entry) => entry.id > state.newestId || !state.newestId);
    if (readings[0] && readings[0].id < state.newestId) byId("history").replaceChildren(); // another run
    state.newestId = readings[0]?.id ?? 0;
    byId("history").prepend(...fresh.map(historyLine));
    while (byId("history").children.length > 50) byId("history").lastElementChild.remove();
  } catch { /* the watch says that the connection is lost */ }
}

function historyLine(entry) {
  const line = make("li");
  const when = new Date(entry.timestamp);
  line.append(
    make("img", undefined, { src: `/history/${entry.id}.jpg`, alt: "", loading: "lazy" }),
    make("b", entry.text),
    make("time", when.toLocaleTimeString(), { datetime: entry.timestamp, title: when.toLocaleString() }),
  );
  return line;
}

// --- what is changed

async function loadSettings() {
  try {
    const answer = await fetch("/api/settings", { cache: "no-store" });
    if (!answer.ok) return;
    const { tuning, configured } = await answer.json();
    [state.tuning, state.configured] = [tuning, configured];
    showSettings();
  } catch { /* as above */ }
}

function showSettings() {
  const { tuning, configured } = state;
  byId("confidence").value = tuning.confidence;
  byId("confidence-shown").textContent = tuning.confidence.toFixed(2);
  byId("orientation").value = tuning.orientation;
  const shares = tuning.roi ?? [0, 0, 1, 1];
  [...byId("roi").querySelectorAll("input")].forEach((input, at) => {
    if (input !== document.activeElement) input.value = Math.round(shares[at] * 1000) / 10;
  });
  const same = JSON.stringify(tuning) === JSON.stringify(configured);
  byId("save").disabled = byId("revert").disabled = same;
  if (!same) byId("saved").textContent = "not saved yet";
  else if (byId("saved").textContent === "not saved yet") byId("saved").textContent = "";
  showOverlay();
}

let waiting = 0;
function tune(change) {
  if (!state.tuning) return;
  state.tuning = { ...state.tuning, ...change };
  showSettings();
  clearTimeout(waiting);
  waiting = setTimeout(async () => { byId("said").textContent = await send("/api/settings", state.tuning); }, PREVIEW_MS);
}

function roiFromFields() {
  const shares = [...byId("roi").querySelectorAll("input")].map((input) => Number(input.value) / 100);
  if (shares.some((share) => !(share >= 0 && share <= 1)) || !(shares[2] > 0 && shares[3] > 0)) return;
  const whole = shares.join() === "0,0,1,1";
  tune({ roi: whole ? null : shares });
}

function shareAt(event) {
  const place = byId("overlay").getBoundingClientRect();
  const within = (value) => Math.min(1, Math.max(0, value));
  return [within((event.clientX - place.left) / place.width), within((event.clientY - place.top) / place.height)];
}

function roiBetween(start, end) {
  const round = (value) => Math.round(value * 10000) / 10000;
  return [0, 1].map((axis) => round(Math.min(start[axis], end[axis]))).concat([0, 1].map((axis) => round(Math.abs(start[axis] - end[axis]))));
}

function setDrawing(on) {
  byId("draw").setAttribute("aria-pressed", String(on));
  byId("stage").classList.toggle("drawing", on);
  if (!on) state.drawing = null;
}

function listen() {
  for (const choice of document.querySelectorAll("input[name=layer]")) {
    choice.addEventListener("change", () => { state.layer = choice.value; showPictures(); showOverlay(); });
  }
  byId("show-overlay").addEventListener("change", showOverlay);
  byId("confidence").addEventListener("input", (event) => tune({ confidence: Number(event.target.value) }));
  byId("orientation").addEventListener("change", (event) => tune({ orientation: event.target.value }));
  byId("roi").addEventListener("change", roiFromFields);
  byId("all").addEventListener("click", () => { setDrawing(false); tune({ roi: null }); });
  byId("draw").addEventListener("click", () => setDrawing(byId("draw").getAttribute("aria-pressed") !== "true"));
  const stage = byId("stage");
  stage.addEventListener("pointerdown", (event) => {
    if (!stage.classList.contains("drawing")) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    state.drawing = { start: shareAt(event), roi: null };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!state.drawing) return;
    state.drawing.roi = roiBetween(state.drawing.start, shareAt(event));
    showOverlay();
  });
  stage.addEventListener("pointerup", (event) => {
    if (!state.drawing) return;
    const roi = roiBetween(state.drawing.start, shareAt(event));
    setDrawing(false);
    if (roi[2] > 0.01 && roi[3] > 0.01) tune({ roi });
    else showOverlay();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { setDrawing(false); showOverlay(); } });
  const command = (name, done) => async () => { byId("said").textContent = (await send("/api/commands", { command: name })) || done; };
  byId("snapshot").addEventListener("click", command("snapshot", "Snapshot asked for."));
  byId("accept").addEventListener("click", command("accept", "The next number is taken for true."));
  byId("hold").addEventListener("click", () => {
    const pause = byId("hold").getAttribute("aria-checked") !== "true";
    byId("hold").setAttribute("aria-checked", String(pause));
    command(pause ? "hold" : "resume", pause ? "Nothing new is published." : "Publishing again.")();
  });
  byId("revert").addEventListener("click", async () => { byId("saved").textContent = await send("/api/settings/revert"); setTimeout(loadSettings, 300); });
  byId("save").addEventListener("click", () => {
    const words = (tuning) => ({ "least confidence": tuning.confidence, "turned by": tuning.orientation, "part read": tuning.roi ? tuning.roi.map((share) => `${Math.round(share * 1000) / 10} %`).join(", ") : "all" });
    const [now, then] = [words(state.tuning), words(state.configured)];
    const lines = Object.keys(now).filter((name) => now[name] !== then[name]);
    byId("changes").replaceChildren(...lines.flatMap((name) => [make("dt", name), make("dd", `${then[name]} → ${now[name]}`)]));
    byId("confirm").returnValue = "";
    byId("confirm").showModal();
  });
  byId("confirm").addEventListener("close", async () => {
    if (byId("confirm").returnValue !== "save") return;
    const refused = await send("/api/settings/save");
    byId("saved").textContent = refused || "saved";
  });
  byId("logout").addEventListener("click", async () => { await send("/logout"); location.assign("/login"); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) state.source?.close();
    else connect();
  });
}

listen();
connect();
setInterval(watch, RETRY_MS);
