// The filters of a search: cameras, times, and the number of matches.

const MANY_CAMERAS = 24;

/** Calls `changed()` after each change. */
export function makeFilters(form, changed) {
  const find = id => form.querySelector(`#${id}`);
  const chosen = () => [...form.querySelectorAll("[name=camera]:checked")].map(box => box.value);

  function summarise() {
    const cameras = chosen();
    const parts = [
      cameras.length === 1 ? cameras[0] : cameras.length ? `${cameras.length} cameras` : "",
      find("after").value || find("before").value ? "time range" : "",
    ];
    find("filters-said").textContent = parts.filter(Boolean).join(", ");
  }

  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", () => { summarise(); changed(); });
  form.addEventListener("reset", () => setTimeout(() => { summarise(); find("camera-word").dispatchEvent(new Event("input")); changed(); }));
  find("camera-word").addEventListener("input", event => {
    const word = event.target.value.toLowerCase();
    for (const chip of find("cameras").children) chip.hidden = !chip.textContent.toLowerCase().includes(word);
  });
  find("camera-word").addEventListener("change", event => event.stopPropagation());

  return {
    fill({ cameras, earliest, latest }) {
      find("cameras").replaceChildren(...cameras.map(chip));
      find("camera-word").hidden = cameras.length <= MANY_CAMERAS;
      find("camera-set").hidden = cameras.length < 2;
      find("time-set").hidden = !earliest || earliest === latest;
      if (!earliest) return;
      const [low, high] = [minute(earliest), minute(latest, 59999)];
      for (const id of ["after", "before"]) Object.assign(find(id), { min: low, max: high });
      find("after").title = find("before").title = `Records from ${low.replace("T", " ")} to ${high.replace("T", " ")}`;
    },
    /** As pairs of names and values. */
    params() {
      const pairs = [["k", new FormData(form).get("k")], ...chosen().map(camera => ["camera", camera])];
      for (const id of ["after", "before"]) if (find(id).value) pairs.push([id, `${find(id).value}:00Z`]);
      return pairs;
    },
  };
}

const minute = (time, later = 0) => new Date(new Date(time).getTime() + later).toISOString().slice(0, 16);

function chip(camera) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "camera", value: camera, className: "unseen" });
  label.append(box, camera);
  return label;
}
