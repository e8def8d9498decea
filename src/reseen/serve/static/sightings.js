// Images of records with where and when they were seen, kept for a while, fetched ahead for the next proposal.

import { thumbnail } from "./api.js";

const MOST_KEPT = 300;
const SETTLED = 80; // milliseconds; who steps on faster does not want the images
const AGAIN = 1000; // milliseconds after which a busy service is asked again

/** `template` holds one sighting. */
export function makeSightings(template) {
  let ahead = 0;
  const kept = new Map(); // id -> promise of an address, the latest used last

  function address(id) {
    const known = kept.get(id) ?? thumbnail(id);
    kept.delete(id);
    kept.set(id, known);
    known.catch(() => kept.delete(id));
    for (const [old, url] of kept) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(old);
      url.then(URL.revokeObjectURL, () => {});
    }
    return known;
  }

  async function load(item, id) {
    if (!item.isConnected) return;
    const image = item.querySelector("img");
    try {
      image.src = await address(id);
      await image.decode();
      item.classList.add("loaded");
    } catch (error) {
      if (error.status === 429 || error.status === 503) setTimeout(load, AGAIN, item, id);
      else item.classList.add("without");
    }
  }

  function sighting(record, number, describe) {
    const item = template.content.firstElementChild.cloneNode(true);
    const { strong, text } = describe(record, number);
    const where = item.querySelector(".where");
    if (strong) where.append(Object.assign(document.createElement("strong"), { textContent: strong, title: strong }));
    where.append(...[text].flat().filter(Boolean).map(line => Object.assign(document.createElement("span"), { textContent: line })));
    item.querySelector("img").alt = [strong, text].flat().filter(Boolean).join(", ") || "A record";
    if (kept.has(record.id)) queueMicrotask(() => load(item, record.id));
    else setTimeout(load, SETTLED, item, record.id);
    return item;
  }

  return {
    /** Shows records in a list; `total` says how many there are, `describe` what stands below each. */
    fill(list, records, { total = records.length, describe = placeAndTime } = {}) {
      const items = records.map((record, number) => sighting(record, number, describe));
      if (total > records.length) items.push(Object.assign(document.createElement("li"), { className: "more", textContent: `and ${(total - records.length).toLocaleString("en")} more` }));
      list.replaceChildren(...items);
    },
    /** Fetches a proposal's images, if no other one is asked for in a while. */
    fetchAhead(proposal) {
      clearTimeout(ahead);
      ahead = setTimeout(() => {
        for (const { id } of [...(proposal?.records ?? []), ...(proposal?.beside ?? [])]) address(id);
      }, 2 * SETTLED);
    },
  };
}

function placeAndTime(record) {
  return { text: [record.camera, record.time && new Date(record.time).toISOString().slice(0, 16).replace("T", " ")] };
}
