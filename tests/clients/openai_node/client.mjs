// The `openai` package for Node, with its stream, parse and run-tools helpers.

import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { LOCKED_URL, MODEL, NEWEST_MODEL, PDF, PNG, SMALL_MODEL, TOO_LONG, URL, runAll, scenario } from './program.mjs';

const client = new OpenAI({ baseURL: URL, apiKey: 'any key', maxRetries: 0 });
const completions = client.chat.completions;

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const NOTHING = { type: 'object', properties: {} };
const City = z.object({ name: z.string(), population: z.number().int() });

const said = (text) => ({ role: 'user', content: text });
const tool = (name, parameters) => ({
  type: 'function',
  function: { name, description: `The ${name.split('_')[1]}.`, parameters },
});
const WEATHER = tool('get_weather', CITY);
const POPULATION = tool('get_population', CITY);
const CLOCK = tool('get_time', NOTHING);

function answer(completion) {
  const [choice] = completion.choices;
  return {
    text: choice.message.content ?? '',
    finish: [choice.finish_reason],
    model: completion.model,
    calls: (choice.message.tool_calls ?? []).map((call) => callOf(call.id, call.function)),
    usage: completion.usage ?? null,
  };
}

function callOf(id, { name, arguments: text }) {
  return { id, name, arguments: JSON.parse(text) };
}

async function ask(messages, options = {}) {
  return answer(await completions.create({ model: MODEL, messages, ...options }));
}

async function askStreamed(messages, options = {}) {
  const pieces = [];
  const finish = [];
  const usages = [];
  const calls = [];
  for await (const chunk of await completions.create({ model: MODEL, messages, stream: true, ...options })) {
    if (chunk.usage) usages.push(chunk.usage);
    for (const { delta, finish_reason: reason } of chunk.choices) {
      if (delta.content) pieces.push(delta.content);
      if (reason) finish.push(reason);
      for (const part of delta.tool_calls ?? []) addCall(calls, part);
    }
  }
  const made = calls.map((call) => callOf(call.id, call));
  return { text: pieces.join(''), pieces: pieces.length, finish, calls: made, usages };
}

function addCall(calls, { index, id = '', function: { name = '', arguments: text = '' } }) {
  calls[index] ??= { id: '', name: '', arguments: '' };
  calls[index].id += id;
  calls[index].name += name;
  calls[index].arguments += text;
}

async function toolLoop(tools, question, options = {}) {
  const first = await completions.create({ model: MODEL, messages: [question], tools, ...options });
  const { message } = first.choices[0];
  const results = (message.tool_calls ?? []).map(({ id }) => ({ role: 'tool', tool_call_id: id, content: '21 degrees' }));
  return { ...answer(first), then: await ask([question, message, ...results], { tools }) };
}

scenario('plain', () => ask([said('Say hello.')]));

scenario('streamed', () => askStreamed([said('Tell me about the sea in a few words.')]));

scenario('streamed with usage', () =>
  askStreamed([said('Tell me about the sea in a few words.')], { stream_options: { include_usage: true } }),
);

scenario('stream helper', async () => {
  let pieces = 0;
  const stream = completions.stream({ model: MODEL, messages: [said('Tell me about the sea.')] });
  stream.on('content', () => pieces++);
  return { ...answer(await stream.finalChatCompletion()), pieces };
});

scenario('stream helper with a tool', async () => {
  const messages = [said('What is the weather in Paris?')];
  const stream = completions.stream({ model: MODEL, messages, tools: [WEATHER], tool_choice: 'required' });
  const done = [];
  stream.on('tool_calls.function.arguments.done', ({ name }) => done.push(name));
  return { ...answer(await stream.finalChatCompletion()), done };
});

scenario('run-tools helper', async () => {
  const asked = [];
  const weather = { ...WEATHER.function, parse: JSON.parse, function: ({ city }) => (asked.push(city), '21 degrees') };
  const runner = completions.runTools({
    model: MODEL,
    messages: [said('What is the weather in Paris? Use get_weather.')],
    tools: [{ type: 'function', function: weather }],
  });
  const text = await runner.finalContent();
  return { text, finish: ['stop'], asked: asked.length };
});

scenario('tool call and its result', () =>
  toolLoop([WEATHER], said('What is the weather in Paris? Use get_weather.'), { tool_choice: 'required' }),
);

scenario('parallel tools and their results', () =>
  toolLoop([WEATHER, POPULATION], said('Call get_weather and get_population, both for Paris.')),
);

scenario('streamed tool call', () =>
  askStreamed([said('What is the weather in Paris?')], { tools: [WEATHER], tool_choice: 'required' }),
);

scenario('tool without arguments', () => ask([said('What time is it?')], { tools: [CLOCK], tool_choice: 'required' }));

scenario('streamed tool without arguments', () =>
  askStreamed([said('What time is it?')], { tools: [CLOCK], tool_choice: 'required' }),
);

scenario('image', () => {
  const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } };
  return ask([{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, part] }]);
});

scenario('pdf', () => {
  const file = { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` };
  return ask([{ role: 'user', content: [{ type: 'file', file }, { type: 'text', text: 'Summarise it.' }] }]);
});

scenario('system and developer', () =>
  ask([{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: 'Be kind.' }, said('Say hello.')]),
);

scenario('stop sequence', () => ask([said('Count: one two three four.')], { stop: ['three'] }));

scenario('cut at max_completion_tokens', () =>
  ask([said('Tell me a long story about the sea, the wind and a boat.')], { max_completion_tokens: 3 }),
);

scenario('parse helper', async () => {
  const response_format = zodResponseFormat(City, 'city');
  const completion = await completions.parse({ model: MODEL, messages: [said('Describe Paris.')], response_format });
  return { ...answer(completion), parsed: completion.choices[0].message.parsed };
});

scenario('json object', () =>
  ask([said('Describe Paris as JSON.')], { response_format: { type: 'json_object' } }),
);

scenario('reasoning effort', () => ask([said('Say hello.')], { reasoning_effort: 'low' }));

scenario('newest model, with what it refuses', () => {
  const options = { temperature: 0.2, top_p: 0.5, tools: [WEATHER], tool_choice: 'required' };
  return ask([said('What is the weather in Paris?')], { model: NEWEST_MODEL, ...options });
});

const choicesOf = ({ choices, usage = null }) => ({
  indexes: choices.map((choice) => choice.index),
  texts: choices.map((choice) => choice.message.content),
  finish: choices.map((choice) => choice.finish_reason),
  usage,
});

scenario('two choices', async () =>
  choicesOf(await completions.create({ model: MODEL, messages: [said('Say hello.')], n: 2 })),
);

scenario('two choices, streamed', async () =>
  choicesOf(await completions.stream({ model: MODEL, messages: [said('Say hello.')], n: 2 }).finalChatCompletion()),
);

scenario('models', async () => {
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  return { models, retrieved: (await client.models.retrieve(models[0])).id };
});

scenario('wrong key', async () => {
  const locked = new OpenAI({ baseURL: LOCKED_URL, apiKey: 'a wrong key', maxRetries: 0 });
  return answer(await locked.chat.completions.create({ model: MODEL, messages: [said('Say hello.')] }));
});

scenario('bad request', () => ask([{ role: 'narrator', content: 'Say hello.' }]));

scenario('unknown model', () => ask([said('Say hello.')], { model: 'claude-none-9' }));

scenario('context overflow', () => ask([said(TOO_LONG)], { model: SMALL_MODEL }));

scenario('rate limit', () => ask([said('[[simulate: status=429 retry_after=30]]')]));

scenario('error in a stream', () => askStreamed([said('Tell me about the sea. [[simulate: pace=50 error_after=8]]')]));

scenario('stream cut off', () => askStreamed([said('Tell me about the sea. [[simulate: pace=50 cut_after=8]]')]));

await runAll();
