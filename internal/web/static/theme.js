// The button that switches between light and dark: <button data-theme-switch hidden>.

const button = document.querySelector("[data-theme-switch]");

if (button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("lectern-theme", next);
    } catch {
      // Without storage, the choice lasts until the next page.
    }
  });
}
