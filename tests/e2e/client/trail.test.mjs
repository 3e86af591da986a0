// The routing trail in answers, as the official clients read them: none of them may stumble over it,
// and who asks for it finds it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { all, client, GATEWAY_KEY, GATEWAY_URL, hello, textOf } from './support.mjs';

const headers = { 'x-sluice-metadata': 'routing' };
const openai = client({ defaultHeaders: headers });
const anthropic = new Anthropic({
  baseURL: GATEWAY_URL.replace(/\/v1$/, ''),
  apiKey: GATEWAY_KEY,
  maxRetries: 0,
  defaultHeaders: headers,
});

function assertTrail(sluice) {
  assert.equal(sluice.routing.attempts.at(-1).outcome, 'success');
  assert.equal(sluice.routing.attempts.at(-1).status, 200);
  assert.equal(sluice.routing.considered[0].obstacle, 'none');
  assert.ok(sluice.routing.chosen_by);
}

for (const dialect of ['openai', 'anthropic']) {
  const model = `by-${dialect}`;

  test(`chat, ${dialect}: whole, streamed and gathered`, async () => {
    const whole = await openai.chat.completions.create({ model, messages: hello });
    assertTrail(whole.sluice);
    const chunks = await all(
      await openai.chat.completions.create({ model, messages: hello, stream: true }),
    );
    assertTrail(chunks.at(-1).sluice);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).id, chunks[0].id);
    assert.equal(
      textOf(chunks.filter((chunk) => chunk.choices.length)),
      whole.choices[0].message.content,
    );
    const runner = openai.chat.completions.stream({ model, messages: hello });
    const gathered = await runner.finalChatCompletion();
    assert.equal(gathered.choices[0].message.content, whole.choices[0].message.content);
    assert.equal(gathered.id.length > 0, true);
  });

  test(`responses, ${dialect}: whole and streamed`, async () => {
    const whole = await openai.responses.create({ model, input: 'Say something' });
    assertTrail(whole.sluice);
    const events = await all(
      await openai.responses.create({ model, input: 'Say something', stream: true }),
    );
    assert.equal(events.at(-1).type, 'response.completed');
    assertTrail(events.at(-1).sluice);
  });

  test(`messages, ${dialect}: whole, streamed and gathered`, async () => {
    const asked = { model, max_tokens: 200, messages: hello };
    const whole = await anthropic.messages.create(asked);
    assertTrail(whole.sluice);
    const events = await all(await anthropic.messages.create({ ...asked, stream: true }));
    assert.equal(events.at(-1).type, 'message_stop');
    assertTrail(events.at(-1).sluice);
    const gathered = await anthropic.messages.stream(asked).finalMessage();
    assert.equal(gathered.content[0].text, whole.content[0].text);
  });
}
