// The page of a talk: follows the status of the talk, and previews the cost of changes while they
// are typed.

const standing = document.getElementById("standing");

// Only the status is replaced, so that typed text stays.
standing?.addEventListener("lectern:row", debounce(async () => {
  const page = await fetchPage(location.href);
  const fresh = page?.getElementById("standing");
  if (fresh) standing.replaceChildren(...fresh.childNodes);
}, 500));

const form = document.querySelector("form[data-price]");
form?.addEventListener("input", debounce(async () => {
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "price");
  const page = await fetchPage(form.action, { method: "POST", body: typed });
  const price = page?.getElementById("price");
  const problem = page?.querySelector("[role=alert]");
  document.getElementById("price").replaceChildren(...(problem ? [problem] : price ? price.childNodes : []));
}, 700));

// debounce returns a function that calls another one when it was not called for a while.
function debounce(callback, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(callback, milliseconds);
  };
}

async function fetchPage(address, request) {
  const answer = await fetch(address, request).catch(() => null);
  if (!answer || answer.status >= 500) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
