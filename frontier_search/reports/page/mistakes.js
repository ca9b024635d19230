// ---- what a member gets wrong ----------------------------------------------------------------------
// A confusion matrix, or the residuals of a regression, of the model of the member's median seed.

/** The section of a trial's detail, or null if nothing is known of it. */
function mistakesOf(trial) {
  const found = data.mistakes && data.mistakes.trials[trial.number];
  if (!found) return null;
  const section = document.createElement("section");
  section.id = "mistakes";
  section.append(data.mistakes.classes.length ? confusion(found) : residuals(found));
  return section;
}

function rowsOf(found) {
  return `${state.split === "val" ? "validation" : "test"} rows of seed ${found.seed}`;
}

function cell(line, words, kind = "td", scope = null) {
  const made = document.createElement(kind);
  made.textContent = words;
  if (scope) made.scope = scope;
  line.append(made);
  return made;
}

function confusion(found) {
  const counts = found[state.split];
  const sheet = document.createElement("table");
  sheet.id = "confusion";
  sheet.createCaption().textContent =
    `Confusion matrix on the ${rowsOf(found)}: a row is a true class, a column what it is taken for`;
  const head = sheet.createTHead().insertRow();
  for (const words of ["class", ...data.mistakes.classes, "wrong"]) cell(head, words, "th", "col");
  const body = sheet.createTBody();
  counts.forEach((row, i) => {
    const line = body.insertRow();
    const total = row.reduce((sum, each) => sum + each, 0);
    cell(line, data.mistakes.classes[i], "th", "row");
    row.forEach((count, j) => {
      const made = cell(line, String(count));
      const share = total ? count / total : 0;
      made.style.background = `rgba(${i === j ? "63,144,218" : "189,31,1"},${0.75 * share})`;
    });
    cell(line, total ? `${(100 * (1 - row[i] / total)).toFixed(1)} %` : "no rows");
  });
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.append(sheet);
  return scroll;
}

function residuals(found) {
  const [truths, predictions] = found[state.split];
  const errors = truths.map((truth, i) => predictions[i] - truth);
  const mean = errors.reduce((sum, each) => sum + each, 0) / errors.length;
  const largest = Math.max(...errors.map(Math.abs));
  const place = document.createElement("div");
  const words = document.createElement("p");
  words.textContent = `Residuals on the ${rowsOf(found)}${data.mistakes.scaled ? ", scaled" : ""}: ` +
    `mean ${number(mean)}, the largest ${number(largest)}`;
  const plot = document.createElement("div");
  plot.id = "residuals";
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", words.textContent);
  place.append(words, plot);
  const { ink, line } = colours();
  const side = { gridcolor: line, linecolor: ink, automargin: true };
  // once the place is on the page, which has no width before
  requestAnimationFrame(() => Plotly.newPlot(plot, [{ x: truths, y: errors, mode: "markers",
    marker: { color: ink, size: 5, opacity: 0.5 } }],
  { ...small(), xaxis: { ...side, title: { text: "truth" } },
    yaxis: { ...side, title: { text: "prediction less truth" } } },
  { displayModeBar: false, responsive: true }));
  return place;
}

/** The layout of a small plot. */
function small() {
  return { margin: { l: 50, r: 10, t: 10, b: 40 }, paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)", font: { color: colours().ink }, showlegend: false };
}
