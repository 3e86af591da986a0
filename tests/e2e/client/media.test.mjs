// Images and documents by their URL, for a provider that fetches nothing itself: the gateway does,
// where it is allowed to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { client, GATEWAY_KEY, GATEWAY_URL } from './support.mjs';

const { MEDIA_URL } = process.env;
const openai = client();
const anthropic = new Anthropic({
  baseURL: GATEWAY_URL.replace(/\/v1$/, ''),
  apiKey: GATEWAY_KEY,
  maxRetries: 0,
});

async function asked(path) {
  const answer = await fetch(`${MEDIA_URL}/asked`);
  return (await answer.json())[path] ?? 0;
}

function chat(model, ...urls) {
  const content = urls.map((url) => ({ type: 'image_url', image_url: { url } }));
  content.push({ type: 'text', text: 'What is it?' });
  return openai.chat.completions.create({ model, messages: [{ role: 'user', content }] });
}

async function refusal(url) {
  try {
    await chat('by-bedrock', url);
  } catch (error) {
    return error;
  }
  throw new Error(`${url} was not refused`);
}

test('media: an image is fetched once, over a redirect too', async () => {
  const before = await asked('/picture.png');
  const url = `${MEDIA_URL}/picture.png?once`;
  const answer = await chat('by-bedrock', url, url);
  assert.ok(answer.choices[0].message.content.length > 0);
  assert.equal(await asked('/picture.png'), before + 1);
  const moved = await chat('by-bedrock', `${MEDIA_URL}/moved.png`);
  assert.ok(moved.choices[0].message.content.length > 0);
  assert.equal(await asked('/picture.png'), before + 2);
});

test('media: an image of a Messages caller is fetched as well', async () => {
  const before = await asked('/picture.png');
  const source = { type: 'url', url: `${MEDIA_URL}/picture.png` };
  const message = await anthropic.messages.create({
    model: 'by-bedrock',
    max_tokens: 100,
    messages: [{ role: 'user', content: [{ type: 'image', source }] }],
  });
  assert.ok(message.content[0].text.length > 0);
  assert.equal(await asked('/picture.png'), before + 1);
});

test('media: a provider that fetches itself gets the URL', async () => {
  const before = await asked('/picture.png');
  for (const model of ['by-openai', 'by-anthropic', 'by-gemini']) {
    const answer = await chat(model, `${MEDIA_URL}/picture.png`);
    assert.ok(answer.choices[0].message.content.length > 0);
  }
  assert.equal(await asked('/picture.png'), before);
});

test('media: what cannot be had is refused with the host and the reason', async () => {
  const port = new URL(MEDIA_URL).port;
  const cases = [
    [`${MEDIA_URL}/large.png?secret`, 400, /larger than the 65536 bytes/],
    [`${MEDIA_URL}/page.html?secret`, 400, /text\/html/],
    [`${MEDIA_URL}/nothing.png?secret`, 400, /status 404/],
    [`http://127.0.0.1:${port}/picture.png?secret`, 400, /does not fetch from that host/],
    ['http://localhost:1/picture.png?secret', 400, /does not connect to that port/],
    [`http://2130706433:${port}/picture.png?secret`, 400, /names no host/],
  ];
  for (const [url, status, reason] of cases) {
    const error = await refusal(url);
    assert.equal(error.status, status, url);
    assert.match(error.message, reason);
    assert.match(error.message, /media 1 of the request/);
    assert.ok(!error.message.includes('secret'), error.message);
  }
});
