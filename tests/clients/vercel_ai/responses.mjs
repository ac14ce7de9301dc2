// The Vercel AI SDK's OpenAI provider as it is by default, on the Responses API.

import { createOpenAI } from '@ai-sdk/openai';
import { generateText, isStepCount, Output, streamText, tool } from 'ai';
import { z } from 'zod';

import { LOCKED_URL, MODEL, URL, runAll, scenario } from './program.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

const sent = []; // the items of each request's input
const recording = (url, options) => (sent.push(JSON.parse(options.body).input), fetch(url, options));
const model = createOpenAI({ baseURL: URL, apiKey: 'any key', fetch: recording })(MODEL);
const locked = createOpenAI({ baseURL: LOCKED_URL, apiKey: 'a wrong key' })(MODEL);

const City = z.object({ name: z.string(), population: z.number().int() });
const inputSchema = z.object({ city: z.string() });
const weather = tool({ description: 'The weather.', inputSchema, execute: () => '21 degrees' });
const FINISH = { 'tool-calls': 'tool_calls' }; // in chat's words, so that one expectation fits every client

function answer({ text, finishReason, toolCalls, usage }) {
  return {
    text,
    finish: [FINISH[finishReason] ?? finishReason],
    calls: toolCalls.map((call) => ({ id: call.toolCallId, name: call.toolName, arguments: call.input })),
    usage: {
      prompt_tokens: usage.inputTokens,
      completion_tokens: usage.outputTokens,
      total_tokens: usage.totalTokens,
    },
  };
}

const generate = (options) => generateText({ model, maxRetries: 0, ...options });

async function streamed(options) {
  const failures = [];
  const result = streamText({ model, maxRetries: 0, onError: ({ error }) => failures.push(error), ...options });
  const pieces = [];
  for await (const piece of result.textStream) pieces.push(piece);
  if (failures.length) throw failures[0];
  const [finishReason, toolCalls, usage] = await Promise.all([result.finishReason, result.toolCalls, result.usage]);
  return { ...answer({ text: pieces.join(''), finishReason, toolCalls, usage }), pieces: pieces.length };
}

const said = (content) => ({ role: 'user', content });

scenario('plain', async () => answer(await generate({ prompt: 'Say hello.' })));

scenario('streamed', () => streamed({ prompt: 'Tell me about the sea in a few words.' }));

scenario('tool call and its result', async () => {
  const prompt = 'What is the weather in Paris? Use get_weather.';
  const { steps } = await generate({ prompt, tools: { get_weather: weather }, stopWhen: isStepCount(3) });
  return { ...answer(steps[0]), then: answer(steps.at(-1)) };
});

scenario('two turns with references to items', async () => {
  const first = await generate({ messages: [said('Say hello.')] });
  const messages = [said('Say hello.'), ...first.response.messages, said('Say goodbye.')];
  const second = await generate({ messages });
  return { ...answer(second), references: sent.at(-1).filter(({ type }) => type === 'item_reference').length };
});

scenario('two turns, nothing kept', async () => {
  const providerOptions = { openai: { store: false } };
  const first = await generate({ messages: [said('Say hello.')], providerOptions });
  const messages = [said('Say hello.'), ...first.response.messages, said('Say goodbye.')];
  const second = await generate({ messages, providerOptions });
  return { ...answer(second), references: sent.at(-1).filter(({ type }) => type === 'item_reference').length };
});

scenario('structured output', async () => {
  const result = await generate({ prompt: 'Describe the city of Paris.', output: Output.object({ schema: City }) });
  return { parsed: result.output };
});

scenario('cut at max_tokens', async () =>
  answer(await generate({ prompt: 'Tell me a long story about the sea, the wind and a boat.', maxOutputTokens: 3 })),
);

scenario('wrong key', async () => answer(await generate({ model: locked, prompt: 'Say hello.' })));

scenario('error in a stream', () => streamed({ prompt: 'Tell me about the sea. [[simulate: pace=50 error_after=8]]' }));

await runAll();
