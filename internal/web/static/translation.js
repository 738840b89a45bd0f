// Times of cues jump in the video that is on the page, rather than to a page of its own.

const video = document.getElementById("video");

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-seek]");
  if (!link || !video || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  video.currentTime = Number(link.dataset.seek);
  video.play().catch(() => {}); // a browser that plays nothing unasked still shows the picture
});
