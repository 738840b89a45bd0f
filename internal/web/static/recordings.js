// The page of recordings: shows new recordings and what was found in them without a reload. Forms
// that a person is filling in stay as they are.

const arrived = document.getElementById("arrived");
let timer;

document.addEventListener("uploaded", refresh);
arrived.addEventListener("input", (event) => { event.target.form.dataset.edited = ""; });
schedule();

async function refresh() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("arrived");
    if (fresh) replace(fresh);
  }
  schedule();
}

// schedule looks again soon as long as a recording is being analysed.
function schedule() {
  clearTimeout(timer);
  if (arrived.querySelector("[data-looking]")) timer = setTimeout(refresh, 3000);
}

// replace shows the list of recordings in fresh. Forms in use keep their place, values and focus.
function replace(fresh) {
  const focus = document.activeElement;
  for (const form of arrived.querySelectorAll("form")) {
    if (!form.contains(focus) && form.dataset.edited === undefined) continue;
    fresh.querySelector(`form[action="${form.getAttribute("action")}"]`)?.replaceWith(form);
  }
  arrived.replaceChildren(...fresh.childNodes);
  if (arrived.contains(focus)) focus.focus({ preventScroll: true });
}
