// One proposal on the page: the question, its evidence, and the records of either side.

import { makeSightings } from "./sightings.js";

const find = id => document.getElementById(id);
const sightings = makeSightings(find("sighting"));
export const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

const ASK = {
  name: () => "Are these one individual?",
  merge: proposal => proposal.identity === null ? `${proposal.count === 1 ? "Is this" : "Are these"} ${proposal.target}?` : `Is ${proposal.identity} the same as ${proposal.target}?`,
  split: proposal => `${proposal.count === 1 ? "Is this" : "Are these"} another individual than ${proposal.identity}?`,
};

/** Shows a proposal, and fetches what the `next` one will need. */
export function showProposal(proposal, next) {
  const single = !proposal.beside.length;
  find("ask").textContent = ASK[proposal.kind](proposal);
  find("why").textContent = `${proposal.text}.`;
  find("facts").replaceChildren(...facts(proposal));
  find("sides").classList.toggle("single", single);
  find("beside-side").hidden = single;
  find("records-title").textContent = `${proposal.identity ?? "Without identity"} (${count(proposal.count, "record")})`;
  find("beside-title").textContent = proposal.kind === "split" ? `The rest of ${proposal.identity} (${count(proposal.beside_count, "record")})` : `${proposal.target} (${count(proposal.beside_count, "record")})`;
  if (proposal.kind === "split") find("records-title").textContent = `From ${proposal.identity} (${count(proposal.count, "record")})`;
  sightings.fill(find("records"), proposal.records, { total: proposal.count });
  sightings.fill(find("beside"), proposal.beside, { total: proposal.beside_count });
  sightings.fill(find("nearest"), proposal.nearest, { describe: nearby });
  find("others").hidden = !proposal.nearest.length;
  find("name").placeholder = proposal.target ?? (proposal.kind === "split" ? `${proposal.identity} (2)` : "a name; left empty, a number");
  sightings.fetchAhead(next);
}

function facts(proposal) {
  const sure = proposal.probability === null ? `similarity ${proposal.similarity.toFixed(2)}` : `${Math.min(100 * proposal.probability, 99.9).toFixed(proposal.probability > 0.99 ? 1 : 0)} % likely`;
  const days = [proposal.earliest, proposal.latest].filter(Boolean).map(time => new Date(time).toISOString().slice(0, 16).replace("T", " "));
  const texts = [
    sure,
    proposal.probability === null ? "" : `similarity ${proposal.similarity.toFixed(2)}`,
    proposal.cameras.length ? proposal.cameras.length > 4 ? count(proposal.cameras.length, "camera") : proposal.cameras.join(", ") : "",
    days.length ? days[0] === days[1] ? days[0] : `${days[0]} to ${days[1]}` : "",
  ];
  return texts.filter(Boolean).map((text, number) => Object.assign(document.createElement("li"), { textContent: text, className: number ? "" : "sure" }));
}

function nearby(record, number) {
  const name = record.identity ?? "without identity";
  return { strong: `${record.identity ? `${number + 1}: ` : ""}${name}`, text: `similarity ${record.similarity.toFixed(2)}` };
}
