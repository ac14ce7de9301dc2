// What the Node clients' programs share: their texts and tools, and how a program reports what its client saw.
//
// A program is started with two base URLs, of an open proxy and of one that wants another key, and prints one JSON line per
// scenario. An exception is a thing that a client saw, too.

export const [URL, LOCKED_URL] = process.argv.slice(2);

export const MODEL = 'claude-sonnet-4-6';
export const NEWEST_MODEL = 'claude-opus-5-5'; // refuses sampling and forced tools
export const SMALL_MODEL = 'claude-haiku-4-5'; // a window of 200,000 tokens
export const TOO_LONG = 'word '.repeat(300_000);
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
export const PDF =
  'JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK';

const scenarios = new Map();

export function scenario(name, run) {
  scenarios.set(name, run);
}

export async function runAll() {
  for (const [name, run] of scenarios) {
    let record;
    try {
      record = await run();
    } catch (error) {
      record = { error: described(error) };
    }
    console.log(JSON.stringify({ scenario: name, ...record }));
  }
}

export function described(error) {
  const { name, message, status, statusCode, code, param } = error;
  return { type: error.constructor?.name ?? name, message, status: status ?? statusCode, code, param };
}
