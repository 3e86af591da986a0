// Chat completions, as the official client makes and reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeParseableResponseFormat, makeParseableTool } from 'openai/lib/parser';
import { all, client, directClient, hello, textOf, tools } from './support.mjs';

const gateway = client();

test('a chat completion is what the provider said, and says who served it', async () => {
  const answer = await gateway.chat.completions.create({ model: 'sim', messages: hello });
  const direct = await directClient().chat.completions.create({
    model: 'simulated-model',
    messages: hello,
  });
  assert.equal(answer.choices[0].message.content, direct.choices[0].message.content);
  assert.deepEqual(answer.usage, direct.usage);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(answer.provider, 'simulator');
  assert.match(answer._request_id, /^req_/);
  assert.equal(answer.request_id, answer._request_id);
});

test('a request id given by the caller comes back', async () => {
  const answer = await gateway.chat.completions.create(
    { model: 'sim', messages: hello },
    { headers: { 'X-Request-ID': 'my-own-id-1' } },
  );
  assert.equal(answer._request_id, 'my-own-id-1');
});

test('a stream brings the same text as a whole answer, and no usage unasked', async () => {
  const whole = await gateway.chat.completions.create({ model: 'sim', messages: hello });
  const stream = await gateway.chat.completions.create({
    model: 'sim',
    messages: hello,
    stream: true,
  });
  const chunks = await all(stream);
  assert.equal(textOf(chunks), whole.choices[0].message.content);
  assert.ok(chunks.length > 10);
  assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  assert.equal(chunks[0].provider, 'simulator');
  assert.match(chunks[0].request_id, /^req_/);
});

test('a stream asked for its usage ends with it', async () => {
  const whole = await gateway.chat.completions.create({ model: 'sim', messages: hello });
  const chunks = await all(
    await gateway.chat.completions.create({
      model: 'sim',
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.deepEqual(chunks.at(-1).usage, whole.usage);
});

for (const model of ['cut-everywhere', 'crlf', 'comments', 'no-space', 'never-done']) {
  test(`a stream spelled in an odd way brings the same text: ${model}`, async () => {
    const whole = await gateway.chat.completions.create({ model: 'sim', messages: hello });
    const chunks = await all(
      await gateway.chat.completions.create({ model, messages: hello, stream: true }),
    );
    assert.equal(textOf(chunks), whole.choices[0].message.content);
  });
}

test("the client's stream helper gathers a completion with its usage", async () => {
  const runner = gateway.chat.completions.stream({
    model: 'sim',
    messages: hello,
    stream_options: { include_usage: true },
  });
  let deltas = '';
  runner.on('content', (delta) => (deltas += delta));
  const completion = await runner.finalChatCompletion();
  assert.equal(completion.choices[0].message.content, deltas);
  assert.ok(completion.usage.completion_tokens > 0);
});

test('parallel tool calls come whole, and their results are understood', async () => {
  const answer = await gateway.chat.completions.create({ model: 'sim', messages: hello, tools });
  const calls = answer.choices[0].message.tool_calls;
  assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(calls.map((call) => call.function.name), ['get_weather', 'get_time']);
  assert.equal(typeof JSON.parse(calls[0].function.arguments).city, 'string');
  const results = calls.map((call) => ({
    role: 'tool',
    tool_call_id: call.id,
    content: '{"ok":true}',
  }));
  const after = await gateway.chat.completions.create({
    model: 'sim',
    messages: [...hello, answer.choices[0].message, ...results],
    tools,
  });
  assert.equal(after.choices[0].finish_reason, 'stop');
  assert.ok(after.choices[0].message.content.length > 0);
});

test('one tool call comes when one tool is named', async () => {
  const answer = await gateway.chat.completions.create({
    model: 'sim',
    messages: hello,
    tools: tools.slice(0, 1),
    tool_choice: { type: 'function', function: { name: 'get_weather' } },
  });
  assert.equal(answer.choices[0].message.tool_calls.length, 1);
});

test('parallel tool calls stream, and the arguments of both are whole', async () => {
  const runner = gateway.chat.completions.stream({ model: 'sim', messages: hello, tools });
  const completion = await runner.finalChatCompletion();
  const calls = completion.choices[0].message.tool_calls;
  assert.deepEqual(calls.map((call) => call.function.name), ['get_weather', 'get_time']);
  for (const call of calls) assert.equal(typeof JSON.parse(call.function.arguments), 'object');
  assert.notEqual(calls[0].id, calls[1].id);
});

test("the client's tool runner carries a conversation through", async () => {
  const asked = [];
  const runnable = tools.map((tool) => ({
    type: 'function',
    function: {
      ...tool.function,
      parse: JSON.parse,
      function: (argument) => {
        asked.push([tool.function.name, argument]);
        return 'sunny';
      },
    },
  }));
  const runner = gateway.chat.completions.runTools({
    model: 'sim',
    messages: hello,
    tools: runnable,
  });
  const text = await runner.finalContent();
  assert.ok(text.length > 0);
  assert.deepEqual(asked.map(([name]) => name), ['get_weather', 'get_time']);
});

const schema = {
  name: 'answer',
  strict: true,
  schema: {
    type: 'object',
    properties: { number: { type: 'integer' }, word: { type: 'string' } },
    required: ['number', 'word'],
    additionalProperties: false,
  },
};

test('structured output parses, whole and streamed', async () => {
  const format = makeParseableResponseFormat(
    { type: 'json_schema', json_schema: schema },
    (text) => JSON.parse(text),
  );
  const body = { model: 'sim', messages: hello, response_format: format };
  const answer = await gateway.chat.completions.parse(body);
  assert.equal(typeof answer.choices[0].message.parsed.number, 'number');
  const streamed = await gateway.chat.completions.stream(body).finalChatCompletion();
  assert.deepEqual(streamed.choices[0].message.parsed, answer.choices[0].message.parsed);
});

test('the arguments of a strict tool parse', async () => {
  const tool = makeParseableTool(
    { type: 'function', function: { ...tools[0].function, strict: true } },
    { parser: (text) => JSON.parse(text), callback: undefined },
  );
  const answer = await gateway.chat.completions.parse({
    model: 'sim',
    messages: hello,
    tools: [tool],
  });
  const call = answer.choices[0].message.tool_calls[0];
  assert.equal(typeof call.function.parsed_arguments.city, 'string');
});

test('several choices come, whole and streamed', async () => {
  const answer = await gateway.chat.completions.create({ model: 'sim', messages: hello, n: 2 });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1]);
  const streamed = await gateway.chat.completions
    .stream({ model: 'sim', messages: hello, n: 2 })
    .finalChatCompletion();
  assert.deepEqual(
    streamed.choices.map((choice) => choice.message.content),
    answer.choices.map((choice) => choice.message.content),
  );
});

test('members nobody knows pass', async () => {
  const answer = await gateway.chat.completions.create({
    model: 'sim',
    messages: hello,
    some_future_option: { deep: [1, 2, { x: 'é' }] },
  });
  assert.equal(answer.object, 'chat.completion');
});

test('many requests at once share connections and do not mix', async () => {
  const direct = directClient();
  const asked = Array.from({ length: 64 }, (_, i) => [{ role: 'user', content: `number ${i}` }]);
  const answers = await Promise.all(
    asked.map((messages) => gateway.chat.completions.create({ model: 'sim', messages })),
  );
  const expected = await Promise.all(
    asked.map((messages) =>
      direct.chat.completions.create({ model: 'simulated-model', messages }),
    ),
  );
  assert.deepEqual(
    answers.map((answer) => answer.choices[0].message.content),
    expected.map((answer) => answer.choices[0].message.content),
  );
  assert.equal(new Set(answers.map((answer) => answer._request_id)).size, 64);
});
