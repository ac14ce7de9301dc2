// The `openai` package for Node on the Responses API: whole, streamed, parsed, continued, and what is kept.

import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { LOCKED_URL, MODEL, URL, runAll, scenario } from './program.mjs';

const client = new OpenAI({ baseURL: URL, apiKey: 'any key', maxRetries: 0 });
const { responses } = client;

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tool = (name) => ({ type: 'function', name, description: `The ${name.split('_')[1]}.`, parameters, strict: true });
const WEATHER = tool('get_weather');
const City = z.object({ name: z.string(), population: z.number().int() });
const said = (content) => ({ role: 'user', content });

// What chat's records have, in the words of chat, so that one expectation fits both.
function answer(response) {
  const calls = response.output.filter(({ type }) => type === 'function_call');
  const end = response.status === 'completed' ? 'stop' : response.incomplete_details.reason;
  return {
    text: response.output_text,
    finish: [calls.length ? 'tool_calls' : end],
    calls: calls.map(({ call_id: id, name, arguments: text }) => ({ id, name, arguments: JSON.parse(text) })),
    usage: {
      prompt_tokens: response.usage.input_tokens,
      completion_tokens: response.usage.output_tokens,
      total_tokens: response.usage.total_tokens,
    },
  };
}

const create = (input, options = {}) => responses.create({ model: MODEL, input, ...options });

const ask = async (input, options) => answer(await create(input, options));

async function helped(options) {
  const pieces = [];
  const done = [];
  const stream = responses.stream({ model: MODEL, ...options });
  stream.on('response.output_text.delta', ({ delta }) => pieces.push(delta));
  stream.on('response.output_item.done', ({ item }) => done.push(item.name));
  const response = await stream.finalResponse();
  if (response.status === 'failed') throw new Error(response.error.message);
  return { ...answer(response), pieces: pieces.length, done, parsed: response.output_parsed };
}

const resultsOf = ({ output }) =>
  output
    .filter(({ type }) => type === 'function_call')
    .map(({ call_id }) => ({ type: 'function_call_output', call_id, output: '21 degrees' }));

scenario('plain', () => ask('Say hello.'));

scenario('streamed', async () => {
  const pieces = [];
  let last;
  for await (const event of await create('Tell me about the sea in a few words.', { stream: true })) {
    if (event.type === 'response.output_text.delta') pieces.push(event.delta);
    if (event.response) last = event.response;
  }
  return { ...answer({ ...last, output_text: pieces.join('') }), pieces: pieces.length };
});

scenario('stream helper', () => helped({ input: 'Tell me about the sea.' }));

scenario('stream helper with a tool', () =>
  helped({ input: 'What is the weather in Paris?', tools: [WEATHER], tool_choice: 'required' }),
);

scenario('stream helper that parses', () =>
  helped({ input: 'Describe Paris.', text: { format: zodTextFormat(City, 'city') } }),
);

scenario('parse helper', async () => {
  const text = { format: zodTextFormat(City, 'city') };
  const response = await responses.parse({ model: MODEL, input: 'Describe Paris.', text });
  return { ...answer(response), parsed: response.output_parsed };
});

scenario('tool call and its result', async () => {
  const question = said('What is the weather in Paris? Use get_weather.');
  const options = { tools: [WEATHER], store: false };
  const first = await create([question], options);
  return { ...answer(first), then: await ask([question, ...first.output, ...resultsOf(first)], options) };
});

scenario('tool loop by the id of the response', async () => {
  const first = await create('What is the weather in Paris? Use get_weather.', { tools: [WEATHER] });
  const then = await ask(resultsOf(first), { tools: [WEATHER], previous_response_id: first.id });
  return { ...answer(first), then };
});

scenario('what is kept', async () => {
  const first = await create('Say hello.', { metadata: { colour: 'blue' } });
  const found = await responses.retrieve(first.id);
  const items = [];
  for await (const item of responses.inputItems.list(first.id)) items.push(item.content[0].text);
  await responses.delete(first.id);
  const then = await responses.retrieve(first.id).then(
    () => 'found',
    (error) => error.constructor.name,
  );
  return { same: JSON.stringify(found) === JSON.stringify(first), metadata: found.metadata, items, then };
});

scenario('cut at max_output_tokens', () =>
  ask('Tell me a long story about the sea, the wind and a boat.', { max_output_tokens: 3 }),
);

scenario('wrong key', async () => {
  const locked = new OpenAI({ baseURL: LOCKED_URL, apiKey: 'a wrong key', maxRetries: 0 });
  return answer(await locked.responses.create({ model: MODEL, input: 'Say hello.' }));
});

scenario('bad request', () => ask([{ role: 'narrator', content: 'Say hello.' }]));

scenario('rate limit', () => ask('[[simulate: status=429 retry_after=30]]'));

scenario('error in a stream', () => helped({ input: 'Tell me about the sea. [[simulate: pace=50 error_after=8]]' }));

await runAll();
