// Keeps a page up to date: <div data-live="/live"> names the event stream. Each event holds a
// rendered row that replaces the one on the page. Pages that show more of a talk listen for the
// event "lectern:row".

const holder = document.querySelector("[data-live]");

if (holder) {
  const events = new EventSource(holder.dataset.live);
  events.addEventListener("row", (event) => {
    const { talk, html } = JSON.parse(event.data);
    replaceRow(talk, html);
    holder.dispatchEvent(new CustomEvent("lectern:row", { detail: { talk }, bubbles: true }));
  });
  events.addEventListener("missed", reload);
  let lost = false;
  events.addEventListener("error", () => { lost = true; document.documentElement.dataset.offline = ""; });
  events.addEventListener("open", () => {
    delete document.documentElement.dataset.offline;
    if (lost) reload(); // events may have been missed
    lost = false;
  });
}

function replaceRow(talk, html) {
  const row = document.getElementById("talk-" + talk);
  if (!row) return;
  const focused = row.contains(document.activeElement);
  const template = document.createElement("template");
  template.innerHTML = html; // rendered and escaped by the server
  const fresh = template.content.firstElementChild;
  row.replaceWith(fresh);
  if (focused) fresh.querySelector("a")?.focus({ preventScroll: true });
}

// reload replaces all live content.
async function reload() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (fresh) holder.replaceChildren(...fresh.childNodes);
}
