// The page of recordings: what has arrived is shown without loading the page again, unless
// somebody is just deciding on something.

const arrived = document.getElementById("arrived");

document.addEventListener("uploaded", show);

async function show() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("arrived");
  if (fresh && !arrived.contains(document.activeElement)) arrived.replaceChildren(...fresh.childNodes);
  if (page.querySelector("[data-looking]")) setTimeout(show, 3000); // it is still being looked into
}

if (document.querySelector("[data-looking]")) setTimeout(show, 3000);
