// Why a pair matches: both images under a map that can be faded.

import { explanation } from "./api.js";

const find = id => document.getElementById(id);

/** `query()` returns the current query; `showError(error)` shows an error. */
export function makeWhy({ query, showError }) {
  const dialog = find("why");
  find("why-strength").addEventListener("input", event => dialog.style.setProperty("--strength", event.target.value));
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });

  return async function explain(match) {
    const parts = { "why-query": "query", "why-query-map": "query_map", "why-match": "match", "why-match-map": "match_map" };
    for (const id of Object.keys(parts)) find(id).removeAttribute("src");
    find("why-name").textContent = [match.identity ?? "no identity", match.camera].filter(Boolean).join(" · ");
    find("why-said").textContent = "Computing ...";
    dialog.classList.add("waiting");
    dialog.showModal();
    try {
      const found = await explanation(query(), match);
      for (const [id, part] of Object.entries(parts)) find(id).src = found[part];
      find("why-said").textContent = `Bright areas raise the similarity. Similarity of the images as shown: ${found.similarity.toFixed(2)}.`;
      dialog.classList.remove("waiting");
    } catch (error) {
      dialog.close();
      showError(error);
    }
  };
}
