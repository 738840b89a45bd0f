// Resumable uploads by the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).
//
// An Upload sends a File or Blob as one PATCH from where the server stands. When that breaks
// it asks the server and goes on; it never gives up on a network or a server that is away,
// and only stops when the server says that it will not have the file.

const bytesType = 'application/offset+octet-stream';
const retryDelays = [500, 1000, 2000, 4000, 8000, 15000, 30000]; // ms before each new attempt
const silence = 60000; // ms without progress after which a connection counts as lost

/** A "no" of the server's that trying again will not change. */
export class Refused extends Error {
  constructor(status, text) {
    super(text || `status ${status}`);
    this.name = 'Refused';
    this.status = status;
  }
}

/** What a file is known by after the browser was closed: it cannot be opened again by itself. */
export function fingerprint(file) {
  return JSON.stringify([file.name, file.size, file.lastModified]);
}

/** Uploads that are unfinished, kept in a Storage (localStorage) for each endpoint. */
export class Memory {
  constructor(storage, endpoint) {
    this.storage = storage;
    this.prefix = `upload ${endpoint} `;
  }

  get(file) {
    return this.read(this.prefix + fingerprint(file))?.url;
  }

  set(file, url) {
    const entry = { url, name: file.name, size: file.size, lastModified: file.lastModified };
    try {
      this.storage.setItem(this.prefix + fingerprint(file), JSON.stringify(entry));
    } catch {
      // A full or forbidden storage costs the resuming after a reload, and nothing else.
    }
  }

  forget(file) {
    this.storage.removeItem(this.prefix + fingerprint(file));
  }

  /** All that are remembered: {url, name, size, lastModified} each. */
  all() {
    return Object.keys(this.storage)
      .filter((key) => key.startsWith(this.prefix))
      .map((key) => this.read(key))
      .filter((entry) => entry);
  }

  read(key) {
    try {
      return JSON.parse(this.storage.getItem(key));
    } catch {
      return null;
    }
  }
}

/** Upload-Metadata: keys, and values in base 64 of their UTF-8. */
export function metadata(pairs) {
  return Object.entries(pairs)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${btoa(Array.from(new TextEncoder().encode(value), (b) => String.fromCharCode(b)).join(''))}`)
    .join(',');
}

/**
 * One file on its way. Its state is one of waiting, sending, paused, offline, done, failed and
 * cancelled; `changed` is called when that or the offset changes.
 */
export class Upload {
  /**
   * @param file a File or Blob with name, size and lastModified
   * @param options endpoint, memory, metadata {key: value}, changed(upload), and what tests
   *   replace: send(request) and events (an EventTarget that says `online`)
   */
  constructor(file, options) {
    this.file = file;
    this.options = { changed() {}, send: sendByXHR, events: globalThis, metadata: {}, ...options };
    this.url = options.memory.get(file);
    this.offset = 0; // bytes that the server has, or has been sent
    this.state = 'waiting';
    this.error = null;
  }

  /** Sends until the file is there, paused, cancelled or refused. */
  async start() {
    if (this.state === 'sending' || this.state === 'offline') return;
    const stop = new AbortController();
    this.stop = stop;
    this.become('sending');
    let lost = 0; // attempts that brought nothing
    while (!stop.signal.aborted) {
      const before = this.offset;
      try {
        await this.attempt(stop.signal);
        this.options.memory.forget(this.file);
        this.become('done');
        return;
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof Refused) {
          this.error = error;
          this.become('failed');
          return;
        }
        lost = this.offset > before ? 0 : lost + 1;
        this.become('offline');
        await this.rest(retryDelays[Math.min(lost, retryDelays.length - 1)], stop.signal);
      }
    }
  }

  /** Stops, so that start goes on later. */
  pause() {
    this.stop?.abort();
    if (this.state !== 'done') this.become('paused');
  }

  /** Stops for good and tells the server; what it cannot be told now, it forgets in time. */
  async cancel() {
    this.stop?.abort();
    this.options.memory.forget(this.file);
    this.become('cancelled');
    if (!this.url) return;
    try {
      await this.options.send({ method: 'DELETE', url: this.url, headers: {} });
    } catch {
      // It expires there.
    }
  }

  async attempt(signal) {
    if (!this.url || !(await this.ask(signal))) await this.create(signal);
    if (this.offset === this.file.size && this.file.size > 0) return;
    this.become('sending');
    const from = this.offset;
    const answer = await this.options.send({
      method: 'PATCH',
      url: this.url,
      headers: { 'Upload-Offset': String(from), 'Content-Type': bytesType },
      body: this.file.slice(from),
      signal,
      progress: (sent) => this.reach(from + sent),
    });
    this.judge(answer, [204]);
    this.reach(Number(answer.header('Upload-Offset')));
    if (this.offset !== this.file.size) throw new Error('the server has less than was sent');
  }

  async create(signal) {
    const { name, type } = this.file;
    const answer = await this.options.send({
      method: 'POST',
      url: this.options.endpoint,
      headers: {
        'Upload-Length': String(this.file.size),
        'Upload-Metadata': metadata({ filename: name, filetype: type, ...this.options.metadata }),
      },
      signal,
    });
    this.judge(answer, [201]);
    this.url = answer.header('Location');
    this.offset = 0;
    this.options.memory.set(this.file, this.url);
  }

  /** Learns how far the server is; false if it does not know the upload any more. */
  async ask(signal) {
    const answer = await this.options.send({ method: 'HEAD', url: this.url, headers: {}, signal });
    if ([404, 410].includes(answer.status) || (answer.status === 200 && answer.header('Upload-Length') !== String(this.file.size))) {
      this.options.memory.forget(this.file);
      return false;
    }
    this.judge(answer, [200]);
    this.reach(Number(answer.header('Upload-Offset')));
    return true;
  }

  /** Throws what an answer means: what may pass by itself, or a refusal. */
  judge(answer, good) {
    if (good.includes(answer.status)) return;
    const passing = answer.status >= 500 && answer.status !== 507;
    if (passing || [0, 404, 408, 409, 410, 423, 425, 460].includes(answer.status)) {
      throw new Error(`status ${answer.status}`);
    }
    throw new Refused(answer.status, answer.text?.trim());
  }

  /** Waits, at most until the network is there again. */
  rest(ms, signal) {
    return new Promise((resolve) => {
      const events = this.options.events;
      const end = () => {
        clearTimeout(timer);
        events.removeEventListener?.('online', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      events.addEventListener?.('online', end);
      signal.addEventListener('abort', end);
    });
  }

  reach(offset) {
    this.offset = offset;
    this.options.changed(this);
  }

  become(state) {
    if (this.state === 'cancelled') return;
    this.state = state;
    this.options.changed(this);
  }
}

/** Sends a request by XMLHttpRequest, which alone tells how much of a body has been sent. */
function sendByXHR({ method, url, headers, body, signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), silence);
    };
    const lost = () => {
      clearTimeout(timer);
      reject(new Error('the connection is lost'));
    };
    request.open(method, url);
    request.setRequestHeader('Tus-Resumable', '1.0.0');
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      watch();
      progress?.(event.loaded);
    };
    request.onload = () => {
      clearTimeout(timer);
      resolve({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) });
    };
    // When everything is sent, the server may take its time to make sure of it.
    request.upload.onload = () => clearTimeout(timer);
    request.onerror = lost;
    request.onabort = lost;
    signal?.addEventListener('abort', () => request.abort());
    if (signal?.aborted) return lost();
    watch();
    request.send(body);
  });
}
