// Tests static/tus.js, copied beside it as tus.mjs, against a fake server that fails: node --test.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResumeStore, Upload, fingerprint, metadata } from './tus.mjs';

/** A fake localStorage. */
class Storage {
  constructor() {
    Object.defineProperties(this, {
      getItem: { value: (key) => this[key] ?? null },
      setItem: { value: (key, value) => { this[key] = value; } },
      removeItem: { value: (key) => { delete this[key]; } },
    });
  }
}

/** A fake server with one upload; `fault` may answer a request instead, or throw. */
class Server {
  url = null;
  held = '';
  asked = [];
  fault = () => undefined;

  send = async (request) => {
    this.asked.push(request.method);
    const answer = (await this.fault(request)) ?? (await this.answer(request));
    return { text: '', ...answer, header: (name) => answer.headers?.[name] ?? null };
  };

  async answer({ method, headers, body, progress }) {
    switch (method) {
      case 'POST':
        this.url = '/uploads/1';
        this.size = headers['Upload-Length'];
        this.metadata = headers['Upload-Metadata'];
        return { status: 201, headers: { Location: this.url } };
      case 'HEAD':
        return this.url ? { status: 200, headers: { 'Upload-Offset': String(this.held.length), 'Upload-Length': this.size } } : { status: 404 };
      case 'DELETE':
        this.url = null;
        return { status: 204 };
    }
    if (Number(headers['Upload-Offset']) !== this.held.length) return { status: 409 };
    this.held += await body.text();
    progress(body.size);
    return { status: 204, headers: { 'Upload-Offset': String(this.held.length) } };
  }
}

function scene({ text = 'hello, world', storage = new Storage(), server = new Server() } = {}) {
  const file = Object.assign(new Blob([text]), { name: 'talk – ñ.mp4', lastModified: 7 });
  const memory = new ResumeStore(storage, '/uploads/');
  const events = new EventTarget();
  const states = [];
  const upload = new Upload(file, {
    endpoint: '/uploads/', memory, events, send: server.send,
    changed: ({ state }) => {
      if (states.at(-1) !== state) states.push(state);
      if (state === 'offline') queueMicrotask(() => events.dispatchEvent(new Event('online')));
    },
  });
  return { file, memory, server, states, storage, upload };
}

test('a file is sent at once', async () => {
  const { memory, server, states, upload } = scene();
  await upload.start();
  assert.equal(server.held, 'hello, world');
  assert.deepEqual(server.asked, ['POST', 'PATCH']);
  assert.deepEqual(states, ['sending', 'done']);
  assert.deepEqual(memory.all(), []);
});

test('an empty file too', async () => {
  const { server, upload } = scene({ text: '' });
  await upload.start();
  assert.equal(upload.state, 'done');
  assert.equal(server.size, '0');
});

test('names are UTF-8 in base 64', () => {
  assert.equal(metadata({ filename: 'ñ.mp4', filetype: '' }), `filename ${Buffer.from('ñ.mp4').toString('base64')}`);
});

test('a connection that breaks is resumed where the server is', async () => {
  const { server, states, upload } = scene();
  let broken = 0;
  server.fault = async ({ method, body }) => {
    if (method !== 'PATCH' || broken++ > 3) return undefined;
    server.held += (await body.slice(0, 2).text());
    throw new Error('the connection is lost');
  };
  await upload.start();
  assert.equal(server.held, 'hello, world');
  assert.equal(server.asked.filter((m) => m === 'POST').length, 1);
  assert.deepEqual([...new Set(states)], ['sending', 'offline', 'done']);
});

test('a server that is away, busy or elsewhere is waited for', async () => {
  const { server, upload } = scene();
  const answers = [503, 500, 409, 423, 502, 404];
  server.fault = ({ method }) => (method === 'PATCH' && answers.length ? { status: answers.shift() } : undefined);
  await upload.start();
  assert.equal(server.held, 'hello, world');
  assert.equal(upload.state, 'done');
});

test('a refusal ends it, and says why', async () => {
  for (const status of [400, 403, 413, 415, 429, 507]) {
    const { server, upload } = scene();
    server.fault = () => ({ status, text: 'no room\n' });
    await upload.start();
    assert.equal(upload.state, 'failed');
    assert.equal(upload.error.status, status);
    assert.equal(upload.error.message, 'no room');
    server.fault = () => undefined;
    await upload.start();
    assert.equal(upload.state, 'done');
  }
});

test('after the browser was closed, the same file goes on', async () => {
  const first = scene();
  first.server.fault = async ({ method, body }) => {
    if (method !== 'PATCH') return undefined;
    first.server.held += await body.slice(0, 5).text();
    first.upload.pause();
    throw new Error('aborted');
  };
  await first.upload.start();
  assert.equal(first.upload.state, 'paused');
  const [entry] = first.memory.all();
  assert.equal(fingerprint(entry), fingerprint(first.file));

  first.server.fault = () => undefined;
  const second = scene(first);
  await second.upload.start();
  assert.equal(second.server.held, 'hello, world');
  assert.deepEqual(second.server.asked, ['POST', 'PATCH', 'HEAD', 'PATCH']);
  assert.deepEqual(second.memory.all(), []);
});

test('an upload that the server does not know any more begins again', async () => {
  const { file, memory, server, upload: first, storage } = scene();
  memory.set(file, '/uploads/gone');
  const { upload } = scene({ server, storage });
  await upload.start();
  assert.equal(server.held, 'hello, world');
  assert.deepEqual(server.asked, ['HEAD', 'POST', 'PATCH']);
  assert.equal(first.state, 'waiting');
});

test('a cancelled upload is removed there and forgotten here', async () => {
  const { memory, server, upload } = scene();
  server.fault = ({ method }) => {
    if (method !== 'PATCH') return undefined;
    upload.pause();
    throw new Error('aborted');
  };
  await upload.start();
  await upload.cancel();
  assert.equal(upload.state, 'cancelled');
  assert.equal(server.url, null);
  assert.deepEqual(memory.all(), []);
});
