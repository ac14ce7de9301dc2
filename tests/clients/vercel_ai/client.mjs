// The Vercel AI SDK: its OpenAI-compatible provider, and its OpenAI provider in chat mode.

import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

import { LOCKED_URL, MODEL, PDF, PNG, SMALL_MODEL, TOO_LONG, URL, runAll, scenario } from './program.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

const settings = { name: 'proxy', baseURL: URL, apiKey: 'any key', includeUsage: true, supportsStructuredOutputs: true };
const compatible = createOpenAICompatible(settings)(MODEL);
const small = createOpenAICompatible(settings)(SMALL_MODEL);
const unknown = createOpenAICompatible(settings)('claude-none-9');
const locked = createOpenAICompatible({ ...settings, baseURL: LOCKED_URL, apiKey: 'a wrong key' })(MODEL);
const chat = createOpenAI({ baseURL: URL, apiKey: 'any key' }).chat(MODEL);

const CITY = z.object({ city: z.string() });
const City = z.object({ name: z.string(), population: z.number().int() });
const NOTHING = jsonSchema({ type: 'object', properties: {} });

function weather(asked = []) {
  const execute = ({ city }) => (asked.push(city), '21 degrees');
  return tool({ description: 'The weather.', inputSchema: CITY, execute });
}

const population = tool({ description: 'The population.', inputSchema: CITY, execute: () => '2 million' });
const clock = tool({ description: 'The time.', inputSchema: NOTHING });

function answer(result) {
  return {
    text: result.text,
    finish: [finishOf(result)],
    calls: result.toolCalls.map((call) => ({ id: call.toolCallId, name: call.toolName, arguments: call.input })),
    usage: usageOf(result.usage),
  };
}

// In OpenAI's words, so that one expectation fits every client.
const FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls', 'content-filter': 'content_filter' };

function finishOf({ finishReason }) {
  return FINISH[finishReason] ?? finishReason;
}

function usageOf({ inputTokens, outputTokens, totalTokens }) {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: totalTokens };
}

async function ask(model, prompt, options = {}) {
  return answer(await generateText({ model, prompt, maxRetries: 0, ...options }));
}

async function askStreamed(model, prompt, options = {}) {
  const failures = [];
  const onError = ({ error }) => failures.push(error);
  const result = streamText({ model, prompt, maxRetries: 0, onError, ...options });
  const pieces = [];
  try {
    for await (const piece of result.textStream) pieces.push(piece);
  } catch (error) {
    failures.push(error); // the connection's end, after the error that explains it
  }
  if (failures.length) throw failures[0];
  const [finishReason, toolCalls, usage] = await Promise.all([result.finishReason, result.toolCalls, result.usage]);
  const whole = answer({ text: pieces.join(''), finishReason, toolCalls, usage });
  return { ...whole, pieces: pieces.length, usages: [whole.usage] };
}

async function toolLoop(model, prompt, options = {}) {
  const asked = [];
  const tools = { get_weather: weather(asked), get_population: population };
  const { steps } = await generateText({ model, prompt, tools, stopWhen: stepCountIs(3), maxRetries: 0, ...options });
  return { ...answer(steps[0]), then: answer(steps.at(-1)), steps: steps.length };
}

for (const [name, model] of [['compatible', compatible], ['openai chat', chat]]) {
  scenario(`${name}: plain`, () => ask(model, 'Say hello.'));

  scenario(`${name}: streamed with usage`, () => askStreamed(model, 'Tell me about the sea in a few words.'));

  scenario(`${name}: tool call and its result`, () =>
    toolLoop(model, 'What is the weather in Paris? Use get_weather.'),
  );

  scenario(`${name}: parallel tools and their results`, () =>
    toolLoop(model, 'Call get_weather and get_population, both for Paris.'),
  );

  scenario(`${name}: streamed tool call`, () =>
    askStreamed(model, 'What is the weather in Paris?', {
      tools: { get_weather: tool({ inputSchema: CITY }) },
      toolChoice: 'required',
    }),
  );

  scenario(`${name}: streamed tool without arguments`, () =>
    askStreamed(model, 'What time is it?', { tools: { get_time: clock }, toolChoice: 'required' }),
  );

  scenario(`${name}: parse helper`, async () => {
    const options = { output: Output.object({ schema: City }), maxRetries: 0 };
    const result = await generateText({ model, prompt: 'Describe the city of Paris.', ...options });
    return { ...answer(result), parsed: result.output };
  });
}

const file = (mediaType, data) => ({ type: 'file', mediaType, data, filename: 'a.pdf' });
const asking = (text, part) => ({ messages: [{ role: 'user', content: [{ type: 'text', text }, part] }] });

scenario('image', () => ask(compatible, undefined, asking('What is this?', { type: 'image', image: PNG })));

scenario('pdf', () => ask(compatible, undefined, asking('Summarise it.', file('application/pdf', PDF))));

scenario('system', () => ask(compatible, 'Say hello.', { system: 'Be brief.' }));

scenario('stop sequence', () => ask(compatible, 'Count: one two three four.', { stopSequences: ['three'] }));

scenario('cut at max_tokens', () =>
  ask(compatible, 'Tell me a long story about the sea, the wind and a boat.', { maxOutputTokens: 3 }),
);

scenario('reasoning effort', () =>
  ask(compatible, 'Say hello.', { providerOptions: { proxy: { reasoningEffort: 'low' } } }),
);

scenario('wrong key', () => ask(locked, 'Say hello.'));

scenario('unknown model', () => ask(unknown, 'Say hello.'));

scenario('context overflow', () => ask(small, 'x '.concat(TOO_LONG)));

scenario('rate limit', () => ask(compatible, '[[simulate: status=429 retry_after=30]]'));

scenario('error in a stream', () => askStreamed(compatible, 'Tell me about the sea. [[simulate: pace=50 error_after=8]]'));

scenario('stream cut off', () => askStreamed(compatible, 'Tell me about the sea. [[simulate: pace=50 cut_after=8]]'));

await runAll();
