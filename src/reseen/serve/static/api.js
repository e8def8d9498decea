// Requests to the service, with the token; an error response becomes an Error with its message.

const KEY = "reseen token";

export class TokenNeeded extends Error {}

/** Takes a token from the address (#token=...) and removes it there. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  saveToken(token);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function saveToken(token) {
  sessionStorage.setItem(KEY, token);
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The service does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  const { detail } = await answer.json().catch(() => ({ detail: `The service answered ${answer.status}.` }));
  throw answer.status === 401 ? new TokenNeeded(detail) : Object.assign(new Error(detail), { status: answer.status });
}

async function post(path, image, signal) {
  const headers = { "Content-Type": "application/octet-stream" };
  return (await request(path, { method: "POST", body: image, headers, signal })).json();
}

export const about = async () => (await request("gallery")).json();

export async function thumbnail(id) {
  return URL.createObjectURL(await (await request(`records/${id}/thumbnail`)).blob());
}

/** `query`: {file, box} or {record}; `filters`: pairs of names and values. */
export async function search(query, filters, signal) {
  const params = new URLSearchParams(filters);
  if (query.record) return (await request(`records/${query.record.id}/similar?${params}`, { signal })).json();
  if (query.box) params.append("box", query.box);
  return post(`search?${params}`, query.file, signal);
}

async function decided(path, values = {}) {
  return (await request(path, { method: "POST", body: JSON.stringify(values), headers: { "Content-Type": "application/json" } })).json();
}

export const proposals = async (count, first = 0) => (await request(`proposals?count=${count}&first=${first}`)).json();
export const accept = (id, name) => decided(`proposals/${id}/accept`, { name });
export const refuse = id => decided(`proposals/${id}/refuse`);
export const undo = () => decided("decisions/undo");

export async function explanation(query, match) {
  const path = `records/${match.id}/explanation`;
  if (query.record) return (await request(`${path}?query=${query.record.id}`)).json();
  return post(query.box ? `${path}?box=${query.box}` : path, query.file);
}
