// Before anything is drawn: the theme that was chosen, so that nothing flashes.
try {
  const theme = localStorage.getItem("lectern-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Who keeps nothing follows the system.
}
