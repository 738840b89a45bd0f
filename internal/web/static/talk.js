// A talk's page: how it stands follows the server, and what a change would cost is asked for
// while it is typed.

const standing = document.getElementById("standing");

// Only what shows how the talk stands is replaced: a form that somebody types in is left alone.
standing?.addEventListener("lectern:row", soon(async () => {
  const page = await load(location.href);
  const fresh = page?.getElementById("standing");
  if (fresh) standing.replaceChildren(...fresh.childNodes);
}, 500));

const form = document.querySelector("form[data-price]");
form?.addEventListener("input", soon(async () => {
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "price");
  const page = await load(form.action, { method: "POST", body: typed });
  const price = page?.getElementById("price");
  const problem = page?.querySelector("[role=alert]");
  document.getElementById("price").replaceChildren(...(problem ? [problem] : price ? price.childNodes : []));
}, 700));

// soon is a function that does something once it has not been called for a while.
function soon(something, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(something, milliseconds);
  };
}

async function load(address, request) {
  const answer = await fetch(address, request).catch(() => null);
  if (!answer || answer.status >= 500) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
