// Images of records with where and when they were seen, kept for a while, fetched ahead for the next proposal.

import { thumbnail } from "./api.js";

const MOST_KEPT = 300;

/** `template` holds one sighting. */
export function makeSightings(template) {
  const kept = new Map(); // id -> promise of an address, the latest used last

  function address(id) {
    const known = kept.get(id) ?? thumbnail(id);
    kept.delete(id);
    kept.set(id, known);
    known.catch(() => {});
    for (const [old, url] of kept) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(old);
      url.then(URL.revokeObjectURL, () => {});
    }
    return known;
  }

  async function load(item, id) {
    const image = item.querySelector("img");
    try {
      image.src = await address(id);
      await image.decode();
      item.classList.add("loaded");
    } catch {
      item.classList.add("without");
    }
  }

  function sighting(record, number, describe) {
    const item = template.content.firstElementChild.cloneNode(true);
    const { strong, text } = describe(record, number);
    const where = item.querySelector(".where");
    if (strong) where.append(Object.assign(document.createElement("strong"), { textContent: strong, title: strong }));
    where.append(...[text].flat().filter(Boolean).map(line => Object.assign(document.createElement("span"), { textContent: line })));
    item.querySelector("img").alt = [strong, text].flat().filter(Boolean).join(", ") || "A record";
    load(item, record.id);
    return item;
  }

  return {
    /** Shows records in a list; `total` says how many there are, `describe` what stands below each. */
    fill(list, records, { total = records.length, describe = placeAndTime } = {}) {
      const items = records.map((record, number) => sighting(record, number, describe));
      if (total > records.length) items.push(Object.assign(document.createElement("li"), { className: "more", textContent: `and ${(total - records.length).toLocaleString("en")} more` }));
      list.replaceChildren(...items);
    },
    fetchAhead(proposal) {
      for (const { id } of [...(proposal?.records ?? []), ...(proposal?.beside ?? [])]) address(id);
    },
  };
}

function placeAndTime(record) {
  return { text: [record.camera, record.time && new Date(record.time).toISOString().slice(0, 16).replace("T", " ")] };
}
