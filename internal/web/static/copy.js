// Copies what a field holds: <input data-copy>, and the button after it.

for (const field of document.querySelectorAll("[data-copy]")) {
  const button = field.closest("label").parentElement.querySelector("[data-copy-button]");
  if (!button || !navigator.clipboard) continue; // there is none without TLS, but on this machine
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  });
  field.addEventListener("focus", () => field.select());
}
