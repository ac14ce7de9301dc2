// Anthropic's Node SDK against the native endpoint: whole, streams, the tool runner, counting, models, errors.

import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';

import { LOCKED_URL, MODEL, NEWEST_MODEL, URL, runAll, scenario } from './program.mjs';

const origin = (url) => url.replace(/\/v1$/, '');
const client = new Anthropic({ baseURL: origin(URL), apiKey: 'any key', maxRetries: 0 });
const locked = new Anthropic({ baseURL: origin(LOCKED_URL), apiKey: 'a wrong key', maxRetries: 0 });
const City = z.object({ name: z.string(), population: z.number().int() });

function ask(content, fields = {}) {
  return { model: MODEL, max_tokens: 1024, messages: [{ role: 'user', content }], ...fields };
}

function answer({ content, stop_reason, model, usage }) {
  const text = content.filter(({ type }) => type === 'text').map((block) => block.text).join('');
  return { text, finish: [stop_reason], model, usage };
}

scenario('plain', async () => answer(await client.messages.create(ask('Say hello.'))));

scenario('streamed', async () => {
  let pieces = 0;
  const stream = client.messages.stream(ask('Tell me about the sea in a few words.')).on('text', () => (pieces += 1));
  return { ...answer(await stream.finalMessage()), pieces };
});

scenario('thinking goes back as it came', async () => {
  const body = ask('Say hello.', { model: NEWEST_MODEL });
  const { content } = await client.messages.create(body);
  const messages = [...body.messages, { role: 'assistant', content }, { role: 'user', content: 'Say goodbye.' }];
  return { ...answer(await client.messages.create({ ...body, messages })), kinds: content.map(({ type }) => type) };
});

async function runTools(fields) {
  const called = [];
  const weather = betaZodTool({
    name: 'get_weather',
    description: 'The weather.',
    inputSchema: z.object({ city: z.string() }),
    run: ({ city }) => (called.push('get_weather'), `${city}: 21 degrees`),
  });
  const body = ask('What is the weather in Paris? Use get_weather.', { tools: [weather], ...fields });
  return { ...answer(await client.beta.messages.toolRunner(body)), called };
}

scenario('tool runner', () => runTools({}));

scenario('tool runner, streamed', () => runTools({ stream: true }));

scenario('structured output', async () => {
  const body = ask('Describe the city of Paris.', { output_config: { format: zodOutputFormat(City) } });
  return { parsed: (await client.messages.parse(body)).parsed_output };
});

scenario('tokens are counted', async () => {
  const count = async (text) => {
    const { model, messages } = ask(text);
    return (await client.messages.countTokens({ model, messages })).input_tokens;
  };
  return { counts: [await count('Hello'), await count('Hello '.repeat(500))] };
});

scenario('models', async () => {
  const page = await client.models.list({ limit: 2 });
  const models = [];
  for await (const { id } of page) models.push(id);
  return { models, first_page: page.data.length, name: (await client.models.retrieve(MODEL)).id };
});

scenario('wrong key', async () => answer(await locked.messages.create(ask('Say hello.'))));

scenario('bad request', async () =>
  answer(await client.messages.create(ask('Say hello.', { model: NEWEST_MODEL, temperature: 0.5 }))),
);

scenario('overloaded', async () => answer(await client.messages.create(ask('[[simulate: status=529]]'))));

scenario('error in a stream', async () => {
  const stream = client.messages.stream(ask('Tell me about the sea. [[simulate: pace=50 error_after=8]]'));
  return answer(await stream.finalMessage());
});

await runAll();
