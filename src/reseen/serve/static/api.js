// Talks to the service: every request holds the token, and a refusal becomes an Error in its words.

const KEY = "reseen token";

export class TokenNeeded extends Error {}

/** A token in the address (#token=...) is taken over and removed from it. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  keepToken(given);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

async function asked(path, options = {}) {
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
  throw answer.status === 401 ? new TokenNeeded(detail) : new Error(detail);
}

async function posted(path, picture, signal) {
  const headers = { "Content-Type": "application/octet-stream" };
  return (await asked(path, { method: "POST", body: picture, headers, signal })).json();
}

export const about = async () => (await asked("gallery")).json();

export async function thumbnail(id) {
  return URL.createObjectURL(await (await asked(`records/${id}/thumbnail`)).blob());
}

/** `query`: {file, box} or {record}; `wishes`: pairs of names and values. */
export async function search(query, wishes, signal) {
  const words = new URLSearchParams(wishes);
  if (query.record) return (await asked(`records/${query.record.id}/similar?${words}`, { signal })).json();
  if (query.box) words.append("box", query.box);
  return posted(`search?${words}`, query.file, signal);
}

export async function explanation(query, match) {
  const path = `records/${match.id}/explanation`;
  if (query.record) return (await asked(`${path}?query=${query.record.id}`)).json();
  return posted(query.box ? `${path}?box=${query.box}` : path, query.file);
}
