// What matched: both pictures of a pair under a map, which can be faded to see what lies below.

import { explanation } from "./api.js";

const find = id => document.getElementById(id);

/** `query()` is the query that is shown; `tell(error)` shows what went wrong. */
export function makeWhy({ query, tell }) {
  const dialog = find("why");
  find("why-strength").addEventListener("input", event => dialog.style.setProperty("--strength", event.target.value));
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });

  return async function explain(match) {
    const parts = { "why-query": "query", "why-query-map": "query_map", "why-match": "match", "why-match-map": "match_map" };
    for (const id of Object.keys(parts)) find(id).removeAttribute("src");
    find("why-name").textContent = [match.identity ?? "no identity", match.camera].filter(Boolean).join(" · ");
    find("why-said").textContent = "Looking ...";
    dialog.classList.add("waiting");
    dialog.showModal();
    try {
      const found = await explanation(query(), match);
      for (const [id, part] of Object.entries(parts)) find(id).src = found[part];
      find("why-said").textContent = `Bright places make the two alike. Similarity of the two as shown: ${found.similarity.toFixed(2)}.`;
      dialog.classList.remove("waiting");
    } catch (error) {
      dialog.close();
      tell(error);
    }
  };
}
