// Resumable uploads by the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).
//
// An Upload sends a File or Blob in one PATCH request, from the server's offset on. When the
// connection breaks, it asks the server for the offset and continues. It retries until the server
// rejects the file.

const bytesType = 'application/offset+octet-stream';
const retryDelays = [500, 1000, 2000, 4000, 8000, 15000, 30000]; // ms before each new attempt
const stallTimeout = 60000; // ms without progress until a connection counts as lost

/** The server rejected the upload; retrying would not help. */
export class UploadRejected extends Error {
  constructor(status, text) {
    super(text || `status ${status}`);
    this.name = 'UploadRejected';
    this.status = status;
  }
}

/** Identifies a file after the browser was closed, when it has to be chosen again. */
export function fingerprint(file) {
  return JSON.stringify([file.name, file.size, file.lastModified]);
}

/** Remembers unfinished uploads in a Storage (localStorage), by endpoint. */
export class ResumeStore {
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
      // Without storage, uploads cannot be resumed after a reload.
    }
  }

  forget(file) {
    this.storage.removeItem(this.prefix + fingerprint(file));
  }

  /** Returns all unfinished uploads as {url, name, size, lastModified}. */
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

/** Returns the header Upload-Metadata: keys, and values as base64 of UTF-8. */
export function metadata(pairs) {
  return Object.entries(pairs)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${btoa(Array.from(new TextEncoder().encode(value), (b) => String.fromCharCode(b)).join(''))}`)
    .join(',');
}

/**
 * The upload of one file. Its state is one of waiting, sending, paused, offline, done, failed and
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
    this.offset = 0; // bytes that were sent
    this.state = 'waiting';
    this.error = null;
  }

  /** Sends until the upload is complete, paused, cancelled or rejected. */
  async start() {
    if (this.state === 'sending' || this.state === 'offline') return;
    const stop = new AbortController();
    this.stop = stop;
    this.setState('sending');
    let lost = 0; // attempts in a row without progress
    while (!stop.signal.aborted) {
      const before = this.offset;
      try {
        await this.attempt(stop.signal);
        this.options.memory.forget(this.file);
        this.setState('done');
        return;
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof UploadRejected) {
          this.error = error;
          this.setState('failed');
          return;
        }
        lost = this.offset > before ? 0 : lost + 1;
        this.setState('offline');
        await this.waitToRetry(retryDelays[Math.min(lost, retryDelays.length - 1)], stop.signal);
      }
    }
  }

  /** Stops; start continues. */
  pause() {
    this.stop?.abort();
    if (this.state !== 'done') this.setState('paused');
  }

  /** Stops and deletes the upload from the server. */
  async cancel() {
    this.stop?.abort();
    this.options.memory.forget(this.file);
    this.setState('cancelled');
    if (!this.url) return;
    try {
      await this.options.send({ method: 'DELETE', url: this.url, headers: {} });
    } catch {
      // The server removes expired uploads.
    }
  }

  async attempt(signal) {
    if (!this.url || !(await this.fetchOffset(signal))) await this.create(signal);
    if (this.offset === this.file.size && this.file.size > 0) return;
    this.setState('sending');
    const from = this.offset;
    const answer = await this.options.send({
      method: 'PATCH',
      url: this.url,
      headers: { 'Upload-Offset': String(from), 'Content-Type': bytesType },
      body: this.file.slice(from),
      signal,
      progress: (sent) => this.setOffset(from + sent),
    });
    this.checkStatus(answer, [204]);
    this.setOffset(Number(answer.header('Upload-Offset')));
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
    this.checkStatus(answer, [201]);
    this.url = answer.header('Location');
    this.offset = 0;
    this.options.memory.set(this.file, this.url);
  }

  /** Fetches the offset from the server; false if the upload no longer exists. */
  async fetchOffset(signal) {
    const answer = await this.options.send({ method: 'HEAD', url: this.url, headers: {}, signal });
    if ([404, 410].includes(answer.status) || (answer.status === 200 && answer.header('Upload-Length') !== String(this.file.size))) {
      this.options.memory.forget(this.file);
      return false;
    }
    this.checkStatus(answer, [200]);
    this.setOffset(Number(answer.header('Upload-Offset')));
    return true;
  }

  /** Throws unless the status is one of good: UploadRejected where retrying would not help. */
  checkStatus(answer, good) {
    if (good.includes(answer.status)) return;
    const passing = answer.status >= 500 && answer.status !== 507;
    if (passing || [0, 404, 408, 409, 410, 423, 425, 460].includes(answer.status)) {
      throw new Error(`status ${answer.status}`);
    }
    throw new UploadRejected(answer.status, answer.text?.trim());
  }

  /** Waits, but not longer than until the browser is online again. */
  waitToRetry(ms, signal) {
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

  setOffset(offset) {
    this.offset = offset;
    this.options.changed(this);
  }

  setState(state) {
    if (this.state === 'cancelled') return;
    this.state = state;
    this.options.changed(this);
  }
}

/** Sends a request by XMLHttpRequest, because fetch does not report upload progress. */
function sendByXHR({ method, url, headers, body, signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), stallTimeout);
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
    // After the last byte, the server needs time to verify the file.
    request.upload.onload = () => clearTimeout(timer);
    request.onerror = lost;
    request.onabort = lost;
    signal?.addEventListener('abort', () => request.abort());
    if (signal?.aborted) return lost();
    watch();
    request.send(body);
  });
}
