// Keeps a page up to date: <div data-live="/live"> says where its events come from. A row that
// changed comes rendered, and takes the place of the one that is shown. A page that shows more
// of a talk than its row listens for "lectern:row".

const holder = document.querySelector("[data-live]");

if (holder) {
  const events = new EventSource(holder.dataset.live);
  events.addEventListener("row", (event) => {
    const { talk, html } = JSON.parse(event.data);
    replace(talk, html);
    holder.dispatchEvent(new CustomEvent("lectern:row", { detail: { talk }, bubbles: true }));
  });
  events.addEventListener("missed", again);
  let lost = false;
  events.addEventListener("error", () => { lost = true; document.documentElement.dataset.offline = ""; });
  events.addEventListener("open", () => {
    delete document.documentElement.dataset.offline;
    if (lost) again(); // what happened meanwhile nobody has told
    lost = false;
  });
}

function replace(talk, html) {
  const row = document.getElementById("talk-" + talk);
  if (!row) return;
  const focused = row.contains(document.activeElement);
  const template = document.createElement("template");
  template.innerHTML = html; // rendered by the server, which escapes what people wrote
  const fresh = template.content.firstElementChild;
  row.replaceWith(fresh);
  if (focused) fresh.querySelector("a")?.focus({ preventScroll: true });
}

// again loads what is live once more.
async function again() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (fresh) holder.replaceChildren(...fresh.childNodes);
}
