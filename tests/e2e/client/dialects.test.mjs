// The official clients of OpenAI's and Anthropic's APIs, each with a model behind each dialect that
// providers speak: what a client sees must not tell who answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { all, client, GATEWAY_KEY, GATEWAY_URL, hello, textOf, tools } from './support.mjs';

const dialects = [
  'openai',
  'anthropic',
  'gemini',
  'bedrock',
  'vertex-gemini',
  'vertex-claude',
  'azure-classic',
];
const thinksAloud = (dialect) => dialect !== 'openai' && dialect !== 'azure-classic';
const openai = client();
const anthropic = new Anthropic({
  baseURL: GATEWAY_URL.replace(/\/v1$/, ''),
  apiKey: GATEWAY_KEY,
  maxRetries: 0,
});

const picture =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const anthropicTools = tools.map(({ function: tool }) => ({
  name: tool.name,
  input_schema: tool.parameters,
}));

// --- OpenAI's chats ---

for (const dialect of dialects) {
  const model = `by-${dialect}`;

  test(`chat, ${dialect}: whole and streamed say the same`, async () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, ...hello];
    const whole = await openai.chat.completions.create({ model, messages, max_tokens: 200 });
    const text = whole.choices[0].message.content;
    assert.ok(text.length > 0);
    assert.ok(whole.usage.prompt_tokens > 0 && whole.usage.completion_tokens > 0);
    assert.equal(whole.provider, `sim-${dialect}`);
    const chunks = await all(
      await openai.chat.completions.create({
        model,
        messages,
        max_tokens: 200,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    assert.equal(textOf(chunks), text);
    assert.equal(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
    assert.equal(
      chunks.findLast((chunk) => chunk.choices.length).choices[0].finish_reason,
      whole.choices[0].finish_reason,
    );
  });

  test(`chat, ${dialect}: parallel calls and their results, streamed`, async () => {
    const runner = openai.chat.completions.stream({ model, messages: hello, tools });
    const first = await runner.finalChatCompletion();
    const message = first.choices[0].message;
    assert.equal(first.choices[0].finish_reason, 'tool_calls');
    assert.deepEqual(
      message.tool_calls.map((call) => call.function.name),
      ['get_weather', 'get_time'],
    );
    for (const call of message.tool_calls) JSON.parse(call.function.arguments);
    const results = message.tool_calls.map((call) => ({
      role: 'tool',
      tool_call_id: call.id,
      content: 'sunny',
    }));
    const after = await openai.chat.completions.create({
      model,
      messages: [...hello, message, ...results.reverse()],
      tools,
    });
    assert.equal(after.choices[0].finish_reason, 'stop');
    assert.ok(after.choices[0].message.content.length > 0);
  });

  test(`chat, ${dialect}: thoughts come back with their signatures over a tool loop`, async () => {
    const question = { model, tools, max_tokens: 4000, reasoning_effort: 'low' };
    const first = await openai.chat.completions.create({ ...question, messages: hello });
    const message = first.choices[0].message;
    if (thinksAloud(dialect)) assert.ok(message.reasoning_content.length > 0);
    const results = message.tool_calls.map((call) => ({
      role: 'tool',
      tool_call_id: call.id,
      content: 'sunny',
    }));
    const after = await openai.chat.completions.create({
      ...question,
      messages: [...hello, message, ...results],
    });
    assert.ok(after.choices[0].message.content.length > 0);
  });

  test(`chat, ${dialect}: the answer is of the schema`, async () => {
    const answer = await openai.chat.completions.create({
      model,
      messages: hello,
      response_format: { type: 'json_schema', json_schema: { name: 'person', schema, strict: true } },
    });
    const value = JSON.parse(answer.choices[0].message.content);
    assert.equal(typeof value.name, 'string');
    assert.ok(Number.isInteger(value.age));
    assert.equal(answer.choices[0].message.tool_calls, undefined);
    assert.equal(answer.choices[0].finish_reason, 'stop');
  });

  test(`chat, ${dialect}: a picture is taken`, async () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${picture}` } },
    ];
    const answer = await openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content }],
    });
    assert.ok(answer.choices[0].message.content.length > 0);
  });

  test(`chat, ${dialect}: an overloaded provider is a typed error`, async () => {
    const asked = openai.chat.completions.create({
      model: `overloaded-${dialect}`,
      messages: hello,
    });
    await assert.rejects(asked, (error) => error.status === 503 && error.code === 'overloaded');
  });

  test(`chat, ${dialect}: a stream that breaks raises an error`, async () => {
    const stream = await openai.chat.completions.create({
      model: `broken-${dialect}`,
      messages: hello,
      stream: true,
    });
    await assert.rejects(all(stream), /./);
  });

  test(`responses, ${dialect}: whole and streamed say the same`, async () => {
    const question = { model, input: 'Say something', instructions: 'Be brief.' };
    const whole = await openai.responses.create(question);
    assert.equal(whole.status, 'completed');
    assert.ok(whole.output_text.length > 0);
    const events = await all(await openai.responses.create({ ...question, stream: true }));
    const last = events.at(-1);
    assert.equal(last.type, 'response.completed');
    const text = events
      .filter((event) => event.type === 'response.output_text.delta')
      .map((event) => event.delta)
      .join('');
    assert.equal(text, whole.output_text);
  });

  test(`responses, ${dialect}: a call and its result`, async () => {
    const flat = tools.map(({ function: tool }) => ({ type: 'function', strict: true, ...tool }));
    const question = { model, tools: flat };
    const input = [{ role: 'user', content: 'Say something' }];
    const first = await openai.responses.create({ ...question, input });
    const calls = first.output.filter((item) => item.type === 'function_call');
    assert.ok(calls.length > 0);
    const outputs = calls.map((call) => ({
      type: 'function_call_output',
      call_id: call.call_id,
      output: 'sunny',
    }));
    const after = await openai.responses.create({
      ...question,
      input: [...input, ...first.output, ...outputs],
    });
    assert.ok(after.output_text.length > 0);
  });
}

// --- Anthropic's messages ---

for (const dialect of dialects) {
  const model = `by-${dialect}`;
  const messages = [{ role: 'user', content: 'Say something' }];

  test(`messages, ${dialect}: whole and streamed say the same`, async () => {
    const question = { model, max_tokens: 200, system: 'Be brief.', messages };
    const whole = await anthropic.messages.create(question);
    const text = whole.content.find((block) => block.type === 'text').text;
    assert.ok(text.length > 0);
    assert.ok(whole.usage.input_tokens > 0 && whole.usage.output_tokens > 0);
    const stream = anthropic.messages.stream(question);
    const final = await stream.finalMessage();
    assert.equal(final.content.find((block) => block.type === 'text').text, text);
    assert.equal(final.stop_reason, whole.stop_reason);
    assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
  });

  test(`messages, ${dialect}: calls and their results, streamed`, async () => {
    const question = { model, max_tokens: 2000, tools: anthropicTools };
    const first = await anthropic.messages.stream({ ...question, messages }).finalMessage();
    assert.equal(first.stop_reason, 'tool_use');
    const calls = first.content.filter((block) => block.type === 'tool_use');
    assert.deepEqual(
      calls.map((call) => call.name),
      ['get_weather', 'get_time'],
    );
    const results = calls.map((call) => ({
      type: 'tool_result',
      tool_use_id: call.id,
      content: 'sunny',
    }));
    const after = await anthropic.messages.create({
      ...question,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: results },
      ],
    });
    assert.equal(after.stop_reason, 'end_turn');
  });

  test(`messages, ${dialect}: thinking blocks come back over a tool loop`, async () => {
    const question = {
      model,
      max_tokens: 4000,
      tools: anthropicTools,
      thinking: { type: 'enabled', budget_tokens: 1024 },
    };
    const first = await anthropic.messages.create({ ...question, messages });
    if (thinksAloud(dialect)) {
      assert.ok(first.content.some((block) => block.type.endsWith('thinking')));
    }
    const calls = first.content.filter((block) => block.type === 'tool_use');
    assert.ok(calls.length > 0);
    const results = calls.map((call) => ({
      type: 'tool_result',
      tool_use_id: call.id,
      content: 'sunny',
    }));
    const after = await anthropic.messages.create({
      ...question,
      messages: [
        ...messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: results },
      ],
    });
    assert.ok(after.content.some((block) => block.type === 'text'));
  });

  test(`messages, ${dialect}: a picture is taken`, async () => {
    const source = { type: 'base64', media_type: 'image/png', data: picture };
    const content = [
      { type: 'image', source },
      { type: 'text', text: 'What is this?' },
    ];
    const answer = await anthropic.messages.create({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content }],
    });
    assert.ok(answer.content.length > 0);
  });

  test(`messages, ${dialect}: errors have Anthropic's types`, async () => {
    const asked = anthropic.messages.create({
      model: `overloaded-${dialect}`,
      max_tokens: 100,
      messages,
    });
    await assert.rejects(asked, (error) => error.error.error.type === 'overloaded_error');
    const unknown = anthropic.messages.create({ model: 'nobody', max_tokens: 1, messages });
    await assert.rejects(unknown, (error) => error instanceof Anthropic.NotFoundError);
  });

  test(`messages, ${dialect}: a stream that breaks raises an error`, async () => {
    const stream = anthropic.messages.stream({
      model: `broken-${dialect}`,
      max_tokens: 100,
      messages,
    });
    await assert.rejects(stream.finalMessage(), /./);
  });
}

for (const dialect of dialects) {
  test(`tokens of a chat are counted, ${dialect}`, async () => {
    const model = `by-${dialect}`;
    const short = await anthropic.messages.countTokens({
      model,
      messages: [{ role: 'user', content: 'Say something' }],
    });
    const long = await anthropic.messages.countTokens({
      model,
      system: 'Be brief. '.repeat(20),
      messages: [{ role: 'user', content: 'Say something' }],
      tools: anthropicTools,
    });
    assert.ok(short.input_tokens > 0);
    assert.ok(long.input_tokens > short.input_tokens + 20);
    const responses = await openai.responses.inputTokens.count({ model, input: 'Say something' });
    assert.equal(responses.object, 'response.input_tokens');
    assert.ok(responses.input_tokens > 0);
  });
}
