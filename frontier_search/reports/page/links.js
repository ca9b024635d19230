// ---- MLflow ---------------------------------------------------------------------------------------
// Where `frontier-search ui` serves the page, it says where MLflow is, and links to it once it is
// there.

async function showLinks() {
  const place = element("links");
  if (!place) return;
  if (!place.textContent) askForMistakes();
  try {
    const found = await (await fetch("links.json")).json();
    place.textContent = found.chart ? "" : found.words;
    if (found.chart) {
      const link = document.createElement("a");
      link.href = found.chart;
      link.textContent = found.words;
      place.append(link);
      return;
    }
  } catch {
    place.textContent = "frontier-search ui has ended; this page stays as it is.";
    return;
  }
  setTimeout(showLinks, 1000);
}

/** Asks for what members get wrong, which takes as long as torch takes to load. */
async function askForMistakes() {
  try {
    data.mistakes = await (await fetch("mistakes.json")).json();
  } catch {
    return;
  }
  if (state.selected !== null) select(state.selected);
}
