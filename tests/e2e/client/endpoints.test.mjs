// The other endpoints: embeddings, images, audio, moderations, responses, completions, models.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { all, client, directClient, NARROW_KEY } from './support.mjs';

const gateway = client();
const direct = directClient();
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

test('embeddings come as base64 by default and as numbers when asked, and are the same', async () => {
  const input = ['one', 'zwei', '三'];
  const packed = await gateway.embeddings.create({ model: 'text-embedding-sim', input });
  const plain = await gateway.embeddings.create({
    model: 'text-embedding-sim',
    input,
    encoding_format: 'float',
  });
  assert.equal(packed.data.length, 3);
  for (const [i, { embedding }] of packed.data.entries()) {
    assert.equal(embedding.length, plain.data[i].embedding.length);
    for (const [k, value] of embedding.entries()) {
      assert.ok(Math.abs(value - plain.data[i].embedding[k]) < 1e-6);
    }
  }
  const expected = await direct.embeddings.create({ model: 'text-embedding-3-small', input });
  assert.deepEqual(packed.data, expected.data);
  assert.deepEqual(packed.usage, expected.usage);
});

// Of each provider and model: whether it takes several texts at once, and whether it counts.
for (const { model, batches, counts } of [
  { model: 'openai-text-embedding-3-small', batches: true, counts: true },
  { model: 'gemini-gemini-embedding-001', batches: true, counts: false },
  { model: 'gemini-gemini-embedding-2', batches: true, counts: true },
  { model: 'vertex-gemini-text-embedding-005', batches: true, counts: true },
  { model: 'vertex-gemini-gemini-embedding-2', batches: false, counts: true },
]) {
  test(`embeddings of ${model}: packed and plain are the same`, async () => {
    const input = batches ? ['one', 'zwei', '三 "drei"'] : 'one "text"';
    const asked = { model: `embeds-${model}`, input, dimensions: 12 };
    const { data: packed, response } = await gateway.embeddings.create(asked).withResponse();
    const plain = await gateway.embeddings.create({ ...asked, encoding_format: 'float' });
    const expected = await direct.embeddings.create({ ...asked, model: 'text-embedding-3-small' });
    assert.deepEqual(packed.data, expected.data);
    assert.ok(asked.model.endsWith(packed.model), packed.model);
    assert.equal(plain.data.length, packed.data.length);
    for (const [i, { embedding, index }] of plain.data.entries()) {
      assert.equal(index, i);
      assert.deepEqual(embedding.map(Math.fround), packed.data[i].embedding);
    }
    assert.ok(packed.usage.prompt_tokens > 0);
    assert.equal(packed.usage.total_tokens, packed.usage.prompt_tokens);
    assert.equal(response.headers.get('x-sluice-estimated'), counts ? null : 'prompt_tokens');
    if (counts) assert.deepEqual({ ...packed.usage, cost: undefined }, { ...expected.usage, cost: undefined });
  });
}

test('embeddings of token ids are refused for models that know none', async () => {
  const asked = { model: 'embeds-gemini-gemini-embedding-2', input: [1, 2, 3] };
  await assert.rejects(gateway.embeddings.create(asked), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'input[0]');
    return true;
  });
});

test('images are made', async () => {
  const answer = await gateway.images.generate({ model: 'sim', prompt: 'a lock gate', n: 2 });
  assert.equal(answer.data.length, 2);
  assert.deepEqual(Buffer.from(answer.data[0].b64_json, 'base64'), png);
});

test('an image streams', async () => {
  const stream = await gateway.images.generate({
    model: 'sim',
    prompt: 'a lock gate',
    stream: true,
    partial_images: 1,
  });
  const events = await all(stream);
  assert.equal(events.at(-1).type, 'image_generation.completed');
});

test('an image is edited by a form', async () => {
  const answer = await gateway.images.edit({
    model: 'sim',
    prompt: 'greener',
    image: await toFile(png, 'gate.png', { type: 'image/png' }),
  });
  assert.equal(answer.data.length, 1);
});

test('several images are edited by one form', async () => {
  const image = await Promise.all(
    ['a.png', 'b.png'].map((name) => toFile(png, name, { type: 'image/png' })),
  );
  const answer = await gateway.images.edit({ model: 'sim', prompt: 'together', image });
  assert.equal(answer.data.length, 1);
});

test('speech comes as the bytes the provider sent', async () => {
  const body = { voice: 'alloy', input: 'Locks and weirs', response_format: 'wav' };
  const answer = await gateway.audio.speech.create({ model: 'sim', ...body });
  const expected = await direct.audio.speech.create({ model: 'simulated-model', ...body });
  assert.equal(answer.headers.get('content-type'), 'audio/wav');
  assert.deepEqual(
    Buffer.from(await answer.arrayBuffer()),
    Buffer.from(await expected.arrayBuffer()),
  );
});

test('a recording is transcribed, whole and streamed', async () => {
  const sound = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) & 255));
  const file = await toFile(sound, 'sound.wav', { type: 'audio/wav' });
  const answer = await gateway.audio.transcriptions.create({ model: 'sim', file });
  assert.equal(typeof answer.text, 'string');
  assert.ok(answer.text.length > 0);
  const stream = await gateway.audio.transcriptions.create({
    model: 'sim',
    file: await toFile(sound, 'sound.wav', { type: 'audio/wav' }),
    stream: true,
  });
  const events = await all(stream);
  assert.equal(events.at(-1).type, 'transcript.text.done');
});

test('a moderation has its categories', async () => {
  const answer = await gateway.moderations.create({ model: 'sim', input: 'a kind word' });
  assert.equal(answer.results.length, 1);
  assert.equal(typeof answer.results[0].flagged, 'boolean');
});

test('the older completions work, whole and streamed', async () => {
  const body = { model: 'sim', prompt: 'Once upon a time' };
  const answer = await gateway.completions.create(body);
  assert.equal(answer.object, 'text_completion');
  const chunks = await all(await gateway.completions.create({ ...body, stream: true }));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join(''), answer.choices[0].text);
});

test('a response is made, fetched, listed and deleted', async () => {
  const made = await gateway.responses.create({ model: 'sim', input: 'Tell of locks' });
  assert.equal(made.object, 'response');
  assert.equal(made.status, 'completed');
  assert.ok(made.output_text.length > 0);
  assert.ok(made._request_id);
  const fetched = await gateway.responses.retrieve(made.id);
  assert.equal(fetched.id, made.id);
  const items = await gateway.responses.inputItems.list(made.id);
  assert.ok(Array.isArray(items.data));
  await gateway.responses.delete(made.id);
});

test('a response streams its events to the end', async () => {
  const stream = await gateway.responses.create({
    model: 'sim',
    input: 'Tell of weirs',
    stream: true,
  });
  const events = await all(stream);
  assert.equal(events[0].type, 'response.created');
  assert.equal(events.at(-1).type, 'response.completed');
  const text = events
    .filter((event) => event.type === 'response.output_text.delta')
    .map((event) => event.delta)
    .join('');
  assert.equal(events.at(-1).response.output[0].content[0].text, text);
});

test("the client's response stream helper gathers the same", async () => {
  const final = await gateway.responses
    .stream({ model: 'sim', input: 'Tell of weirs' })
    .finalResponse();
  assert.equal(final.status, 'completed');
  assert.ok(final.output_text.length > 0);
});

test('a response with a schema parses', async () => {
  const answer = await gateway.responses.create({
    model: 'sim',
    input: 'A number',
    text: {
      format: {
        type: 'json_schema',
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: { number: { type: 'integer' } },
          required: ['number'],
          additionalProperties: false,
        },
      },
    },
  });
  assert.equal(typeof JSON.parse(answer.output_text).number, 'number');
});

test('models are listed and retrieved, as the key may use them', async () => {
  const ids = (await all(await gateway.models.list())).map((model) => model.id);
  assert.ok(ids.includes('sim') && ids.includes('hidden'));
  const model = await gateway.models.retrieve('sim');
  assert.equal(model.id, 'sim');
  assert.equal(model.object, 'model');
  await assert.rejects(gateway.models.retrieve('no-such-model'), OpenAI.NotFoundError);
  const narrow = client({ apiKey: NARROW_KEY });
  assert.deepEqual((await all(await narrow.models.list())).map((each) => each.id), ['sim']);
  await assert.rejects(narrow.models.retrieve('hidden'), OpenAI.NotFoundError);
});
