"use strict";
/* The script of a page of `tcpflow report`. All that comes from a capture is put into the page as
   text (textContent), never as markup. */
(() => {
const byId = (id) => document.getElementById(id);
const data = (name) => JSON.parse(byId(`data-${name}`).textContent);
const counted = (number) => number.toLocaleString("en-US");

/* Makes an element: attributes by name, children are elements or text. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== "") element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function duration(us) {
  if (us < 0) return "";
  if (us < 999.5) return `${+us.toPrecision(3)} us`;
  if (us < 999500) return `${+(us / 1e3).toPrecision(3)} ms`;
  if (us < 99.5e6) return `${+(us / 1e6).toPrecision(3)} s`;
  const seconds = Math.round(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
}

/* ---- Theme: the system's, unless somebody chose. A page from disk may have no storage. */
const theme = byId("theme");
const themeListeners = [];
function stored(value) {
  try {
    if (value === undefined) return localStorage.getItem("tcpflow-theme") || "";
    localStorage.setItem("tcpflow-theme", value);
  } catch { /* nothing is remembered then */ }
  return "";
}
function setTheme(value) {
  if (value) document.documentElement.dataset.theme = value;
  else delete document.documentElement.dataset.theme;
  for (const listener of themeListeners) listener();
}
theme.value = stored();
theme.addEventListener("change", () => { stored(theme.value); setTheme(theme.value); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(theme.value));
addEventListener("beforeprint", () => setTheme("light"));
addEventListener("afterprint", () => setTheme(theme.value));
setTheme(theme.value);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/* ---- The table of connections. */
const COLUMNS = [
  ["#", 0, "number"], ["originator", 1, "socket"], ["responder", 2, "socket"], ["begins", 3, "number"],
  ["lasts", 4, "number"], ["opened", 5, ""], ["closed by", 7, ""], ["how", 8, ""], ["end state", 9, ""],
  ["sent", 10, "number"], ["received", 11, "number"], ["segments", 12, "number"], ["again", 13, "number"],
  ["findings", 14, ""],
];
const FINDINGS = 14, SEVERITY = 15, DRAWN = 16, STEP = 200, CHUNK = 100;
const rows = data("rows");
const total = data("total");
const elements = new Array(rows.length);
const texts = new Array(rows.length);
const drawnNumbers = rows.filter((row) => row[DRAWN]).map((row) => row[0]);
let order = rows.map((_, place) => place);
let matching = order;
let shown = STEP;
let sorted = null;
let current = null;
const keys = new Map();

function cellText(row, column) {
  switch (column) {
    case 3: return `+${(row[3] / 1e6).toFixed(6)}`;
    case 4: return duration(row[4]);
    case 5: return row[6];
    case 10: case 11: case 12: case 13: return counted(row[column]);
    default: return String(row[column]);
  }
}
function element(place) {
  let line = elements[place];
  if (line) return line;
  const row = rows[place];
  line = make("tr", { role: "row", "data-number": String(row[0]) });
  for (const [, column, kind] of COLUMNS) {
    const cell = make("td", { role: "cell", class: kind });
    if (column === 0 && row[DRAWN]) {
      cell.append(make("a", { href: `#connection-${row[0]}`, "aria-label": `Draw connection ${row[0]}` }, `#${row[0]}`));
    } else if (column === FINDINGS && row[SEVERITY]) {
      cell.append(make("span", { class: ["info", "warning", "error"][row[SEVERITY]] },
        `${["", "▲", "✖"][row[SEVERITY]]} ${row[FINDINGS]}`));
    } else {
      cell.textContent = cellText(row, column);
    }
    line.append(cell);
  }
  elements[place] = line;
  return line;
}
/* What a column is sorted by; numbers inside of text count as numbers. */
function sortKeys(column) {
  let found = keys.get(column);
  if (!found) {
    found = rows.map((row) => {
      if (column === FINDINGS) return row[SEVERITY] * 1e3 + row[FINDINGS].length;
      const value = row[column];
      return typeof value === "number" ? value : value.replace(/\d+/g, (digits) => digits.padStart(5, "0"));
    });
    keys.set(column, found);
  }
  return found;
}
function render() {
  // Rows out of sight cost nothing: each chunk of them is laid out when it is scrolled to.
  const lines = matching.slice(0, shown).map(element);
  const bodies = [];
  for (let at = 0; at < lines.length; at += CHUNK) {
    bodies.push(make("tbody", { role: "rowgroup" }, ...lines.slice(at, at + CHUNK)));
  }
  const table = byId("table");
  for (const body of [...table.tBodies]) body.remove();
  table.append(...bodies);
  table.classList.toggle("long", lines.length > STEP);
  mark();
  const rest = matching.length - shown;
  byId("more").hidden = byId("everything").hidden = rest <= 0;
  byId("more").textContent = `Show ${counted(Math.min(STEP, rest))} more`;
  byId("everything").textContent = `Show all ${counted(matching.length)}`;
  const seen = Math.min(shown, matching.length);
  const of = matching.length === rows.length ? "" : ` that match, of ${counted(rows.length)}`;
  const more = total > rows.length ? ` in the table; the capture has ${counted(total)}` : "";
  byId("count").textContent = `${counted(seen)} of ${counted(matching.length)} connections${of}${more}`;
}
function filter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const severity = byId("severity").value;
  const wanted = (row) => severity === "" || (severity === "any" ? row[SEVERITY] > 0
    : severity === "drawn" ? row[DRAWN] : row[SEVERITY] === +severity);
  matching = order.filter((place) => {
    if (!wanted(rows[place])) return false;
    if (!words.length) return true;
    texts[place] ??= COLUMNS.map(([, column]) => cellText(rows[place], column)).join(" ").toLowerCase()
      + ` #${rows[place][0]} `;
    return words.every((word) => texts[place].includes(word));
  });
  render();
}
function sort(column, head) {
  const down = sorted && sorted.column === column && sorted.sign === 1 ? -1 : 1;
  const found = sortKeys(column);
  order = rows.map((_, place) => place).sort((one, other) => {
    const a = found[one], b = found[other];
    return a < b ? -down : a > b ? down : one - other;
  });
  if (sorted) sorted.head.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
  sorted = { column, sign: down, head };
  shown = Math.min(shown, Math.max(STEP, matching.length));
  filter();
}
function mark() {
  for (const line of byId("table").querySelectorAll("tr.current")) line.classList.remove("current");
  const line = current && byId("table").querySelector(`tr[data-number="${current}"]`);
  if (line) line.classList.add("current");
}
const headRow = byId("table").tHead.rows[0];
for (const [name, column, kind] of COLUMNS) {
  const head = make("th", { role: "columnheader", scope: "col", class: kind });
  const button = make("button", { type: "button" }, name);
  button.addEventListener("click", () => sort(column, head));
  head.append(button);
  headRow.append(head);
}
byId("filter").addEventListener("input", () => { shown = STEP; filter(); });
byId("severity").addEventListener("change", () => { shown = STEP; filter(); });
byId("more").addEventListener("click", () => { shown += STEP; render(); });
byId("everything").addEventListener("click", () => { shown = matching.length; render(); });
filter();

/* ---- Charts. All are drawn anew when the theme or the width changes. */
const charts = [];
function axis(extra) {
  return { stroke: color("dim"), grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 }, font: "12px system-ui, sans-serif", ...extra };
}
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });
const compactTicks = (_, values) => values.map((value) => value === null ? "" : compact.format(value));
const secondTicks = (_, values) => values.map((value) => `${+value.toPrecision(9)}`);
function chart(holder, options, values) {
  const entry = { holder, plot: null };
  entry.draw = () => {
    const zoom = entry.plot && { min: entry.plot.scales.x.min, max: entry.plot.scales.x.max };
    if (entry.plot) entry.plot.destroy();
    const width = Math.max(holder.clientWidth, 200);
    entry.plot = new uPlot({ width, ...options() }, values(), holder);
    if (zoom && zoom.min !== null && entry.zoomed) entry.plot.setScale("x", zoom);
  };
  entry.draw();
  charts.push(entry);
  return entry;
}
themeListeners.push(() => { for (const entry of charts) entry.draw(); });
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    for (const { plot, holder } of charts) {
      if (holder.clientWidth) plot.setSize({ width: Math.max(holder.clientWidth, 200), height: plot.height });
    }
  }, 100);
});

/* ---- States over time. */
const census = data("census");
const STATE_COLORS = {
  "SYN-SENT": ["#b26a00", "#f2b84b"], "SYN-RECEIVED": ["#8f6b00", "#d7c04a"], "ESTABLISHED": ["#1a7f37", "#5fc97c"],
  "FIN-WAIT-1": ["#0b6a8f", "#6cc7e8"], "FIN-WAIT-2": ["#2563c9", "#7aa7f7"], "CLOSE-WAIT": ["#b3261e", "#ff8a80"],
  "CLOSING": ["#57606a", "#a3abb3"], "LAST-ACK": ["#a0357a", "#f08cc8"], "TIME-WAIT": ["#7a3fa0", "#cf9df0"],
  "LISTEN": ["#57606a", "#a3abb3"], "CLOSED": ["#57606a", "#a3abb3"],
};
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const isDark = () => getComputedStyle(document.documentElement).getPropertyValue("--back").trim() === "#14171a";
const stateColor = (name) => (STATE_COLORS[name] || STATE_COLORS.CLOSED)[+isDark()];
const names = Object.keys(census.states);
if (names.length && byId("census-chart")) {
  const visible = new Set(names);
  const entry = chart(byId("census-chart"), () => ({
    height: 280,
    legend: { show: true, live: true },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { distr: byId("census-stretch").checked ? 4 : 1, asinh: 5, range: (_, __, top) => [0, Math.max(top, 1)] } },
    axes: [axis({ values: secondTicks, label: "seconds from the first frame", labelSize: 22 }), axis({ values: compactTicks, size: 60 })],
    series: [{ label: "seconds", value: (_, value) => value === null ? "" : value.toFixed(6) }, ...names.map((name, place) => ({
      label: name, stroke: stateColor(name), width: 1.5, dash: DASHES[place % DASHES.length], show: visible.has(name),
      paths: uPlot.paths.stepped({ align: -1 }), points: { show: census.times.length < 3 },
    }))],
  }), () => [census.times.map((time) => time / 1e6), ...names.map((name) => census.states[name])]);
  names.forEach((name, place) => {
    const box = make("input", { type: "checkbox", checked: true });
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    const paint = () => { swatch.style.background = stateColor(name); };
    paint();
    themeListeners.push(paint);
    box.addEventListener("change", () => {
      if (box.checked) visible.add(name); else visible.delete(name);
      entry.plot.setSeries(place + 1, { show: box.checked });
    });
    byId("census-states").append(make("label", { class: "choice" }, box, swatch, name));
  });
  byId("census-stretch").addEventListener("change", entry.draw);
}

/* ---- One connection. */
const panel = byId("connection");
let fixedCharts = charts.length;

function facts(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, text]) => [make("dt", null, name), make("dd", null, text)]));
}
const MARKS = { inferred: " ¹", assumed: " ²" };
function ends(connection) {
  const head = make("tr", null, ...["", "socket", "role", "state", "certainty", "or else", "at the capture's end", "segments", "octets", "unique", "sent again"].map((name) => make("th", { scope: "col" }, name)));
  const lines = connection.ends.map((end, place) => make("tr", null,
    make("th", { scope: "row" }, place ? "responder" : "originator"),
    ...[end.socket, end.role, end.state, end.certainty, end.others.join(", "), end.at_end].map((text) => make("td", { class: "state" }, text)),
    ...[end.segments, end.octets, end.unique, end.retransmitted].map((number) => make("td", { class: "number" }, counted(number)))));
  byId("connection-ends").replaceChildren(make("thead", null, head), make("tbody", null, ...lines));
}
function found(connection) {
  byId("connection-findings").replaceChildren(...connection.findings.map((each) => {
    const evidence = [each.frames && `Frames ${each.frames}.`, `${each.certainty[0].toUpperCase()}${each.certainty.slice(1)}.`,
      each.why && `Follows from: ${each.why}.`, each.would_disprove && `Would be wrong if: ${each.would_disprove}.`].filter(Boolean).join(" ");
    return make("details", { class: each.severity, open: true },
      make("summary", null, make("span", { class: "mark" }, `${each.mark} ${each.severity} `), make("strong", null, `${each.code} ${each.name}`)),
      make("p", null, each.message, " ", make("a", { href: `#explain-${each.code}` }, `What ${each.code} means`)),
      make("p", { class: "dim" }, evidence));
  }));
}
function ladder(connection) {
  const head = make("tr", null, ...[["frame", ""], ["time", ""], [`originator ${connection.ends[0].socket}`, "own"], ["", ""], [`responder ${connection.ends[1].socket}`, "peer"]]
    .map(([text, kind]) => make("th", { scope: "col", class: kind }, text || make("span", { class: "sr" }, "segment"))));
  const life = (side, state, certainty) => state === "CLOSED" ? "" : `${side}-${certainty === "observed" ? "observed" : "believed"}`;
  const state = (kind, name, certainty, shows) => make("td", { class: `${kind} ${certainty === "observed" ? "" : "believed"}` }, shows ? name + (MARKS[certainty] || "") : "");
  const lines = connection.lines.map(([kind, frame, time, gap, sender, text, own, ownCertainty, ownShows, peer, peerCertainty, peerShows, mark]) => {
    const middle = make("td", { class: `middle ${life("own", own, ownCertainty)} ${life("peer", peer, peerCertainty)}` });
    if (kind === "segment") {
      const reset = /(^| )RST( |$)/.test(text.split(" seq ")[0]) ? " reset" : "";
      middle.append(make("div", { class: `arrow ${sender ? "left" : "right"}${reset}` },
        make("span", { class: "sr" }, sender ? "from the responder: " : "from the originator: "), text));
    } else if (text) {
      middle.append(make("div", { class: `${kind} ${kind === "note" ? mark : sender ? "right" : "left"}` }, kind === "fold" ? `⋯ ${text} ⋯` : text));
    }
    const when = make("td", { class: "time" }, time);
    if (gap) when.append(make("small", null, gap));
    return make("tr", null, make("td", { class: `frame ${mark}` }, kind === "segment" ? frame : ""), when,
      state("own", own, ownCertainty, ownShows), middle, state("peer", peer, peerCertainty, peerShows));
  });
  byId("ladder").replaceChildren(make("caption", { class: "sr" }, `Segments of connection ${connection.id} and the states of both ends`),
    make("thead", null, head), make("tbody", null, ...lines));
}
const MACHINE_ENDS = ["originator", "responder"];
function machines(connection) {
  MACHINE_ENDS.forEach((end, place) => {
    const drawing = byId(`machine-template-${end}`).content.cloneNode(true);
    const moves = connection.moves.filter((move) => move[0] === place);
    // CLOSED stands there twice: before and after its life.
    const light = (name, isOver, last) => {
      const life = name !== "CLOSED" ? "" : isOver ? "[data-life]" : ":not([data-life])";
      const box = drawing.querySelector(`[data-state="${name}"]${life}`);
      box.classList.add("lit");
      if (last) box.classList.add("last");
    };
    const lines = moves.map(([, time, frame, from, to, event, certainty, proof, correction]) => {
      light(from, false, false);
      light(to, true, false);
      let inFigure = false;
      for (const arrow of drawing.querySelectorAll(`.arrow[data-from="${from}"][data-to="${to}"]`)) {
        if (arrow.dataset.event === event && !correction) {
          arrow.classList.add("lit");
          inFigure = true;
        }
      }
      const where = frame ? `, frame ${frame}` : "";
      const proved = certainty === "observed" ? "" : proof ? `, ${certainty}, proved by frame ${proof}` : `, ${certainty}`;
      const text = `${time} ${from} to ${to}: ${event}${where}${proved}`;
      return make("li", null, make("span", { class: inFigure ? "" : "elsewhere" },
        correction ? `${text} (taken back)` : inFigure ? text : `${text} (not an arrow of the figure)`));
    });
    light(connection.ends[place].state, moves.length > 0, true);
    byId(`machine-of-${end}`).replaceChildren(drawing);
    byId(`moves-of-${end}`).replaceChildren(...lines);
  });
}

/* Bars of segments, from their first number to the last, as tcptrace draws them. */
function drawSegments(plot, graph) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const ratio = devicePixelRatio || 1;
  const paints = [color("sent"), color("again"), color("order")];
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  // What is remarkable lies above the rest.
  for (const remarkable of [false, true]) {
    for (let at = 0; at < graph.sent.length; at += 4) {
      const [time, start, end, kind] = graph.sent.slice(at, at + 4);
      const x = plot.valToPos(time / 1e6, "x", true);
      if (kind > 0 !== remarkable || x < left - 3 || x > left + width + 3) continue;
      const y = plot.valToPos(end, "y", true);
      const least = (kind ? 6 : 3) * ratio;
      const length = Math.max(plot.valToPos(start, "y", true) - y, least);
      const broad = (kind ? 4 : 2) * ratio;
      ctx.fillStyle = paints[kind];
      ctx.fillRect(x - broad / 2, y, broad, length);
    }
  }
  ctx.restore();
}
/* One time axis for all: numbers sent, acknowledged and allowed, with gaps where one says nothing. */
function sequenceValues(graph) {
  const points = [];
  for (let at = 0; at < graph.sent.length; at += 4) points.push([graph.sent[at], graph.sent[at + 2], null, null]);
  for (let at = 0; at < graph.allowed.length; at += 3) points.push([graph.allowed[at], null, graph.allowed[at + 1], graph.allowed[at + 2]]);
  points.sort((one, other) => one[0] - other[0]);
  return [points.map((point) => point[0] / 1e6), ...[1, 2, 3].map((place) => points.map((point) => point[place]))];
}
function pairs(flat) {
  const points = [];
  for (let at = 0; at < flat.length; at += 2) points.push([flat[at], flat[at + 1]]);
  points.sort((one, other) => one[0] - other[0]);
  return points;
}
function graphTitle(graph) {
  let again = 0;
  for (let at = 3; at < graph.sent.length; at += 4) again += graph.sent[at] === 1;
  const last = graph.sent.length ? graph.sent[graph.sent.length - 4] : 0;
  return `Sent by ${graph.who}: ${counted(graph.sent.length / 4)} segments${graph.thinned ? " or runs of them" : ""}, ${counted(again)} sent again, the last after ${duration(last)}`;
}
function graphOf(graph, group) {
  const holder = make("div", { class: "chart" });
  group.append(make("h4", null, graphTitle(graph)));
  const zoomButtons = make("p", { class: "zoom" });
  group.append(zoomButtons, holder);
  const link = `graph-${graph.of}`;
  const mine = [];
  let busy = false;
  const follow = (plot, key) => {
    if (key !== "x" || busy) return;
    busy = true;
    const { min, max } = plot.scales.x;
    for (const entry of mine) {
      entry.zoomed = true;
      if (entry.plot !== plot) entry.plot.setScale("x", { min, max });
    }
    busy = false;
  };
  const values = sequenceValues(graph);
  const rtt = pairs(graph.rtt), rate = pairs(graph.rate);
  if (rate.length) rate.push([rate[rate.length - 1][0] + graph.bin, rate[rate.length - 1][1]]);
  const all = [...values[0], ...rtt.map((point) => point[0] / 1e6)];
  let first = Infinity, last = -Infinity;
  for (const time of all) { first = Math.min(first, time); last = Math.max(last, time); }
  const margin = (last - first) * 0.02 || 0.001;
  const whole = [first - margin, last + margin];
  // A window far above what was sent would press the rest flat: it is left out unless asked for.
  let top = 1, edge = 0;
  for (const value of [...values[1], ...values[2]]) top = Math.max(top, value);
  for (const value of values[3]) edge = Math.max(edge, value);
  let isWindowWhole = edge <= 2 * top;
  const sequenceRange = (_, low, high) => [Math.min(low ?? 0, 0), 1.05 * (isWindowWhole ? Math.max(high ?? 0, top) : Math.min(high ?? top, top))];
  const fromZero = (_, __, high) => [0, 1.1 * high || 1];
  const common = (height, label, format) => ({
    height,
    cursor: { sync: { key: link, setSeries: false }, drag: { x: true, y: false } },
    hooks: { setScale: [follow] },
    scales: { x: { time: false, range: (_, min, max) => min === null || min === max ? whole : [min, max] }, y: { range: fromZero } },
    axes: [axis({ values: secondTicks }), axis({ values: format, size: 70, label, labelSize: 20 })],
  });
  const plotOf = (name, describe, options, points) => {
    const place = make("div", { role: "img", "aria-label": describe });
    holder.append(place);
    const entry = chart(place, options, points);
    entry.zoomed = false;
    mine.push(entry);
    return entry;
  };
  plotOf("sequence", `Sequence numbers over time. ${graphTitle(graph)}`, () => {
    const base = common(320, "sequence number", compactTicks);
    base.scales.y = { range: sequenceRange };
    base.hooks.draw = [(plot) => drawSegments(plot, graph)];
    base.series = [
      { label: "seconds" },
      { label: "sent (red: again, amber: out of order)", stroke: color("sent"), paths: () => null, points: { show: false } },
      { label: "acknowledged", stroke: color("acknowledged"), width: 1.5, spanGaps: true, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
      { label: "window's edge", stroke: color("edge"), width: 1.5, dash: [6, 4], spanGaps: true, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
    ];
    return base;
  }, () => values);
  if (rtt.length) plotOf("rtt", `Round-trip times, ${counted(rtt.length)} of them`, () => ({
    ...common(150, "round trip, ms", compactTicks),
    series: [{ label: "seconds" }, { label: "round trip, ms (as seen where captured)", stroke: color("order"), paths: () => null, points: { show: true, size: 5, fill: color("order") } }],
  }), () => [rtt.map((point) => point[0] / 1e6), rtt.map((point) => point[1] / 1e3)]);
  if (rate.length > 2) plotOf("rate", "Rate of new octets", () => ({
    ...common(150, "bits a second", compactTicks),
    series: [{ label: "seconds" }, { label: `bits a second, in bins of ${duration(graph.bin)}`, stroke: color("acknowledged"), fill: `${color("acknowledged")}33`, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } }],
  }), () => [rate.map((point) => point[0] / 1e6), rate.map((point) => point[1])]);
  const zoom = (name, change) => {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      const { min, max } = mine[0].plot.scales.x;
      const [low, high] = change(min, max);
      mine[0].plot.setScale("x", { min: low, max: high });
    });
    zoomButtons.append(button, " ");
  };
  zoom("Whole", () => whole);
  zoom("Closer", (min, max) => [min + (max - min) / 4, max - (max - min) / 4]);
  zoom("Farther", (min, max) => [min - (max - min) / 2, max + (max - min) / 2]);
  zoom("Earlier", (min, max) => [min - (max - min) / 2, max - (max - min) / 2]);
  zoom("Later", (min, max) => [min + (max - min) / 2, max + (max - min) / 2]);
  if (!isWindowWhole) {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => { isWindowWhole = box.checked; mine[0].draw(); });
    zoomButtons.append(make("label", null, box, " whole window (its edge is far above)"));
  }
  mine[0].plot.setScale("x", { min: whole[0], max: whole[1] });
}
function graphs(connection) {
  for (const entry of charts.splice(fixedCharts)) entry.plot.destroy();
  const holder = byId("graphs");
  holder.replaceChildren();
  if (!connection.graphs.length) {
    holder.append(make("p", { class: "dim" }, "Neither end sent data."));
    return;
  }
  // The direction with more to show comes first.
  for (const graph of [...connection.graphs].sort((one, other) => other.sent.length - one.sent.length)) {
    const group = make("div");
    holder.append(group);
    graphOf(graph, group);
  }
}
function open(number) {
  const source = byId(`data-connection-${number}`);
  if (!source) return false;
  const connection = JSON.parse(source.textContent);
  current = number;
  panel.hidden = false;
  byId("connection-title").textContent = `Connection #${connection.id}: ${connection.title}`;
  byId("connection-headline").textContent = connection.headline;
  facts(byId("connection-facts"), connection.facts);
  ends(connection);
  found(connection);
  ladder(connection);
  machines(connection);
  graphs(connection);
  const place = drawnNumbers.indexOf(connection.id);
  byId("previous").disabled = place <= 0;
  byId("next").disabled = place < 0 || place >= drawnNumbers.length - 1;
  mark();
  return true;
}
function turn(by) {
  const place = drawnNumbers.indexOf(current);
  const number = drawnNumbers[place + by];
  if (number !== undefined) location.hash = `connection-${number}`;
}
byId("previous").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));

/* The address says what is open, so that links, back and forward work. */
function follow() {
  const [, kind, what] = /^#(connection|explain)-([\w-]+)$/.exec(location.hash) || [];
  if (kind === "connection" && open(+what)) {
    panel.scrollIntoView();
    byId("connection-title").focus({ preventScroll: true });
  } else if (kind === "explain" && byId(`explain-${what}`)) {
    const target = byId(`explain-${what}`);
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
}
addEventListener("hashchange", follow);
follow();
document.documentElement.dataset.ready = "yes";
})();
