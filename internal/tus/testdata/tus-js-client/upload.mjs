// upload.mjs FILE ENDPOINT STORE [SPEED]: uploads a file by tus-js-client, or goes on with the
// upload of it that STORE knows, and prints the upload's URL when it is there.
//
// With SPEED, of bytes a second, it prints the bytes that were sent as it goes, and pauses when
// it is sent a line; what happens then is printed as "paused".

import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import tus from 'tus-js-client';

const [path, endpoint, store, speed] = process.argv.slice(2);

async function* slowly() {
  for await (const chunk of createReadStream(path, { highWaterMark: 16384 })) {
    yield chunk;
    await after((1000 * chunk.length) / Number(speed));
  }
}

const upload = new tus.Upload(speed ? Readable.from(slowly(), { objectMode: false }) : createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  chunkSize: speed ? 65536 : 1 << 20,
  metadata: { filename: path },
  urlStorage: new tus.FileUrlStorage(store),
  fingerprint: async () => path,
  onProgress: (sent) => speed && console.log(sent),
  onSuccess: () => {
    console.log(upload.url);
    process.exit(0);
  },
  onError: (error) => {
    console.error(error);
    process.exit(1);
  },
});
const [previous] = await upload.findPreviousUploads();
if (previous) upload.resumeFromPreviousUpload(previous);
upload.start();
if (speed) {
  createInterface({ input: process.stdin }).on('line', async () => {
    await upload.abort();
    console.log('paused');
    process.exit(0);
  });
}
