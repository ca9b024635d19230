"use strict";
// The frontier's page. The data is one JSON object (see contents.py); Plotly draws it.
// `state` holds what the reader has chosen; every control changes it and calls draw().

const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const objectives = new Map(data.objectives.map((each) => [each.name, each]));
const trials = new Map(data.trials.map((each) => [each.number, each]));
const members = data.trials.filter((each) => each.member);
const state = {
  x: data.x, y: data.y, split: "val", log: data.log, bars: true, band: true,
  hidden: new Set(), limitBy: data.limits[0], limit: 0, selected: null,
  sort: data.limits[0], falling: false, all: false,
  brush: new Map(),  // axis of the parallel coordinates -> [least, most] of its steps
};

// ---- values --------------------------------------------------------------------------------------

/** [mean, standard error] of a trial's objective on the chosen rows; a count has no error. */
function value(trial, name, split = state.split) {
  return objectives.get(name).known ? [trial.known[name], 0] : trial[split][name];
}

/** The value with the smaller one better, whatever the direction. */
function minimised(trial, name, split) {
  const mean = value(trial, name, split)[0];
  return objectives.get(name).maximise ? -mean : mean;
}

/** `0.164 ± 0.027`: four significant digits, and two of the error. */
function pair([mean, error]) {
  return number(mean) + (error ? ` ± ${Number(error.toPrecision(2))}` : "");
}

function number(x) {
  if (Number.isInteger(x) && Math.abs(x) >= 1000) return x.toLocaleString("en-US");
  return Number(x.toPrecision(4)).toString();
}

function label(name) {
  const each = objectives.get(name);
  const rows = state.split === "val" ? "validation " : "test ";
  return (each.known || !each.splits ? "" : rows) + each.label + (each.unit ? ` (${each.unit})` : "");
}

function model(trial) {
  return `${trial.name} (trial ${trial.number})`;
}

// ---- the plot ------------------------------------------------------------------------------------

// Plotly's buttons that send the data to its cloud, or choose points with no effect here.
const UNUSED = ["sendChartToCloud", "select2d", "lasso2d"];

/** Corners of the best value that members reach at each x, from the left. */
function staircase() {
  const corners = [];
  const better = (trial, name) => minimised(trial, name);
  const rising = members.slice().sort((a, b) =>
    better(a, state.x) - better(b, state.x) || better(a, state.y) - better(b, state.y));
  let reached = Infinity;
  for (const trial of rising) {
    if (better(trial, state.y) >= reached) continue;
    const [x, y] = [value(trial, state.x)[0], value(trial, state.y)[0]];
    if (corners.length) corners.push([x, corners[corners.length - 1][1]]);
    corners.push([x, y]);
    reached = better(trial, state.y);
  }
  return corners;
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(name).trim();
  return { ink: named("--ink"), line: named("--line"), paper: named("--paper") };
}

function errorBars(shown, name, color) {
  const values = shown.map((trial) => value(trial, name));
  const errors = values.map((each) => each[1]);
  if (!state.bars || !errors.some((error) => error > 0)) return undefined;
  const below = values.map(([mean, error]) => (mean >= 0 ? Math.min(error, 0.999 * mean) : error));
  return { type: "data", symmetric: false, array: errors, arrayminus: below, thickness: 1.5,
    width: 3, color };
}

function hover(trial) {
  const chance = trial.chance === null ? "" : `<br>chance of membership ${trial.chance.toFixed(2)}`;
  const lines = [state.y, state.x].map((name) => {
    return `${objectives.get(name).label} ${pair(value(trial, name))}`;
  });
  return `<b>${model(trial)}</b><br>${lines.join("<br>")}${trial.member ? chance : ""}`;
}

function points(shown, family, strong) {
  const sure = (trial) => trial.chance === null || trial.chance >= data.unsure;
  return {
    x: shown.map((trial) => value(trial, state.x)[0]),
    y: shown.map((trial) => value(trial, state.y)[0]),
    error_x: strong ? errorBars(shown, state.x, family.colour) : undefined,
    error_y: strong ? errorBars(shown, state.y, family.colour) : undefined,
    customdata: shown.map((trial) => trial.number),
    hovertext: shown.map(hover),
    hoverinfo: "text", mode: "markers", showlegend: false, name: family.name,
    marker: {
      color: shown.map((trial) => (strong && !sure(trial) ? colours().paper : family.colour)),
      size: strong ? 11 : 7, opacity: strong ? 1 : 0.4, symbol: family.symbol,
      line: strong ? {
        width: shown.map((trial) => (trial.number === state.selected ? 4 : sure(trial) ? 1.2 : 2)),
        color: shown.map((trial) => (sure(trial) ? colours().ink : family.colour)),
      } : { width: 0 },
    },
  };
}

function bandTraces() {
  const fits = data.band && state.band && state.x === data.x && state.y === data.y &&
    state.split === "val";
  if (!fits) return [];
  const edge = { mode: "lines", line: { width: 0, shape: "hv" }, hoverinfo: "skip", showlegend: false };
  const low = data.band.low.map((each) => (state.log ? Math.max(each, data.floor) : Math.max(each, 0)));
  return [
    { ...edge, x: data.band.x, y: low },
    { ...edge, x: data.band.x, y: data.band.high, fill: "tonexty", fillcolor: "rgba(128,128,128,0.22)" },
  ];
}

/** The dashed lines of what models are compared with, on the axes that the page opens with. */
function levels() {
  const fits = state.y === data.y && state.split === "val";
  const drawn = fits ? data.levels.filter(({ y }) => y > 0 || !state.log) : [];
  const dashed = { color: colours().ink, width: 1, dash: "dash" };
  return {
    shapes: drawn.map(({ y }) =>
      ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line: dashed })),
    annotations: drawn.map(({ y, label }) =>
      // at the right, where the frontier has left them
      ({ xref: "paper", x: 1, xanchor: "right", yanchor: "bottom", showarrow: false,
        y: state.log ? Math.log10(y) : y, text: label })),
  };
}

/** Ticks at 1, 2 and 5 times the powers of ten, in full; Plotly's own would read 2, 5, 1000, 2. */
function ticks(values) {
  const positive = values.filter((each) => each > 0);
  const last = Math.ceil(Math.log10(Math.max(...positive))) + 1;
  const found = [];
  for (let decade = Math.floor(Math.log10(Math.min(...positive))) - 1; decade <= last; decade += 1) {
    found.push(...[1, 2, 5].map((step) => Number(`${step}e${decade}`)));
  }
  return { type: "log", tickvals: found, ticktext: found.map(number) };
}

function axis(name, log) {
  const { ink, line } = colours();
  const found = { title: { text: label(name) }, gridcolor: line, linecolor: ink, zeroline: false,
    ticks: "outside", automargin: true };
  return log ? { ...found, ...ticks(data.trials.map((trial) => value(trial, name)[0])) } : found;
}

function draw() {
  const line = staircase();
  const traces = bandTraces();
  traces.push({ x: line.map((each) => each[0]), y: line.map((each) => each[1]), mode: "lines",
    line: { color: colours().ink, width: 1.5 }, hoverinfo: "skip", showlegend: false, name: "frontier" });
  for (const strong of [false, true]) {
    for (const family of data.families) {
      const shown = data.trials.filter((trial) => trial.family === family.name &&
        trial.member === strong && !state.hidden.has(family.name) && brushed(trial));
      if (shown.length) traces.push(points(shown, family, strong));
    }
  }
  const positive = data.trials.every((trial) => value(trial, state.y)[0] > 0);
  const layout = {
    xaxis: axis(state.x, objectives.get(state.x).log), yaxis: axis(state.y, state.log && positive),
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: colours().ink },
    margin: { l: 60, r: 15, t: 15, b: 50 }, hovermode: "closest", autosize: true,
    ...levels(),
  };
  return Plotly.react("plot", traces, layout, { responsive: true, displaylogo: false,
    modeBarButtonsToRemove: UNUSED });
}

// ---- the answer ----------------------------------------------------------------------------------

function limits() {
  const sizes = members.map((trial) => value(trial, state.limitBy)[0]);
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function answer() {
  const choices = limits();
  const slider = element("limit");
  slider.max = choices.length - 1;
  state.limit = Math.min(state.limit, choices.length - 1);
  slider.value = state.limit;
  const most = choices[state.limit];
  const counted = objectives.get(state.limitBy).label;
  element("limit-value").textContent = number(most);
  slider.setAttribute("aria-valuetext", `${number(most)} ${counted}`);
  const allowed = members.filter((trial) => value(trial, state.limitBy)[0] <= most);
  const best = allowed.reduce((a, b) =>
    minimised(b, data.y, "val") < minimised(a, data.y, "val") ? b : a);
  const test = objectives.get(data.y).known ? null : best.test[data.y];
  const words = [`${model(best)}, with ${number(value(best, state.limitBy)[0])} ${counted}`];
  words.push(`validation ${objectives.get(data.y).label} ${pair(value(best, data.y, "val"))}`);
  if (test) words.push(`test ${number(test[0])}`);
  if (best.member && best.chance !== null) words.push(`chance of membership ${best.chance.toFixed(2)}`);
  element("best").textContent = `${words.join(", ")}.`;
  element("command").textContent = `${data.command} --trial ${best.number} --to c --output model`;
}

// ---- one trial -----------------------------------------------------------------------------------

function row(cells, kind = "td") {
  return `<tr>${cells.map((cell) => `<${kind}>${cell}</${kind}>`).join("")}</tr>`;
}

function text(words) {
  const span = document.createElement("span");
  span.textContent = words;
  return span.innerHTML;
}

function select(found) {
  state.selected = found;
  const trial = trials.get(found);
  const detail = element("detail");
  const settings = JSON.stringify({ family: trial.family, ...trial.hyperparameters });
  const counts = Object.entries(trial.known).map(([name, count]) => `${name} ${number(count)}`);
  if (trial.chance !== null) counts.push(`chance of membership ${trial.chance.toFixed(2)}`);
  detail.hidden = false;
  detail.innerHTML = `<h2>${text(model(trial))}</h2><p>${text(counts.join(", "))}</p>` +
    `<p><code id="settings">${text(settings)}</code> <button id="copy-settings" type="button" ` +
    `aria-describedby="settings">copy</button></p>` +
    `<div class="scroll"><table id="seeds" aria-label="Losses by seed"></table></div>`;
  element("copy-settings").addEventListener("click", (event) => copy(settings, event.target));
  if (trial.seeds) {
    const rows = trial.seeds.map((each) => row(each.map(number)));
    element("seeds").innerHTML = row(["seed", "validation loss", "test loss"], "th") + rows.join("");
  }
  const curves = curvesOf(trial);
  if (curves) element("seeds").parentElement.before(curves);
  for (const line of trial.certified || []) {
    const paragraph = document.createElement("p");
    paragraph.className = "certified";
    paragraph.textContent = line;
    detail.append(paragraph);
  }
  const wrong = mistakesOf(trial);
  if (wrong) detail.append(wrong);
  table();
  draw();
  drawParallel();
}

function copy(words, button) {
  const done = () => { button.textContent = "copied"; };
  const otherwise = () => {  // where the page may not use the clipboard, as among MLflow's files
    const field = document.createElement("textarea");
    field.value = words;
    button.after(field);
    field.select();
    if (document.execCommand("copy")) done();
    field.remove();
    button.focus();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(words).then(done, otherwise);
  else otherwise();
}

// ---- the table -----------------------------------------------------------------------------------

function columns() {
  const found = [
    { key: "number", title: "trial", of: (trial) => trial.number, show: (trial) => trial.number },
    { key: "name", title: "model", text: true, of: (trial) => trial.name, show: (trial) => trial.name },
  ];
  for (const name of data.shown) {
    const known = objectives.get(name).known;
    for (const split of known ? ["val"] : ["val", "test"]) {
      const rows = known ? "" : split === "val" ? "validation " : "test ";
      const of = (trial) => value(trial, name, split)[0];
      const show = (trial) => pair(value(trial, name, split));
      found.push({ key: known ? name : `${split} ${name}`, title: rows + name, of, show });
    }
  }
  if (members.some((trial) => trial.chance !== null)) {
    found.push({ key: "chance", title: "chance", of: (trial) => trial.chance,
      show: (trial) => (trial.chance === null ? "" : trial.chance.toFixed(2)) });
  }
  return found;
}

function table() {
  const focused = document.activeElement.dataset.focus;  // is made anew below, and keeps the focus
  const all = columns();
  const by = all.find((column) => column.key === state.sort) || all[0];
  const compare = (a, b) => (by.of(a) < by.of(b) ? -1 : by.of(a) > by.of(b) ? 1 : a.number - b.number);
  const listed = (state.all ? data.trials : members).filter(brushed);
  const sorted = listed.sort((a, b) => (state.falling ? -1 : 1) * compare(a, b));
  const head = document.createElement("tr");
  for (const column of all) {
    const cell = document.createElement("th");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.title;
    button.dataset.focus = `column ${column.key}`;
    cell.scope = "col";
    if (column.text) cell.className = "text";
    if (column === by) cell.setAttribute("aria-sort", state.falling ? "descending" : "ascending");
    button.addEventListener("click", () => {
      state.falling = state.sort === column.key && !state.falling;
      state.sort = column.key;
      table();
    });
    cell.append(button);
    head.append(cell);
  }
  element("members").tHead.replaceChildren(head);
  element("members").tBodies[0].replaceChildren(...sorted.map((trial) => {
    const line = document.createElement("tr");
    line.tabIndex = 0;
    line.dataset.trial = trial.number;
    line.dataset.focus = `trial ${trial.number}`;
    line.setAttribute("aria-current", String(trial.number === state.selected));
    for (const column of all) {
      const cell = line.insertCell();
      if (column.text) cell.className = "text";
      cell.textContent = column.show(trial);
    }
    line.addEventListener("click", () => select(trial.number));
    line.addEventListener("keydown", (event) => { if (event.key === "Enter") select(trial.number); });
    return line;
  }));
  if (!focused) return;
  document.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

// ---- controls ------------------------------------------------------------------------------------

function options(id, names, chosen, change) {
  const list = element(id);
  list.replaceChildren(...names.map((name) => new Option(objectives.get(name).label, name)));
  list.value = chosen;
  list.addEventListener("change", () => change(list.value));
}

function checkbox(id, key) {
  const box = element(id);
  box.checked = state[key];
  box.addEventListener("change", () => { state[key] = box.checked; draw(); });
}

function begin() {
  const names = [...objectives.keys()];
  options("x", names, state.x, (name) => { state.x = name; draw(); });
  options("y", names, state.y, (name) => { state.y = name; draw(); });
  options("limit-by", data.limits, state.limitBy, (name) => {
    state.limitBy = name;
    state.limit = limits().length - 1;
    answer();
  });
  checkbox("log", "log");
  checkbox("bars", "bars");
  checkbox("band", "band");
  element("split").addEventListener("change", (event) => {
    state.split = event.target.value;
    if (state.selected === null) draw(); else select(state.selected);
  });
  element("all").addEventListener("change", (event) => {
    state.all = event.target.checked;
    table();
  });
  element("limit").addEventListener("input", (event) => {
    state.limit = Number(event.target.value);
    answer();
  });
  element("copy-command").addEventListener("click", (event) => {
    copy(element("command").textContent, event.target);
  });
  for (const family of data.families) {
    const words = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.value = family.name;
    box.style.accentColor = family.colour;
    box.addEventListener("change", () => {
      if (box.checked) state.hidden.delete(family.name); else state.hidden.add(family.name);
      draw();
      drawParallel();
    });
    words.append(box, ` ${family.name}`);
    element("families").append(words);
  }
  state.limit = limits().length - 1;
  element("plot").replaceChildren();  // the still picture, which was there at once
  for (const id of ["answer", "controls", "parallel"]) element(id).hidden = false;
  answer();
  table();
  sliders();
  drawParallel();
  element("unbrush").addEventListener("click", () => { state.brush.clear(); refresh(); });
  showLinks();
  draw().then(() => {
    element("plot").on("plotly_click", (event) => {
      const found = event.points[0].customdata;
      if (found !== undefined) select(found);
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    draw();
    drawParallel();
    if (state.selected !== null) select(state.selected);
  });
}
