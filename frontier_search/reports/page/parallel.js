// ---- parallel coordinates --------------------------------------------------------------------------
// A line a trial across the hyperparameters and objectives. What is brushed on an axis, with the
// mouse or with two sliders, stays in the plot and in the table.

const SIZE = { gap: 110, height: 240, top: 30, bottom: 18, left: 60 };
const SVG = "http://www.w3.org/2000/svg";

/** The axes: family, every hyperparameter that differs, and the shown objectives. */
function dimensions() {
  const found = [{ key: "family", title: "family", of: (trial) => trial.family }];
  const names = new Set(data.trials.flatMap((trial) => Object.keys(trial.hyperparameters)));
  for (const name of names) {
    found.push({ key: name, title: name, of: (trial) => trial.hyperparameters[name] });
  }
  for (const name of data.shown) {
    found.push({ key: `objective ${name}`, title: name, of: (trial) => value(trial, name, "val")[0] });
  }
  for (const each of found) {
    const values = data.trials.map(each.of).filter((known) => known !== undefined);
    each.words = values.some((known) => typeof known !== "number");
    if (each.words) {
      const of = each.of;
      each.of = (trial) => (of(trial) === undefined ? undefined : String(of(trial)));
    }
    each.steps = [...new Set(data.trials.map(each.of))].filter((known) => known !== undefined);
    each.steps.sort((a, b) => (each.words ? a.localeCompare(b) : a - b));
    each.log = !each.words && each.steps[0] > 0 && each.steps[each.steps.length - 1] > 20 * each.steps[0];
    each.shows = (known) => (each.words ? known : number(known));
  }
  return found.filter((each) => each.steps.length > 1);
}

const axes = dimensions();

/** Where a value lies on its axis, from 0 at the bottom to 1. */
function position(axisOf, known) {
  if (axisOf.words) return axisOf.steps.indexOf(known) / (axisOf.steps.length - 1);
  const scale = axisOf.log ? Math.log : (x) => x;
  const [low, high] = [axisOf.steps[0], axisOf.steps[axisOf.steps.length - 1]].map(scale);
  return (scale(known) - low) / (high - low);
}

/** Whether a trial is within everything that is brushed. */
function brushed(trial) {
  return axes.every((each) => {
    const brush = state.brush.get(each.key);
    if (!brush) return true;
    const step = each.steps.indexOf(each.of(trial));
    return step >= brush[0] && step <= brush[1];
  });
}

function made(name, attributes, parent) {
  const found = document.createElementNS(SVG, name);
  for (const [key, each] of Object.entries(attributes)) found.setAttribute(key, each);
  parent.append(found);
  return found;
}

function heightOf(at) {
  return SIZE.top + (1 - at) * (SIZE.height - SIZE.top - SIZE.bottom);
}

/** The line of a trial, with a gap where it has no such hyperparameter. */
function lineOf(trial) {
  const known = axes.map((each) => each.of(trial));
  return known.map((each, i) => {
    if (each === undefined) return "";
    const move = i === 0 || known[i - 1] === undefined ? "M" : "L";
    return `${move}${SIZE.left + SIZE.gap * i},${heightOf(position(axes[i], each)).toFixed(1)}`;
  }).join("");
}

function drawParallel() {
  const picture = element("parallel-picture");
  const width = SIZE.left * 2 + SIZE.gap * (axes.length - 1);
  picture.setAttribute("viewBox", `0 0 ${width} ${SIZE.height}`);
  picture.style.minWidth = `${Math.min(width, 85 * axes.length)}px`;
  picture.replaceChildren();
  const { ink, line } = colours();
  const colour = new Map(data.families.map((each) => [each.name, each.colour]));
  const drawn = data.trials.filter((trial) => !state.hidden.has(trial.family));
  for (const kept of [false, true]) {
    for (const trial of drawn.filter((each) => brushed(each) === kept)) {
      const chosen = trial.number === state.selected;
      const path = made("path", { d: lineOf(trial), fill: "none",
        stroke: kept ? colour.get(trial.family) : line, class: kept ? "kept" : "out",
        "stroke-width": chosen ? 4 : trial.member ? 2.2 : 1,
        "stroke-opacity": kept ? (trial.member || chosen ? 1 : 0.35) : 0.5 }, picture);
      path.addEventListener("click", () => select(trial.number));
    }
  }
  axes.forEach((each, i) => drawAxis(picture, each, SIZE.left + SIZE.gap * i, ink));
  const n = data.trials.filter(brushed).length;
  element("brushed").textContent = state.brush.size
    ? `${n} of ${data.trials.length} trials are within what is chosen.`
    : `All ${data.trials.length} trials; drag along an axis, or use its two sliders, to choose some.`;
  element("unbrush").disabled = !state.brush.size;
}

function drawAxis(picture, each, x, ink) {
  made("line", { x1: x, x2: x, y1: heightOf(0), y2: heightOf(1), stroke: ink }, picture);
  const style = { "text-anchor": "middle", fill: ink, "font-size": 12 };
  made("text", { ...style, x, y: 12 }, picture).textContent = each.title;
  const last = each.steps.length - 1;
  const shown = each.words ? each.steps.map((_, i) => i) : [0, last];
  for (const i of shown) {
    const y = heightOf(position(each, each.steps[i]));
    const at = each.words ? y + 4 : i ? y - 5 : y + 14;
    made("text", { ...style, x: each.words ? x + 6 : x, y: at, "font-size": 11,
      "text-anchor": each.words ? "start" : "middle" }, picture).textContent = each.shows(each.steps[i]);
  }
  const brush = state.brush.get(each.key);
  if (brush) {
    const [low, high] = brush.map((step) => heightOf(position(each, each.steps[step])));
    made("rect", { x: x - 7, width: 14, y: high - 3, height: low - high + 6, fill: ink,
      "fill-opacity": 0.25, class: "brush" }, picture);
  }
  const handle = made("rect", { x: x - 18, width: 36, y: SIZE.top - 4, height: heightOf(0) - SIZE.top + 8,
    fill: "transparent", class: "handle", "data-axis": each.key }, picture);
  handle.addEventListener("pointerdown", (event) => drag(event, each));
}

/** Brushes from where the pointer went down to where it goes up; a click frees the axis. */
function drag(event, each) {
  const picture = element("parallel-picture");
  const at = (moved) => {
    const box = picture.getBoundingClientRect();
    const y = (moved.clientY - box.top) * (SIZE.height / box.height);
    return 1 - (y - SIZE.top) / (SIZE.height - SIZE.top - SIZE.bottom);
  };
  const from = at(event);
  event.preventDefault();
  window.addEventListener("pointerup", (moved) => {
    const [low, high] = [from, at(moved)].sort((a, b) => a - b);
    const inside = each.steps.map((step, i) => [position(each, step), i])
      .filter(([place]) => place >= low - 0.01 && place <= high + 0.01).map(([, i]) => i);
    if (high - low < 0.02 || !inside.length) setBrush(each, null);
    else setBrush(each, [Math.min(...inside), Math.max(...inside)]);
  }, { once: true });
}

function setBrush(each, brush) {
  const whole = !brush || (brush[0] === 0 && brush[1] === each.steps.length - 1);
  if (whole) state.brush.delete(each.key); else state.brush.set(each.key, brush);
  refresh();
}

/** Draws everything that depends on what is chosen. */
function refresh() {
  sliders();
  drawParallel();
  table();
  draw();
}

/** Two sliders an axis: the least and the most of what stays. */
function sliders() {
  const place = element("brushes");
  if (!place.children.length) axes.forEach((each) => place.append(slidersOf(each)));
  for (const each of axes) {
    const brush = state.brush.get(each.key) || [0, each.steps.length - 1];
    place.querySelectorAll(`[data-key="${CSS.escape(each.key)}"]`).forEach((slider, end) => {
      slider.value = brush[end];
      slider.setAttribute("aria-valuetext", each.shows(each.steps[brush[end]]));
      slider.nextElementSibling.textContent = each.shows(each.steps[brush[end]]);
    });
  }
}

function slidersOf(each) {
  const group = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = each.title;
  group.append(legend);
  ["least", "most"].forEach((words, end) => {
    const label = document.createElement("label");
    const slider = document.createElement("input");
    const shown = document.createElement("output");
    Object.assign(slider, { type: "range", min: 0, max: each.steps.length - 1, step: 1 });
    slider.dataset.key = each.key;
    slider.setAttribute("aria-label", `${each.title}, ${words}`);
    slider.addEventListener("input", () => {
      const brush = [...(state.brush.get(each.key) || [0, each.steps.length - 1])];
      brush[end] = Number(slider.value);
      if (brush[0] > brush[1]) brush[1 - end] = brush[end];
      setBrush(each, brush);
    });
    label.append(`${words} `, slider, shown);
    group.append(label);
  });
  return group;
}
