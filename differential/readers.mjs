// What readers in Node see: requests as JSON Lines in, `{"id", "reader", "values": [[name, value], ...]}` out.
//
// A reader that fails has seen what it had read before. Packages are looked for in the folder that is the argument.

import { createRequire } from 'node:module';
import querystring from 'node:querystring';
import path from 'node:path';
import readline from 'node:readline';

const load = createRequire(path.resolve(process.argv[2], 'readers.mjs'));
const busboy = load('busboy');
const qs = load('qs');
const { parseCookie } = load('cookie');

/** The leaves of what qs made of brackets. */
function* leaves(name, value) {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) yield* leaves(`${name}[${key}]`, inner);
  } else {
    yield [name, value];
  }
}

const header = (sent, name, joined) =>
  sent.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value).join(joined);

// node:http keeps the first of several.
const contentType = (sent) => sent.headers.find(([key]) => key.toLowerCase() === 'content-type')?.[1] ?? '';
const query = (sent) => /^[^?#]*\??([^#]*)/.exec(sent.target)[1];
const isForm = (sent) => contentType(sent).startsWith('application/x-www-form-urlencoded');
const pairs = (values) => Object.entries(values).flatMap(([name, value]) => [...leaves(name, value)]);

/** Each reader adds to `seen`. */
const READERS = {
  busboy: (sent, seen) =>
    new Promise((resolve) => {
      const reader = busboy({ headers: { 'content-type': contentType(sent) } });
      reader.on('field', (name, value) => seen.push([name, value]));
      reader.on('file', (name, stream, { filename, mimeType }) => {
        const chunks = [];
        const done = () => seen.push([name, filename], [name, mimeType], [name, Buffer.concat(chunks).toString()]);
        stream.on('data', (chunk) => chunks.push(chunk));
        stream.on('end', done);
        stream.on('error', done);
      });
      reader.on('error', resolve);
      reader.on('close', resolve);
      reader.end(sent.body);
    }),
  qs: async (sent, seen) => {
    const forms = [query(sent), ...(isForm(sent) ? [sent.body.toString()] : [])];
    for (const form of forms) seen.push(...pairs(qs.parse(form)));
  },
  cookie: async (sent, seen) => {
    seen.push(...pairs(parseCookie(header(sent, 'cookie', '; '))));
  },
  node: async (sent, seen) => {
    seen.push(...new URLSearchParams(query(sent)));
    seen.push(...pairs(querystring.parse(query(sent))));
    if (!contentType(sent)) return;
    const response = new Response(sent.body, { headers: { 'content-type': contentType(sent) } });
    for (const [name, value] of await response.formData()) {
      if (typeof value === 'string') seen.push([name, value]);
      else seen.push([name, value.name], [name, value.type], [name, await value.text()]);
    }
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const sent = JSON.parse(line);
  sent.body = Buffer.from(sent.body_b64, 'base64');
  for (const [reader, read] of Object.entries(READERS)) {
    const seen = [];
    try {
      await read(sent, seen);
    } catch {
      // An application answers with an error.
    }
    const values = seen.filter(([, value]) => value != null).map(([name, value]) => [String(name), String(value)]);
    console.log(JSON.stringify({ id: sent.id, reader, values }));
  }
}
