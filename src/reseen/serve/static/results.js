// The ranked matches as cards, the line of the threshold between them, and the verdict.

import { thumbnail } from "./api.js";

const find = id => document.getElementById(id);

/** `searchWith(match)` and `explain(match)` are called by the buttons of a card. */
export function makeResults({ searchWith, explain }) {
  const list = find("matches");
  const slider = find("threshold");
  let images = [];
  let shown = null;
  let canExplain = false;
  let shaped = false;
  const watcher = new IntersectionObserver(seen, { rootMargin: "400px" });

  function seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      load(target);
    }
  }

  async function load(card) {
    const image = card.querySelector("img");
    try {
      const url = await thumbnail(card.dataset.id);
      images.push(url);
      image.src = url;
      await image.decode();
      card.classList.add("loaded");
      if (!shaped) list.style.setProperty("--shape", Math.min(Math.max(image.naturalWidth / image.naturalHeight, 0.5), 1.5));
      shaped = true;
    } catch {
      card.classList.add("without");
    }
  }

  function clear() {
    images.forEach(URL.revokeObjectURL);
    images = [];
    shaped = false;
    watcher.disconnect();
    list.replaceChildren();
  }

  function card(match, rank) {
    const item = find("card").content.firstElementChild.cloneNode(true);
    item.dataset.id = match.id;
    const name = match.identity ?? "no identity";
    const places = [match.camera, match.time && when(match.time)].filter(Boolean);
    const where = places.join(", ");
    item.querySelector(".rank").textContent = rank;
    item.querySelector(".who strong").textContent = name;
    item.querySelector(".score").textContent = match.similarity.toFixed(2);
    item.querySelector(".where").append(...places.map(text => Object.assign(document.createElement("span"), { textContent: text })));
    item.querySelector(".bar").style.setProperty("--share", Math.max(match.similarity, 0));
    const shot = item.querySelector(".shot");
    shot.title = [match.picture, ...Object.entries(match.fields).map(([field, value]) => `${field}: ${value}`)].filter(Boolean).join("\n");
    shot.setAttribute("aria-label", `Rank ${rank}: ${name}, similarity ${match.similarity.toFixed(2)}${where ? `, ${where}` : ""}. Search with it.`);
    shot.addEventListener("click", () => searchWith(match));
    const why = item.querySelector(".why");
    why.hidden = !canExplain;
    why.setAttribute("aria-label", `Why rank ${rank} matches`);
    why.addEventListener("click", () => explain(match));
    watcher.observe(item);
    return item;
  }

  /** Marks the cards below the threshold, draws the line before them, and shows the verdict. */
  function judge() {
    list.querySelector(".line")?.remove();
    const limit = shown.threshold === null ? null : Number(slider.value);
    const cards = [...list.children];
    cards.forEach((item, place) => item.classList.toggle("below", limit !== null && shown.matches[place].similarity < limit));
    list.style.setProperty("--limit", limit ?? -1);
    const beyond = cards.find(item => item.classList.contains("below"));
    if (beyond) beyond.before(line(limit));
    showVerdict(limit);
  }

  function line(limit) {
    const item = Object.assign(document.createElement("li"), { className: "line" });
    item.textContent = `below ${limit.toFixed(2)}: not counted as the same`;
    return item;
  }

  function showVerdict(limit) {
    const best = shown.matches[0];
    find("threshold-said").textContent = limit?.toFixed(2) ?? "";
    find("judged-by").textContent = limit === null ? "" : `${shown.judged_by[0].toUpperCase()}${shown.judged_by.slice(1)}.`;
    const calibrated = shown.threshold;
    find("calibrated").hidden = limit === null || Math.abs(limit - calibrated) < 0.005;
    find("calibrated").textContent = `Back to ${calibrated?.toFixed(2)}`;
    if (!best) {
      find("verdict").textContent = "Nothing found";
      find("verdict-why").textContent = "No record meets the filters.";
      return;
    }
    const name = best.identity ?? "a record without identity";
    const same = shown.matches.filter(match => limit === null || match.similarity >= limit).length;
    const known = limit === null || same > 0;
    find("verdict").textContent = !known ? "Unknown" : limit === null ? `Most similar to ${name}` : `This looks like ${name}`;
    find("verdict-why").textContent = limit === null
      ? `Similarity ${best.similarity.toFixed(2)}. This model has no calibrated threshold for searches, so judge for yourself.`
      : known ? `Similarity ${best.similarity.toFixed(2)}; ${same} of ${shown.matches.length} matches count as the same.`
      : `The best match, ${name}, has ${best.similarity.toFixed(2)}: less than ${limit.toFixed(2)}.`;
  }

  slider.addEventListener("input", judge);
  find("calibrated").addEventListener("click", () => { slider.value = shown.threshold; judge(); slider.focus(); });

  list.addEventListener("keydown", event => {
    const cards = [...list.querySelectorAll(".shot")];
    const place = cards.indexOf(event.target);
    if (place < 0) return;
    const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step || !cards[place + step]) return;
    event.preventDefault();
    cards[place + step].focus();
  });

  return {
    allowExplanations(allowed) { canExplain = allowed; },
    show(ranking) {
      clear();
      const threshold = shown && shown.threshold === ranking.threshold ? slider.value : ranking.threshold;
      shown = ranking;
      find("limit").hidden = ranking.threshold === null || !ranking.matches.length;
      slider.value = threshold ?? 0;
      list.append(...ranking.matches.map((match, place) => card(match, place + 1)));
      judge();
    },
  };
}

const when = time => new Date(time).toISOString().slice(0, 16).replace("T", " ");
