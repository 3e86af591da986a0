// Errors as the official client types them, its retries, and what it breaks off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { client, eventually, hello, stats, NARROW_KEY, PROVIDER_KEY } from './support.mjs';

const gateway = client();
const ask = (model, who = gateway) => who.chat.completions.create({ model, messages: hello });

async function rejection(promise, type, status) {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (thrown) => thrown,
  );
  assert.ok(error instanceof type, `${error?.constructor?.name}: ${error}`);
  assert.equal(error.status, status);
  if (status !== undefined) {
    assert.equal(typeof error.error.message, 'string');
    assert.equal(typeof error.type, 'string');
    assert.notEqual(error.code, undefined);
    assert.ok(error.requestID, 'the error names its request');
  }
  assert.ok(!JSON.stringify(error).includes(PROVIDER_KEY));
  return error;
}

test('a wrong key is an AuthenticationError', async () => {
  await rejection(ask('sim', client({ apiKey: 'sk-wrong' })), OpenAI.AuthenticationError, 401);
});

test('a model the key may not use is a PermissionDeniedError', async () => {
  const narrow = client({ apiKey: NARROW_KEY });
  await ask('sim', narrow);
  await rejection(ask('hidden', narrow), OpenAI.PermissionDeniedError, 403);
});

test('an unknown model is a NotFoundError that names it', async () => {
  const error = await rejection(ask('no-such-model'), OpenAI.NotFoundError, 404);
  assert.match(error.message, /no-such-model/);
  assert.equal(error.code, 'model_not_found');
});

test('a wrong body is a BadRequestError that names the parameter', async () => {
  const error = await rejection(
    gateway.chat.completions.create({ model: 'sim' }),
    OpenAI.BadRequestError,
    400,
  );
  assert.equal(error.param, 'messages');
});

test("a provider's 400 comes through as one", async () => {
  await rejection(ask('says-400'), OpenAI.BadRequestError, 400);
});

test("a provider's 401 is the gateway's trouble, not the client's", async () => {
  await rejection(ask('says-401'), OpenAI.InternalServerError, 502);
});

test('a rate limit is a RateLimitError with the wait', async () => {
  const error = await rejection(ask('says-429'), OpenAI.RateLimitError, 429);
  assert.equal(error.headers.get('retry-after'), '1');
});

test('the client waits as long as Retry-After says, and asks again', async () => {
  await new Promise((done) => setTimeout(done, 1100));  // the provider is left alone until then
  const before = await stats();
  const began = performance.now();
  await rejection(ask('says-429', client({ maxRetries: 1 })), OpenAI.RateLimitError, 429);
  assert.ok(performance.now() - began >= 990, 'it did not wait');
  const after = await stats();
  assert.equal(after.requests - before.requests, 2 + 1);  // and the counts themselves
});

test('failures of a provider are InternalServerErrors', async () => {
  for (const [model, status] of [
    ['says-500', 502],
    ['says-503', 503],
    ['says-html', 502],
    ['resets', 502],
    ['sends-garbage', 502],
    ['sends-nothing', 502],
    ['impatient', 504],
  ]) {
    await rejection(ask(model), OpenAI.InternalServerError, status);
  }
});

test("the client's own retries reach the provider each time", async () => {
  const before = await stats();
  await rejection(ask('says-500', client({ maxRetries: 2 })), OpenAI.InternalServerError, 502);
  const after = await stats();
  assert.equal(after.requests - before.requests, 3 + 1);
});

test('the second deployment serves when the first fails', async () => {
  const answer = await ask('second-serves');
  assert.equal(answer.choices[0].finish_reason, 'stop');
});

for (const model of ['breaks-off', 'closes-early', 'cuts-an-event', 'reports-an-error']) {
  test(`a stream that fails behind its first words raises an APIError: ${model}`, async () => {
    const stream = await gateway.chat.completions.create({ model, messages: hello, stream: true });
    const chunks = [];
    const error = await (async () => {
      for await (const chunk of stream) chunks.push(chunk);
    })().then(
      () => assert.fail('the stream looked complete'),
      (thrown) => thrown,
    );
    assert.ok(error instanceof OpenAI.APIError, `${error?.constructor?.name}: ${error}`);
    assert.ok(chunks.length > 0, 'words came first');
    assert.equal(typeof error.message, 'string');
    assert.equal(error.type, 'server_error');
  });
}

test("the client's timeout breaks off at the provider too", async () => {
  const impatient = client({ timeout: 300 });
  await rejection(ask('hangs', impatient), OpenAI.APIConnectionTimeoutError, undefined);
  await eventually((now) => now.requests_open === 1, 'a request is still open at the provider');
});

test('a gateway that is not there is an APIConnectionError', async () => {
  const nowhere = client({ baseURL: 'http://127.0.0.1:1/v1' });
  await rejection(ask('sim', nowhere), OpenAI.APIConnectionError, undefined);
});

test('a stream the client leaves is left at the provider', async () => {
  const stream = await gateway.chat.completions.create({
    model: 'stalls',
    messages: hello,
    stream: true,
  });
  for await (const chunk of stream) {
    assert.ok(chunk);
    break;  // leaves, which aborts
  }
  await eventually((now) => now.requests_open === 1, 'the stream is still open at the provider');
});

test('a stream aborted by its controller is left at the provider', async () => {
  const stream = await gateway.chat.completions.create({
    model: 'stalls',
    messages: hello,
    stream: true,
  });
  let chunks = 0;
  setTimeout(() => stream.controller.abort(), 100);
  for await (const chunk of stream) chunks += chunk.choices.length;
  assert.ok(chunks > 0);
  await eventually((now) => now.requests_open === 1, 'the stream is still open at the provider');
});

test('a whole answer the client does not wait for is left at the provider', async () => {
  const abort = new AbortController();
  const before = await stats();
  const pending = gateway.chat.completions.create(
    { model: 'hangs', messages: hello },
    { signal: abort.signal },
  );
  pending.catch(() => {});
  await eventually(
    (now) => now.requests_open === before.requests_open + 1,
    'the request did not reach the provider',
  );
  abort.abort();
  await assert.rejects(pending, OpenAI.APIUserAbortError);
  await eventually((now) => now.requests_open === 1, 'the request is still open at the provider');
});
