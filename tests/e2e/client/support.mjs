// What every test here needs: clients of the gateway, and the simulator's counts.
import OpenAI from 'openai';
import { File as NodeFile } from 'node:buffer';

// Node 18 has it, but not as a global, where the client looks for it.
globalThis.File ??= NodeFile;

export const { GATEWAY_URL, GATEWAY_KEY, NARROW_KEY, PROVIDER_KEY, SIMULATOR_URL } = process.env;

/// A client of the gateway that does not retry by itself, unless told so.
export function client(options = {}) {
  return new OpenAI({ baseURL: GATEWAY_URL, apiKey: GATEWAY_KEY, maxRetries: 0, ...options });
}

/// The same client, straight to the provider: what one would see without the gateway.
export function directClient() {
  return new OpenAI({ baseURL: `${SIMULATOR_URL}/v1`, apiKey: PROVIDER_KEY, maxRetries: 0 });
}

export async function stats() {
  const answer = await fetch(`${SIMULATOR_URL}/sim/stats`, {
    headers: { authorization: `Bearer ${PROVIDER_KEY}` },
  });
  return answer.json();
}

/// Waits until `what(stats)` holds. Fails after a time that only a fault can need.
export async function eventually(what, description) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const now = await stats();
    if (what(now)) return now;
    if (Date.now() > deadline) throw new Error(`${description}: ${JSON.stringify(now)}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

export const hello = [{ role: 'user', content: 'Say something in many tongues' }];

export const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
  {
    type: 'function',
    function: {
      name: 'get_time',
      parameters: {
        type: 'object',
        properties: { zone: { type: 'string' } },
        required: ['zone'],
        additionalProperties: false,
      },
    },
  },
];

export async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

export function textOf(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
}
