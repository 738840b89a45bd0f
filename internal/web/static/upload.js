// Uploads many large files from an ordinary form, and resumes them:
//
//   <form data-upload="/uploads/" data-word-…="…">
//     <label>… <input type="file" multiple></label>  and other fields, sent as metadata
//     <div data-drop>…</div>            where files may be dropped; by default the form
//     <ul data-files></ul>              the list, filled in here
//     <p data-summary role="status"></p>
//   </form>
//
// Named fields of the form (a talk, a room) are sent with every file as metadata. The texts
// come from the form, where they are translated:
//
//   data-word-waiting, -sending, -paused, -offline, -done, -failed, -again (choose the same
//     file again, to go on), -settling (sent, and being verified by the server)
//                                       a file's state
//   data-word-pause, -resume, -retry, -cancel, -forget
//                                       buttons; their names get the file's: "Pause talk.mp4"
//   data-word-sent     "{sent} of {size}"
//   data-word-speed    "{speed} a second"
//   data-word-left     "{time} left"
//   data-word-summary  "{done} of {all} files have arrived"
//   data-word-why-413, -why-429, -why-507, … what to do about a refusal, by its status
//
// The form gets the event `uploaded` with {name, url} for every complete file.

import { ResumeStore, Upload, fingerprint } from './tus.js';

const maxConcurrent = 2; // files; more would only share the bandwidth
const words = (form, key, values = {}) =>
  (form.dataset[`word${key.replace(/(^|-)(\w)/g, (_, __, c) => c.toUpperCase())}`] ?? '').replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

/** Formats a size in the language of the page. */
function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let unit = 0;
  while (bytes >= 999.5 && unit < units.length - 1) [bytes, unit] = [bytes / 1000, unit + 1];
  const options = { style: 'unit', unit: units[unit], unitDisplay: 'short', maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(document.documentElement.lang || 'en', options).format(bytes);
}

/** Formats a time: "0:42", "1:02:03". */
function clock(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, '0');
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** Measures bytes per second over the last few seconds. */
class Speed {
  samples = [];

  now(offset) {
    const time = performance.now() / 1000;
    const last = this.samples.at(-1);
    if (!last || time - last.time > 0.25 || offset < last.offset) this.samples.push({ time, offset });
    if (last && offset < last.offset) this.samples = [{ time, offset }];
    while (this.samples.length > 2 && time - this.samples[0].time > 8) this.samples.shift();
    const first = this.samples[0];
    return time - first.time > 1 ? (offset - first.offset) / (time - first.time) : 0;
  }
}

/** A line of the list: an upload, or an earlier one whose file has to be chosen again. */
class Line {
  constructor(list, name, bytes) {
    this.form = list.form;
    this.name = name;
    this.bytes = bytes;
    this.element = document.createElement('li');
    this.element.className = 'upload';
    this.title = this.part('bdi', 'upload-name', name); // names may be in right-to-left scripts
    this.bar = this.part('progress', 'upload-progress');
    this.bar.max = Math.max(bytes, 1);
    this.bar.setAttribute('aria-label', name);
    this.numbers = this.part('span', 'upload-numbers');
    this.state = this.part('span', 'upload-state');
    this.buttons = this.part('span', 'upload-buttons');
    list.files.append(this.element);
  }

  part(tag, name, text = '') {
    const e = document.createElement(tag);
    e.className = name;
    e.textContent = text;
    this.element.append(e);
    return e;
  }

  /** Shows buttons. Buttons that stay keep the focus. */
  offer(...offers) {
    const keys = offers.map(([key]) => key).join(' ');
    if (keys === this.offered) return;
    this.offered = keys;
    const focused = this.buttons.contains(document.activeElement);
    this.buttons.replaceChildren(
      ...offers.map(([key, act]) => {
        const b = document.createElement('button');
        b.type = 'button';
        b.textContent = words(this.form, key);
        b.setAttribute('aria-label', `${b.textContent} ${this.name}`);
        b.addEventListener('click', act);
        return b;
      }),
    );
    if (focused) this.buttons.querySelector('button')?.focus();
  }

  say(state, text, numbers) {
    this.element.dataset.state = state;
    if (this.state.textContent !== text) this.state.textContent = text;
    this.numbers.textContent = numbers.filter(Boolean).join(' · ');
  }
}

/** The list of a form. */
class List {
  constructor(form) {
    this.form = form;
    this.endpoint = form.dataset.upload;
    this.memory = new ResumeStore(localStorage, this.endpoint);
    this.files = form.querySelector('[data-files]');
    this.summary = form.querySelector('[data-summary]');
    this.uploads = []; // {upload, line, speed}
    this.earlier = new Map(); // lines of earlier uploads, by fingerprint
    for (const entry of this.memory.all()) this.remind(entry);
    this.listen();
  }

  /** Shows an earlier upload, whose file has to be chosen again. */
  remind(entry) {
    const line = new Line(this, entry.name, entry.size);
    line.bar.value = 0;
    line.say('again', words(this.form, 'again'), [size(entry.size)]);
    line.offer(['forget', () => this.forget(entry)]);
    this.earlier.set(fingerprint(entry), line);
    fetch(entry.url, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } })
      .then((answer) => {
        if ([404, 410].includes(answer.status)) return this.forget(entry);
        if (answer.ok) {
          const sent = Number(answer.headers.get('Upload-Offset'));
          line.bar.value = sent;
          if (line.element.dataset.state === 'again') line.say('again', words(this.form, 'again'), [this.sent(sent, entry.size)]);
        }
      })
      .catch(() => {}); // offline, the progress is unknown
  }

  forget(entry) {
    new Upload(entry, { endpoint: this.endpoint, memory: this.memory }).cancel();
    this.earlier.get(fingerprint(entry))?.element.remove();
    this.earlier.delete(fingerprint(entry));
  }

  sent(sent, all) {
    return words(this.form, 'sent', { sent: size(sent), size: size(all) });
  }

  listen() {
    const input = this.form.querySelector('input[type=file]');
    input.addEventListener('change', () => {
      this.add(input.files);
      input.value = '';
    });
    this.form.addEventListener('submit', (event) => event.preventDefault());
    const zone = this.form.querySelector('[data-drop]') ?? this.form;
    const over = (is) => (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      zone.classList.toggle('is-over', is);
    };
    zone.addEventListener('dragenter', over(true));
    zone.addEventListener('dragover', over(true));
    zone.addEventListener('dragleave', over(false));
    zone.addEventListener('drop', (event) => {
      over(false)(event);
      this.add(event.dataTransfer.files);
    });
    // A file dropped beside the zone would replace the page.
    for (const type of ['dragover', 'drop']) document.addEventListener(type, (event) => event.preventDefault());
    window.addEventListener('beforeunload', (event) => {
      if (this.uploads.some(({ upload }) => ['sending', 'offline', 'waiting'].includes(upload.state))) event.preventDefault();
    });
  }

  /** Adds files, except those that are in the list already. */
  add(files) {
    for (const file of files) {
      const mark = fingerprint(file);
      if (this.uploads.some(({ upload }) => fingerprint(upload.file) === mark && !['cancelled', 'failed'].includes(upload.state))) continue;
      const line = this.earlier.get(mark) ?? new Line(this, file.name, file.size);
      this.earlier.delete(mark);
      const entry = { line, speed: new Speed() };
      entry.upload = new Upload(file, {
        endpoint: this.endpoint,
        memory: this.memory,
        metadata: this.fields(),
        changed: () => this.changed(entry),
      });
      this.uploads.push(entry);
      this.show(entry);
    }
    this.next();
    this.summarise();
  }

  fields() {
    return Object.fromEntries([...new FormData(this.form)].filter(([, value]) => typeof value === 'string'));
  }

  /** Starts waiting uploads, up to the limit. */
  next() {
    const busy = this.uploads.filter(({ upload }) => ['sending', 'offline'].includes(upload.state)).length;
    const waiting = this.uploads.filter(({ upload }) => upload.state === 'waiting');
    for (const { upload } of waiting.slice(0, Math.max(0, maxConcurrent - busy))) upload.start();
  }

  changed(entry) {
    this.show(entry);
    const { upload, line } = entry;
    if (entry.was === upload.state) return;
    entry.was = upload.state;
    if (upload.state === 'done') {
      this.form.dispatchEvent(new CustomEvent('uploaded', { bubbles: true, detail: { name: upload.file.name, url: upload.url } }));
    }
    if (upload.state === 'cancelled') {
      line.element.remove();
      this.uploads.splice(this.uploads.indexOf(entry), 1);
    }
    this.summarise();
    queueMicrotask(() => this.next());
  }

  show({ upload, line, speed }) {
    const { state, file, offset } = upload;
    const pace = state === 'sending' ? speed.now(offset) : 0;
    const settling = state === 'sending' && offset === file.size;
    line.bar.value = file.size ? offset : Number(state === 'done');
    line.say(state, this.word(upload, settling), [
      state === 'done' ? size(file.size) : this.sent(offset, file.size),
      pace && !settling && words(this.form, 'speed', { speed: size(pace) }),
      pace && !settling && words(this.form, 'left', { time: clock((file.size - offset) / pace) }),
    ]);
    const cancel = ['cancel', () => upload.cancel()];
    const again = () => {
      upload.state = 'waiting';
      this.changed({ upload, line, speed });
    };
    if (['sending', 'offline', 'waiting'].includes(state)) line.offer(['pause', () => upload.pause()], cancel);
    else if (state === 'paused') line.offer(['resume', again], cancel);
    else if (state === 'failed') line.offer(['retry', again], cancel);
    else line.offer();
  }

  /** Returns the text of a state; for a failure, what to do about it. */
  word(upload, settling) {
    if (settling) return words(this.form, 'settling');
    if (upload.state !== 'failed') return words(this.form, upload.state);
    const why = words(this.form, `why-${upload.error.status}`) || words(this.form, 'why-other');
    return `${words(this.form, 'failed')} ${why}`;
  }

  summarise() {
    const done = this.uploads.filter(({ upload }) => upload.state === 'done').length;
    const text = this.uploads.length ? words(this.form, 'summary', { done, all: this.uploads.length }) : '';
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }
}

for (const form of document.querySelectorAll('form[data-upload]')) new List(form);
