// The page: searches by a query, shows the matches, and searches with a match as the next query.

import * as api from "./api.js";
import { makeCrop } from "./crop.js";
import { makeFilters } from "./filters.js";
import { makeResults } from "./results.js";
import { makeWhy } from "./why.js";

const find = id => document.getElementById(id);
const DESK = "(min-width: 861px)";
const body = document.body;
const image = find("image");

let gallery = null;
let trail = []; // queries so far: {file, url, name, crop} or {record, url, name}
let place = -1; // of the current query in the trail
let running = null;

const current = () => trail[place];
const crop = makeCrop(find("frame"), find("crop"), () => { current().crop = crop.get(); search(); });
const filters = makeFilters(find("filters"), () => { if (current()) search(); });
const explain = makeWhy({ query: currentQuery, showError });
const results = makeResults({ searchWith: record => begin({ record, name: record.identity ?? "a record" }), explain });

function currentQuery() {
  const { record, file } = current();
  return record ? { record } : { file, box: image.naturalWidth ? crop.pixels(image.naturalWidth, image.naturalHeight) : null };
}

function showError(error) {
  if (error instanceof api.TokenNeeded) return askForToken(true);
  find("trouble").textContent = error.message;
  find("trouble").hidden = false;
}

/** Adds a query to the trail after the current one. */
function begin(query) {
  trail = [...trail.slice(0, place + 1), query];
  history.pushState({ place: trail.length - 1 }, "");
  go(trail.length - 1);
}

async function go(to) {
  place = to;
  const query = current();
  if (body.dataset.state === "empty") find("filters-fold").open = matchMedia(DESK).matches;
  body.dataset.state = "asking";
  find("drop").hidden = true;
  find("frame").hidden = find("tools").hidden = false;
  find("caption").textContent = query.name;
  find("frame").classList.toggle("fixed", Boolean(query.record));
  crop.reset();
  if (query.crop) crop.put(query.crop);
  try {
    query.url ??= await api.thumbnail(query.record.id);
  } catch {
    query.url = "";
  }
  image.src = query.url;
  await image.decode().catch(() => image.removeAttribute("src"));
  find("frame").classList.toggle("unseen-format", !image.naturalWidth);
  find("frame").style.setProperty("--ratio", image.naturalWidth / image.naturalHeight || 1);
  showTrail();
  await search();
  if (document.activeElement === body) find("results").focus({ preventScroll: true });
  if (!matchMedia(DESK).matches && body.dataset.state === "found") find("results").scrollIntoView();
}

async function search() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  find("trouble").hidden = true;
  find("whole").hidden = Boolean(current().record) || crop.isWhole();
  body.classList.add("busy");
  try {
    const ranking = await api.search(currentQuery(), filters.params(), signal);
    if (signal.aborted) return;
    results.show(ranking);
    body.dataset.state = "found";
  } catch (error) {
    if (!signal.aborted) showError(error); // a newer search has replaced an aborted one
  } finally {
    if (!signal.aborted) body.classList.remove("busy");
  }
}

function showTrail() {
  const links = trail.slice(0, place).map((query, number) => {
    const button = Object.assign(document.createElement("button"), { type: "button", title: query.name });
    button.append(Object.assign(document.createElement("img"), { src: query.url, alt: `Back to ${query.name}` }));
    button.addEventListener("click", () => history.go(number - place));
    return button;
  });
  find("trail").replaceChildren(...links);
  find("trail").hidden = !links.length;
}

function take(file) {
  if (!file) return;
  if (gallery && file.size > gallery.most_bytes) {
    showError(new Error(`This image has ${(file.size / 1e6).toFixed(1)} MB; at most ${(gallery.most_bytes / 1e6).toFixed(0)} MB are accepted.`));
    return;
  }
  begin({ file, url: URL.createObjectURL(file), name: file.name || "pasted image" });
}

async function open() {
  try {
    gallery = await api.about();
  } catch (error) {
    return showError(error);
  }
  filters.fill(gallery);
  results.allowExplanations(!gallery.explains);
  const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
  const facts = [count(gallery.records, "record"), gallery.cameras.length ? count(gallery.cameras.length, "camera") : ""];
  find("about").replaceChildren(Object.assign(document.createElement("strong"), { textContent: gallery.name }), ...facts.filter(Boolean).map(text => Object.assign(document.createElement("span"), { textContent: text })));
  find("decide").hidden = !gallery.decides;
  find("note").textContent = gallery.note;
  find("note").hidden = !gallery.note;
  if (current()) search();
}

function askForToken(wrong) {
  find("login-wrong").hidden = !(wrong && find("token").value);
  find("login").showModal();
}

find("login").addEventListener("cancel", event => event.preventDefault());
find("login-form").addEventListener("submit", () => { api.saveToken(find("token").value); open(); });
find("file").addEventListener("change", event => { take(event.target.files[0]); event.target.value = ""; });
find("other").addEventListener("click", () => find("file").click());
find("whole").addEventListener("click", () => { crop.reset(); current().crop = null; search(); find("crop").focus(); });
addEventListener("paste", event => take([...event.clipboardData.files].find(file => file.type.startsWith("image/"))));
addEventListener("dragover", event => { event.preventDefault(); body.classList.add("over"); });
addEventListener("dragleave", event => { if (!event.relatedTarget) body.classList.remove("over"); });
addEventListener("drop", event => { event.preventDefault(); body.classList.remove("over"); take(event.dataTransfer.files[0]); });
addEventListener("popstate", event => {
  if (trail[event.state?.place]) go(event.state.place);
  else if (event.state === null) location.reload();
});

api.takeToken();
open();
