// The page that decides who is who: one proposal at a time, by keyboard, mouse or finger.

import * as api from "./api.js";
import { count, showProposal } from "./proposal.js";

const find = id => document.getElementById(id);
const body = document.body;
const BATCH = 100;

let proposals = []; // that wait, as far as they were fetched
let place = 0;
let waiting = 0;
let decided = 0;
let busy = false;
let toasting = 0;

const current = () => proposals[place];

/** Reads the list; shows the proposal `id` if it waits, else the one at the same place. */
async function open(said = "", id = null) {
  try {
    const page = await api.proposals(BATCH);
    ({ proposals, waiting, decided } = page);
    const known = proposals.findIndex(proposal => proposal.id === id);
    place = known >= 0 ? known : Math.min(place, Math.max(proposals.length - 1, 0));
    show(said);
  } catch (error) {
    showError(error);
  }
}

function showError(error) {
  if (error instanceof api.TokenNeeded) {
    find("login-wrong").hidden = !find("token").value;
    if (!find("login").open) find("login").showModal();
    return;
  }
  find("trouble").textContent = error.message;
  find("trouble").hidden = false;
}

/** Shows the current proposal; `said` is what was just done. */
function show(said = "") {
  const proposal = current();
  body.dataset.state = proposal ? "asking" : "none";
  find("place").textContent = proposal ? `${(place + 1).toLocaleString("en")} of ${waiting.toLocaleString("en")} waiting` : "none waiting";
  find("decided").textContent = decided ? `${decided.toLocaleString("en")} decided` : "";
  for (const id of ["accept", "refuse", "next", "previous"]) find(id).disabled = !proposal;
  find("name").disabled = !proposal;
  find("undo").disabled = !decided;
  find("name").value = "";
  if (proposal) showProposal(proposal, proposals[place + 1]);
  else {
    find("ask").textContent = decided ? "Everything is decided" : "Nothing is proposed";
    find("why").textContent = "Look again with: reseen gallery discover GALLERY";
  }
  tell([said, find("ask").textContent].filter(Boolean).join(". "), said);
  if (!find("help").open && !find("login").open) find("ask").focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Reads aloud, and shows what was done for a while. */
function tell(text, said) {
  find("said").textContent = text;
  if (!said) return;
  find("toast").textContent = said;
  find("toast").classList.add("shown");
  clearTimeout(toasting);
  toasting = setTimeout(() => find("toast").classList.remove("shown"), 4000);
}

/** Calls the service, one decision at a time; what it refuses is shown, and the list read again. */
async function decide(work) {
  if (busy) return;
  busy = true;
  find("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    showError(error);
    if (!(error instanceof api.TokenNeeded)) await open();
  } finally {
    busy = false;
  }
}

const accept = () => decide(async () => {
  const proposal = current();
  if (!proposal) return;
  const done = await api.accept(proposal.id, find("name").value.trim() || null);
  await leave(`${count(proposal.count, "record")} named ${done.name}`);
});

const refuse = () => decide(async () => {
  if (!current()) return;
  await api.refuse(current().id);
  await leave("Refused");
});

const undo = () => decide(async () => {
  if (!decided) return;
  const { proposal, name } = await api.undo();
  await open(name === null ? "Refusal undone" : `Undone: no longer ${name}`, proposal.id);
});

/** Takes the current proposal, which was decided, out of the list. */
async function leave(said) {
  proposals.splice(place, 1);
  waiting -= 1;
  decided += 1;
  if (!proposals.length && waiting > 0) return open(said);
  place = Math.min(place, Math.max(proposals.length - 1, 0));
  show(said);
}

async function step(by) {
  if (busy || !current()) return;
  if (place + by >= proposals.length && proposals.length < waiting) {
    await decide(async () => { proposals.push(...(await api.proposals(BATCH, proposals.length)).proposals); });
  }
  place = (place + by + proposals.length) % proposals.length;
  show();
}

function take(number) {
  const near = current()?.nearest[number];
  if (!near?.identity) return;
  find("name").value = near.identity;
  find("name").focus();
}

const KEYS = {
  a: accept, r: refuse, u: undo,
  j: () => step(1), k: () => step(-1), ArrowRight: () => step(1), ArrowLeft: () => step(-1),
  n: () => find("name").focus(), Enter: () => find("name").focus(),
  "?": () => find("help").showModal(),
  1: () => take(0), 2: () => take(1), 3: () => take(2),
};

const STEPS = new Set(["j", "k", "ArrowRight", "ArrowLeft"]);

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target === find("name")) {
    if (event.key === "Escape") { find("name").value = ""; find("ask").focus(); }
    return;
  }
  if (event.key === "Enter" && event.target.closest("button, a")) return;
  const work = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!work) return;
  event.preventDefault();
  if (event.repeat && !STEPS.has(event.key)) return; // a key that is held decides once
  work();
});

find("decide").addEventListener("submit", event => { event.preventDefault(); accept(); });
find("refuse").addEventListener("click", refuse);
find("undo").addEventListener("click", undo);
find("next").addEventListener("click", () => step(1));
find("previous").addEventListener("click", () => step(-1));
find("keys").addEventListener("click", () => find("help").showModal());
find("login").addEventListener("cancel", event => event.preventDefault());
find("login-form").addEventListener("submit", () => { api.saveToken(find("token").value); open(); });

api.takeToken();
open();
