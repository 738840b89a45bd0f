// Copies the value of a field: <input data-copy>, with the button after it.

for (const field of document.querySelectorAll("[data-copy]")) {
  const button = field.closest("label").parentElement.querySelector("[data-copy-button]");
  if (!button || !navigator.clipboard) continue; // browsers offer the clipboard only with TLS, or on localhost
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  });
  field.addEventListener("focus", () => field.select());
}
