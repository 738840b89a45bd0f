// Adds to the browser's video player: a choice of renditions that keeps the position, captions,
// speed, chapters, keyboard shortcuts, and links that seek: <a data-seek="12.5" href="…#t=12.5">.

for (const figure of document.querySelectorAll("[data-player]")) play(figure);

function play(figure) {
  const video = figure.querySelector("video");
  const part = (name) => figure.querySelector(`[data-${name}]`);

  part("rendition")?.addEventListener("change", (event) => {
    const { currentTime, paused, playbackRate } = video;
    const captions = shown(video);
    video.src = event.target.value;
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = currentTime;
      video.playbackRate = playbackRate;
      show(video, captions);
      if (!paused) video.play();
    }, { once: true });
    video.load();
  });

  const captions = part("captions");
  captions?.addEventListener("change", () => show(video, captions.value));
  video.textTracks.addEventListener("change", () => {
    if (captions) captions.value = shown(video);
  });
  part("speed")?.addEventListener("change", (event) => { video.playbackRate = Number(event.target.value); });
  chapters(video, part("chapters"));

  const at = new URLSearchParams(location.hash.slice(1)).get("t") ?? new URLSearchParams(location.search).get("t");
  if (at) seek(video, Number(at));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-seek]");
    if (!link) return;
    event.preventDefault();
    seek(video, Number(link.dataset.seek));
    video.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("lectern:seek", (event) => seek(video, event.detail));
  document.addEventListener("keydown", (event) => handleKey(video, event, captions));
}

// seek sets the position, once the length of the video is known.
function seek(video, seconds) {
  if (!Number.isFinite(seconds)) return;
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) video.currentTime = seconds;
  else {
    video.addEventListener("loadedmetadata", () => { video.currentTime = seconds; }, { once: true });
    video.load();
  }
}

const subtitles = (video) => [...video.textTracks].filter((track) => track.kind === "subtitles");
const shown = (video) => subtitles(video).find((track) => track.mode === "showing")?.language ?? "";

function show(video, language) {
  for (const track of subtitles(video)) track.mode = track.language === language ? "showing" : "disabled";
}

// chapters fills the list of chapters from the chapter track of the video.
function chapters(video, select) {
  const track = [...video.textTracks].find((t) => t.kind === "chapters");
  if (!select || !track) return;
  track.mode = "hidden"; // so that the browser loads it
  const element = [...video.querySelectorAll("track")].find((t) => t.track === track);
  element.addEventListener("load", () => {
    for (const cue of track.cues) select.append(new Option(cue.text, cue.startTime));
    select.closest("label").hidden = track.cues.length === 0;
  });
  select.addEventListener("change", () => { video.currentTime = Number(select.value); });
  track.addEventListener("cuechange", () => {
    const cue = track.activeCues[0];
    if (cue) select.value = cue.startTime;
  });
}

// handleKey handles keyboard shortcuts, except in form fields.
function handleKey(video, event, captions) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button, a, summary, [contenteditable]")) return;
  const step = { ArrowLeft: -5, ArrowRight: 5, j: -10, l: 10 }[event.key];
  if (step) video.currentTime = Math.max(0, video.currentTime + step);
  else if (event.key === " " && event.target !== video || event.key === "k") video.paused ? video.play() : video.pause();
  else if (event.key === "m") video.muted = !video.muted;
  else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : video.requestFullscreen();
  else if (event.key === "c" && captions) {
    captions.selectedIndex = (captions.selectedIndex + 1) % captions.length;
    show(video, captions.value);
  } else return;
  event.preventDefault();
}
