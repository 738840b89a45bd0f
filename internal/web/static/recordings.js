// The page of recordings: shows new recordings without a reload, unless a form of the list has
// the focus.

const arrived = document.getElementById("arrived");

document.addEventListener("uploaded", refresh);

async function refresh() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("arrived");
  if (fresh && !arrived.contains(document.activeElement)) arrived.replaceChildren(...fresh.childNodes);
  if (page.querySelector("[data-looking]")) setTimeout(refresh, 3000); // a recording is still being analysed
}

if (document.querySelector("[data-looking]")) setTimeout(refresh, 3000);
