// ---- learning curves ------------------------------------------------------------------------------
// Means over seeds: the validation loss by epoch, and the training loss where it was kept.

const CURVES = [
  { key: "val_loss", title: "validation loss", dash: "solid", width: 2 },
  { key: "train_loss", title: "training loss", dash: "dot", width: 1.5 },
];

/** The section of a trial's detail, or null if no curve was kept. */
function curvesOf(trial) {
  const known = CURVES.filter(({ key }) => trial.curves && trial.curves[key]);
  if (!known.length) return null;
  const place = document.createElement("div");
  place.id = "curve";
  place.setAttribute("role", "img");
  const told = known.map(({ key, title }) => {
    const { x, y } = trial.curves[key];
    const last = y.length - 1;
    return `${title} ${number(y[0])} after epoch ${x[0]}, ${number(Math.min(...y))} at best, ` +
      `${number(y[last])} after epoch ${x[last]}`;
  });
  place.setAttribute("aria-label", `Learning curves: ${told.join("; ")}`);
  const { ink, line } = colours();
  const side = { gridcolor: line, linecolor: ink, automargin: true };
  const traces = known.map(({ key, title, dash, width }) => ({ ...trial.curves[key], name: title,
    mode: "lines", line: { color: ink, dash, width } }));
  // once the place is on the page, which has no width before
  requestAnimationFrame(() => Plotly.newPlot(place, traces, { ...small(), showlegend: true,
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" }, margin: { l: 50, r: 10, t: 30, b: 40 },
    xaxis: { ...side, title: { text: "epoch" } },
    yaxis: { ...side, ...ticks(known.flatMap(({ key }) => trial.curves[key].y)),
      title: { text: "loss" } } },
  { displayModeBar: false, responsive: true }));
  return place;
}
