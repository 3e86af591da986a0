#include "sluice/config/parse.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::config {
namespace {

using std::chrono::milliseconds;

struct Case {
  std::string_view text;
  std::string_view complaint;  // a whole line of the rendering
};

std::string complaints_of(std::string_view text) {
  Complaints complaints("f");
  static_cast<void>(parse(text, "f", complaints));
  return complaints.render(Severity::warning);
}

// Each case is wrong in one way; the place is that of the key, the text says what would be right.
const Case cases[] = {
    // unknown keys
    {"[server]\nworker = 1\n", "f:2:1: server.worker: unknown key; did you mean \"workers\"?"},
    {"\n[sevrer]\n", "f:2:2: sevrer: unknown key; did you mean \"server\"?"},
    {"[admin]\n  colour = 1\n", "f:2:3: admin.colour: unknown key; known here: anonymous, address"},
    {"[log]\nsk-canary-0123456789abcdef = 1\n",
     "f:2:1: log.(hidden): unknown key; known here: access, level"},
    // types and ranges
    {"[server]\nworkers = \"4\"\n", "f:2:1: server.workers: must be a whole number, not a text"},
    {"[server]\nworkers = 1.5\n",
     "f:2:1: server.workers: must be a whole number, not a number with a point"},
    {"[server]\nworkers = -1\n", "f:2:1: server.workers: must be from 0 to 1024"},
    {"[server]\nworkers = 2000\n", "f:2:1: server.workers: must be from 0 to 1024"},
    {"[server]\npin_workers = 1\n",
     "f:2:1: server.pin_workers: must be true or false, not a whole number"},
    {"server = 1\n", "f:1:1: server: must be a table, not a whole number"},
    {"[limits]\nhead_ms_max = 0\n", "f:2:1: limits.head_ms_max: head_ms_max must be at least 1"},
    {"[streaming]\nevent_bytes_max = 1\n",
     "f:2:1: streaming.event_bytes_max: event_bytes_max must be at least 65536"},
    {"[pool]\nconnections_max = 1\nwarm_connections = 2\n",
     "f:3:1: pool.warm_connections: warm_connections must not be larger than connections_max"},
    {"[timeouts]\nconnect_ms = 0\n", "f:2:1: timeouts.connect_ms: must be from 1 to 86400000"},
    {"[timeouts]\nconnect_ms = 2000\ntotal_ms = 1000\n",
     "f:2:1: timeouts.connect_ms: must not be longer than total_ms"},
    {"[log]\nlevel = \"loud\"\n",
     "f:2:1: log.level: must be \"error\", \"warning\", \"info\" or \"debug\""},
    {"[log]\naccess = \"access.log\"\n",
     "f:2:1: log.access: must be \"stderr\", \"stdout\", \"off\" or a path that begins with /"},
    // routing and health
    {"[routing]\nstrategy = \"prices\"\n",
     "f:2:1: routing.strategy: \"prices\" is no strategy; did you mean \"price\"?"},
    {"[routing]\nstrategy = \"by the moon\"\n",
     "f:2:1: routing.strategy: must be one of order, weighted, score, price, latency, throughput"},
    {"[routing]\nstrategy = 1\n",
     "f:2:1: routing.strategy: must be a text in quotes, not a whole number"},
    {"[routing.hedge]\nenabled = 1\n",
     "f:2:1: routing.hedge.enabled: must be true or false, not a whole number"},
    {"[routing]\nfallback_depth_max = 33\n",
     "f:2:1: routing.fallback_depth_max: must be from 0 to 32"},
    {"[routing]\nretrys = {}\n", "f:2:1: routing.retrys: unknown key; did you mean \"retry\"?"},
    {"[routing.score]\nweights = \"best\"\n",
     "f:2:1: routing.score.weights: must be \"balanced\", \"price\", or a table: weights = { "
     "uptime "
     "= 0.5, throughput = 0.2, price = 0.2, latency = 0.1 }"},
    {"[routing.score]\nweights = 1\n",
     "f:2:1: routing.score.weights: must be a table, not a whole number"},
    {"[routing.score]\nweights = { uptime = 0, throughput = 0, price = 0 }\n",
     "f:2:1: routing.score.weights: weights must hold uptime, throughput or price above 0"},
    {"[routing.score.weights]\nprice = nan\n",
     "f:2:1: routing.score.weights.price: must be from 0 to 1000"},
    {"[routing.score]\nexploration = 2\n", "f:2:1: routing.score.exploration: must be from 0 to 1"},
    {"[routing.retry]\nretries = 11\n", "f:2:1: routing.retry.retries: retries must be at most 10"},
    {"[routing.retry]\nbudget = -1\n", "f:2:1: routing.retry.budget: must be from 0 to 1"},
    {"[routing.hedge]\ndelay_ms_min = 0\n",
     "f:2:1: routing.hedge.delay_ms_min: delay_ms_min must be at least 1"},
    {"[routing.affinity]\nentries_max = 0\n",
     "f:2:1: routing.affinity.entries_max: entries_max must be at least 1; or say enabled = false"},
    {"[health]\nwindow_s = 0\n", "f:2:1: health.window_s: window_s must be at least 1"},
    {"[health]\nejected_percent_max = 101\n",
     "f:2:1: health.ejected_percent_max: ejected_percent_max must be at most 100"},
    {"[[provider]]\nname = \"a\"\nhealth = { rest_ms = 0 }\n",
     "f:3:12: provider[0].health.rest_ms: rest_ms must be at least 1"},
    {"[[model]]\nname = \"a\"\nrouting = { strategy = \"scor\" }\n",
     "f:3:13: model[0].routing.strategy: \"scor\" is no strategy; did you mean \"score\"?"},
    // lists of models
    {"[[model]]\nname = \"a\"\nmembers = []\n",
     "f:3:1: model[0].members: is empty; name the models that the list stands for"},
    {"[[model]]\nname = \"a\"\nmembers = [\"b\", \"b\"]\n",
     "f:3:1: model[0].members: names \"b\" twice"},
    {"[[model]]\nname = \"a\"\nmembers = [\"b\"]\ncatalogue = \"c\"\n",
     "f:3:1: model[0].members: makes a list of it, which has no catalogue or deployment of its "
     "own"},
    // what a host does, and what of its keys
    {"[[provider]]\nname = \"a\"\nquantization = \"fp7\"\n",
     "f:3:1: provider[0].quantization: must be int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, "
     "fp16, "
     "bf16, fp32 or unknown"},
    {"[[provider]]\nname = \"a\"\ndata_policy = { trains = 1 }\n",
     "f:3:17: provider[0].data_policy.trains: must be true or false, not a whole number"},
    {"[[provider]]\nname = \"a\"\ndata_policy = { retains = false, zdr = true }\n",
     "f:3:34: provider[0].data_policy.zdr: says the opposite of retains; write one of them"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ env = \"A\", weight = 0 }]\n",
     "f:3:22: provider[0].keys[0].weight: must be from 1e-06 to 1000000"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ env = \"A\", concurrency_max = 0 }]\n",
     "f:3:22: provider[0].keys[0].concurrency_max: must be from 1 to 1000000"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ concurrency_max = 1 }]\n",
     "f:3:9: provider[0].keys[0]: must have exactly one of env, file, credential"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ weight = 1 }]\n",
     "f:3:9: provider[0].keys[0]: must have exactly one of env, file, credential"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ env = \"A\", wieght = 1 }]\n",
     "f:3:22: provider[0].keys[0].wieght: unknown key; did you mean \"weight\"?"},
    // pins of listeners
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nregions = []\n",
     "f:3:1: listener[0].regions: is empty, so nothing could be served; leave the line out for "
     "anywhere"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nregions = [\"e u\"]\n",
     "f:3:1: listener[0].regions: must hold regions such as \"eu\""},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nhosts = [\"eu\"]\n",
     "f:3:1: listener[0].hosts: must be a table: hosts = { \"eu.example.com\" = [\"eu\"] }"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nhosts = { \"https://eu\" = [\"eu\"] }\n",
     "f:3:1: listener[0].hosts: must name hosts such as \"eu.example.com\", without scheme and "
     "port"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nhosts = { \"eu.x\" = [\"eu\"], \"EU.x\" = [\"eu\"] "
     "}\n",
     "f:3:1: listener[0].hosts: names \"eu.x\" twice (capitals make no difference)"},
    // listeners
    {"[[listener]]\nadress = \"127.0.0.1:1\"\n",
     "f:2:1: listener[0].adress: unknown key; did you mean \"address\"?"},
    {"[[listener]]\n",
     "f:1:1: listener[0].address: is missing; write address = \"127.0.0.1:8080\""},
    {"[listener]\naddress = \"127.0.0.1:1\"\n",
     "f:1:2: listener: write [[listener]] with two brackets: there may be several"},
    {"[[listener]]\naddress = \"localhost:1\"\n",
     "f:2:1: listener[0].address: names are not looked up here; write 127.0.0.1 or [::1]"},
    {"[[listener]]\naddress = \"[::1]:1\"\n[[listener]]\naddress = \"[::1]:1\"\n",
     "f:4:1: listener[1].address: is there twice"},
    {"[[listener]]\naddress = \"[::1]:1\"\n[[listener]]\naddress = \"[0:0:0:0:0:0:0:1]:1\"\n",
     "f:4:1: listener[1].address: is there twice"},
    {"[[listener]]\naddress = \"0.0.0.0:1\"\n",
     "f:1:1: listener[0]: other machines reach this address and there is no [[key]]: add one "
     "(sluice keygen), listen on 127.0.0.1, or say anonymous = true"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\nanonymous = false\n",
     "f:1:1: listener[0]: anonymous = false and no [[key]]: nobody could call; add a key (sluice "
     "keygen)"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\ntls = { certificate = \"c\" }\n",
     "f:3:7: listener[0].tls.key: is missing: the path of the certificate's private key, in PEM"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\ntls = [{ key = \"k\" }]\n",
     "f:3:8: listener[0].tls[0].certificate: is missing: the path of a PEM file, the server's own "
     "first"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\ntls = []\n",
     "f:3:1: listener[0].tls: is empty; leave the line out to serve without TLS"},
    {"[[listener]]\naddress = \"127.0.0.1:1\"\ntls = true\n",
     "f:3:1: listener[0].tls: must be a list of tables, not true or false"},
    {"[admin]\naddress = \"0.0.0.0:9090\"\n",
     "f:2:1: admin.address: other machines reach this address and the admin endpoints ask for no "
     "key: use 127.0.0.1, or say anonymous = true"},
    // providers
    {"[[provider]]\ndialect = \"openai\"\n", "f:1:1: provider[0].name: is missing"},
    {"[[provider]]\nname = \"a b\"\n",
     "f:2:1: provider[0].name: must be a name: printable ASCII without spaces, quotes and "
     "backslashes, at most 256 bytes"},
    {"[[provider]]\nname = \"a\"\n[[provider]]\nname = \"A\"\n",
     "f:4:1: provider[1].name: there is already a provider called \"A\" (capitals make no "
     "difference); choose another name"},
    {"[[provider]]\nname = \"a\"\ndialect = \"opanai\"\n",
     "f:3:1: provider[0].dialect: \"opanai\" is no dialect; did you mean \"openai\"?"},
    {"[[provider]]\nname = \"a\"\ndialect = \"quenya\"\n",
     "f:3:1: provider[0].dialect: must be one of openai, anthropic, gemini, vertex, azure, "
     "bedrock"},
    {"[[provider]]\nname = \"a\"\nbase_url = \"api.a.com\"\n",
     "f:3:1: provider[0].base_url: a URL begins with https:// or http://"},
    {"[[provider]]\nname = \"a\"\nkeys = \"sk-canary\"\n",
     "f:3:1: provider[0].keys: must be a list of places: keys = [{ env = \"NAME\" }]; a key itself "
     "does not belong in this file"},
    {"[[provider]]\nname = \"a\"\nkeys = [\"sk-canary\"]\n",
     "f:3:9: provider[0].keys[0]: must say where the key is: { env = \"NAME\" }, { file = "
     "\"/path\" "
     "} or { credential = \"name\" }; a key itself does not belong in this file"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ env = \"A\", file = \"b\" }]\n",
     "f:3:9: provider[0].keys[0]: must have exactly one of env, file, credential"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ enw = \"A\" }]\n",
     "f:3:11: provider[0].keys[0].enw: unknown key; did you mean \"env\"?"},
    {"[[provider]]\nname = \"a\"\nkeys = [{ credential = \"../x\" }]\n",
     "f:3:11: provider[0].keys[0].credential: must be the name given to LoadCredential=, without "
     "slashes"},
    {"[[provider]]\nname = \"a\"\nauth = { format = \"Bearer sk-canary\" }\n",
     "f:3:10: provider[0].auth.format: must hold {key} once, as in \"Bearer {key}\"; the key "
     "itself "
     "does not belong in this file"},
    {"[[provider]]\nname = \"a\"\nauth = { header = \"x y\" }\n",
     "f:3:10: provider[0].auth.header: must be the name of the header that carries the key"},
    {"[[provider]]\nname = \"a\"\nheaders = { Authorization = \"Bearer sk-canary\" }\n",
     "f:3:13: provider[0].headers.Authorization: a key does not belong in this file; use keys = [{ "
     "env = \"NAME\" }]"},
    {"[[provider]]\nname = \"a\"\nheaders = { Host = \"x\" }\n",
     "f:3:13: provider[0].headers.Host: is set by the gateway itself; take it out"},
    {"[[provider]]\nname = \"a\"\nheaders = { Accept-Encoding = \"gzip\" }\n",
     "f:3:13: provider[0].headers.Accept-Encoding: would have every answer compressed, and "
     "compressed streams cannot be read; take it out"},
    {"[[provider]]\nname = \"a\"\nheaders = { x = \"a\\r\\nb\" }\n",
     "f:3:13: provider[0].headers.x: must be a text of printable ASCII without spaces at its ends"},
    // models
    {"[[model]]\nname = \"m\"\naliases = [\"M\"]\n",
     "f:3:1: model[0].aliases: there is already a model or alias called \"M\" (capitals make no "
     "difference); choose another name"},
    {"[[model]]\nname = \"m\"\naliases = [1]\n",
     "f:3:12: model[0].aliases[0]: must be a text in quotes, not a whole number"},
    {"[[model]]\nname = \"\"\n",
     "f:2:1: model[0].name: must not be empty; leave the line out instead"},
    {"[[provider]]\nname = \"openai\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"opnai\"\n",
     "f:6:1: model[0].deployment[0].provider: there is no [[provider]] called \"opnai\"; did you "
     "mean \"openai\"?"},
    {"[[model]]\nname = \"m\"\n[[model.deployment]]\nmodel = \"x\"\n",
     "f:3:1: model[0].deployment[0].provider: is missing"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\nweight = 0\n",
     "f:7:1: model[0].deployment[0].weight: must be from 1e-06 to 1000000"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\nprice = { input = -1 }\n",
     "f:7:11: model[0].deployment[0].price.input: must be from 0 to 10000"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\nprice = { input = nan }\n",
     "f:7:11: model[0].deployment[0].price.input: must be from 0 to 10000"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\nprice = { input = 1, cached_input = 2 }\n",
     "f:7:22: warning: model[0].deployment[0].price.cached_input: is dearer than input; is it the "
     "right way round?"},
    // tokens, Vertex AI, Azure
    {"[[provider]]\nname = \"a\"\nkeys = [{ metadata = \"a/b\" }]\n",
     "f:3:11: provider[0].keys[0].metadata: must be \"default\" or the e-mail of a service "
     "account"},
    {"[[provider]]\nname = \"a\"\nproject = \"My-Project\"\n",
     "f:3:1: provider[0].project: must be the id of a project, as in \"my-project-123\""},
    {"[[provider]]\nname = \"a\"\nlocation = \"x/y\"\n",
     "f:3:1: provider[0].location: must be a location, as in \"europe-west1\" or \"global\""},
    {"[[provider]]\nname = \"a\"\napi_version = \"v1\"\n",
     "f:3:1: provider[0].api_version: must be a date, as in \"2024-10-21\" or "
     "\"2025-04-01-preview\"; leave it out for the v1 API, which has none"},
    {"[[provider]]\nname = \"a\"\nentra = { tenant = \"t\", client_id = \"c\" }\n",
     "f:3:9: provider[0].entra.client_secret: is missing: write client_secret = { env = "
     "\"AZURE_CLIENT_SECRET\" }"},
    // traits and quirks
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\ntraits = { takes_prefil = true }\n",
     "f:7:12: model[0].deployment[0].traits.takes_prefil: unknown key; did you mean "
     "\"takes_prefill\"?"},
    {"[[provider]]\nname = \"a\"\nquirks = { prefill = \"prefx\" }\n",
     "f:3:12: provider[0].quirks.prefill: \"prefx\" is none that is known; did you mean "
     "\"prefix\"?"},
    {"[[provider]]\nname = \"a\"\nquirks = { thinking_switch = \"reasonings\" }\n",
     "f:3:12: provider[0].quirks.thinking_switch: \"reasonings\" is none that is known; did you "
     "mean "
     "\"reasoning\"?"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\ntraits = { thinking_variable = \"no name\" }\n",
     "f:7:12: model[0].deployment[0].traits.thinking_variable: thinking_variable must be the name "
     "of a template's "
     "variable, such as \"enable_thinking\""},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\ntraits = { thinking = \"levle\" }\n",
     "f:7:12: model[0].deployment[0].traits.thinking: \"levle\" is none that is known; did you "
     "mean "
     "\"level\"?"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\ntraits = { thinking = \"with the heart\" }\n",
     "f:7:12: model[0].deployment[0].traits.thinking: must be one of none, budget, adaptive, "
     "level, "
     "effort, toggle"},
    {"[[provider]]\nname = \"a\"\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = "
     "\"a\"\ntraits = { output_tokens_max = 0 }\n",
     "f:7:12: model[0].deployment[0].traits.output_tokens_max: must be from 1 to 1000000000"},
    {"[[provider]]\nname = \"a\"\nquirks = { takes_stream_options = \"no\" }\n",
     "f:3:12: provider[0].quirks.takes_stream_options: must be true or false, not a text"},
    {"[[provider]]\nname = \"a\"\nquirks = { output_tokens_name = \"tokens\" }\n",
     "f:3:12: provider[0].quirks.output_tokens_name: output_tokens_name must be \"max_tokens\" or "
     "\"max_completion_tokens\""},
    {"[[provider]]\nname = \"a\"\nquirks = { call_id_letters = 5 }\n",
     "f:3:12: provider[0].quirks.call_id_letters: call_id_letters must be 0 or from 6 to 64"},
    {"[[provider]]\nname = \"a\"\nquirks = { refused = [\"model\"] }\n",
     "f:3:12: provider[0].quirks.refused: refused must not hold model, messages, stream or tools: "
     "without them there is no request"},
    // keys
    {"[[key]]\nname = \"k\"\n",
     "f:1:1: key[0].hash: is missing; sluice keygen prints a key and its hash"},
    {"[[key]]\nname = \"k\"\nhash = \"h\"\n[[key]]\nname = \"K\"\nhash = \"h\"\n",
     "f:5:1: key[1].name: there is already a key called \"K\" (capitals make no difference); "
     "choose "
     "another name"},
    {"[[key]]\nname = \"k\"\nhash = \"h\"\nmodels = []\n",
     "f:4:1: key[0].models: is empty, so the key may use nothing; write [\"*\"] for everything"},
};

TEST(Parse, EveryComplaintHasItsExactPlaceKeyAndRemedy) {
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.text));
    EXPECT_EQ(complaints_of(c.text), std::string(c.complaint) + "\n");
  }
}

// The words are the TOML library's and differ between its versions: only ours and the line count.
TEST(Parse, ASyntaxErrorNamesItsLine) {
  const std::pair<std::string_view, std::string_view> broken[] = {
      {"[server\n", "f:1:"},
      {"\n\na = b\n", "f:3:"},
      {"[log]\naccess = \"off\"\naccess = \"off\"\n", "f:3:"},
      {"a = [1,\n", "f:"},
      {"[*]\n", "f:1:"},
      {"[[[1]]]\n", "f:1:"},
      {"[[=\n", "f:1:"},
  };
  for (const auto& [text, place] : broken) {
    const std::string complaint = complaints_of(text);
    EXPECT_TRUE(complaint.starts_with(place)) << complaint;
    EXPECT_NE(complaint.find("not valid TOML: "), std::string::npos) << complaint;
  }
  EXPECT_NE(complaints_of("a = b\n").find("a text stands in quotes"), std::string::npos);
}

TEST(Parse, NoComplaintRepeatsAPastedKey) {
  for (const Case& c : cases) {
    EXPECT_EQ(complaints_of(c.text).find("sk-canary"), std::string::npos) << c.text;
  }
  const std::string key = "sk-canary-0aB1cD2eF3gH4iJ5";
  const std::string places[] = {
      key,
      key + " = 1",
      "x = " + key,
      "\"" + key + "\" = 1\n\"" + key + "\" = 2",
      "[" + key + "]\n[" + key + "]",
      "[server]\nworkers = \"" + key + "\"",
      "[server]\n" + key + " = 1",
      "[[listener]]\naddress = \"" + key + "\"",
      "[[provider]]\nname = \"" + key + "\"\n[[provider]]\nname = \"" + key + "\"",
      "[[provider]]\nname = \"a\"\ndialect = \"" + key + "\"",
      "[[provider]]\nname = \"a\"\nbase_url = \"https://" + key + "@h\"",
      "[[provider]]\nname = \"a\"\nkeys = [{ " + key + " = 1 }]",
      "[[provider]]\nname = \"a\"\nkeys = [{ env = 1, file = \"" + key + "\" }]",
      "[[provider]]\nname = \"a\"\nkeys = [{ env = \"" + key + "=\" }]",
      "[[provider]]\nname = \"a\"\nheaders = { \"" + key + " x\" = \"1\" }",
      "[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = \"" + key + "\"",
      "[[key]]\nname = \"k\"\nhash = 1\nmodels = \"" + key + "\"",
      "[log]\naccess = \"" + key + "\"",
  };
  for (const std::string& text : places) {
    const std::string complaints = complaints_of(text);
    EXPECT_NE(complaints, "") << text;
    EXPECT_EQ(complaints.find("canary"), std::string::npos) << complaints;
  }
}

TEST(Parse, CollectsEveryComplaintOfAFile) {
  const std::string text = complaints_of(
      "[servr]\n[server]\nworkers = -1\n[log]\nlevel = 1\n[[provider]]\n[[model]]\n[[key]]\n");
  for (const std::string_view line : {"f:1:2:", "f:3:1:", "f:5:1:", "f:6:1:", "f:7:1:", "f:8:1:"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(Parse, TheHashOfAKeyIsCheckedByWhoKnowsItsFormat) {
  Complaints complaints("f");
  ParseOptions options;
  options.hash_complaint = [](std::string_view hash) -> std::optional<std::string> {
    if (hash == "good") return std::nullopt;
    return "is no hash of sluice keygen";
  };
  static_cast<void>(parse("[[key]]\nname=\"a\"\nhash=\"good\"\n[[key]]\nname=\"b\"\nhash=\"bad\"\n",
                          "f", complaints, options));
  EXPECT_EQ(complaints.render(), "f:6:1: key[1].hash: is no hash of sluice keygen\n");
}

TEST(Parse, AnEmptyFileGivesTheDefaults) {
  Complaints complaints("f");
  const Config config = parse("", "f", complaints);
  EXPECT_FALSE(complaints.failed());
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].address.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(config.timeouts, catalog::Timeouts{});
}

TEST(Parse, ReadsWhatThePageOfTheDesignShows) {
  Complaints complaints("f");
  const Config config = parse(R"(
[server]
workers = 2
[[listener]]
address = "0.0.0.0:443"
tls = { certificate = "/c", key = "/k" }
proxy_protocol = true
[[listener]]
address = "unix:/run/sluice.sock"
tls = [{ certificate = "/c1", key = "/k1" }, { certificate = "/c2", key = "/k2" }]
[admin]
address = "off"
[[provider]]
name = "openai"
dialect = "openai"
base_url = "https://api.openai.com/v1"
keys = [{ env = "OPENAI_API_KEY" }, { file = "/f" }, { credential = "c" }]
region = "us"
timeouts = { connect_ms = 5 }
[[model]]
name = "gpt-5-mini"
aliases = ["mini"]
[[model.deployment]]
provider = "openai"
model = "gpt-5-mini-2025-08-07"
weight = 2
price = { input = 0.25, cached_input = 0.025, output = 2 }
[[key]]
name = "team-a"
hash = "h"
regions = ["eu"]
[timeouts]
total_ms = 30000
)",
                              "f", complaints);
  EXPECT_EQ(complaints.render(Severity::note), "");
  EXPECT_EQ(config.server.workers, 2U);
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_TRUE(config.listeners[0].proxy_protocol);
  EXPECT_EQ(config.listeners[0].tls.at(0).certificate, "/c");
  EXPECT_EQ(config.listeners[1].tls.at(1).key, "/k2");
  EXPECT_FALSE(config.admin.address);
  const ProviderConfig& provider = config.providers.at(0);
  EXPECT_EQ(provider.dialect, catalog::Dialect::openai);
  EXPECT_EQ(provider.base_url->host, "api.openai.com");
  ASSERT_EQ(provider.keys->size(), 3U);
  EXPECT_EQ(provider.keys->at(1).kind, SecretSource::Kind::file);
  EXPECT_EQ(provider.keys->at(2).name, "c");
  EXPECT_EQ(provider.timeouts.connect, milliseconds(5));
  const DeploymentConfig& deployment = config.models.at(0).deployments.at(0);
  EXPECT_EQ(deployment.weight, 2);
  EXPECT_EQ(deployment.price->output, 2);
  EXPECT_EQ(deployment.price->cache_write, std::nullopt);
  EXPECT_EQ(config.keys.at(0).models, std::vector<std::string>{"*"});
  EXPECT_EQ(config.keys.at(0).regions, std::vector<std::string>{"eu"});
  EXPECT_EQ(config.timeouts.total, milliseconds(30'000));
  EXPECT_EQ(config.timeouts.first_content, milliseconds(30'000)) << "defaults follow the total";
  EXPECT_EQ(config.timeouts.connect, milliseconds(3'000));
}

TEST(Parse, HostileShapesAreRefusedInBoundedTime) {
  EXPECT_NE(complaints_of(std::string(config_bytes_max + 1, '#')).find("4 MiB"), std::string::npos);
  std::string dots = "a";
  for (int i = 0; i < 100'000; ++i) dots += ".a";
  EXPECT_NE(complaints_of(dots + " = 1").find("256 dots"), std::string::npos);
  EXPECT_NE(complaints_of("a = " + std::string(100'000, '[')).find("nested"), std::string::npos);
  std::string deep = "a = ";
  for (int i = 0; i < 1'000; ++i) deep += "{a=";
  EXPECT_NE(complaints_of(deep), "");
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "k" + std::to_string(i) + " = 1\n";
  EXPECT_TRUE(complaints_of(many).ends_with("more\n"));
}

TEST(Parse, OnlyTextsAndCommentsHoldMoreThanAscii) {
  EXPECT_TRUE(complaints_of("a = \u201cx\u201d\n").starts_with("f:1:5: only texts in quotes"));
  EXPECT_TRUE(complaints_of("[log]\n# \u00e9\n\u00e9 = 1\n").starts_with("f:3:1: only texts"));
  EXPECT_TRUE(complaints_of("a = \"\u00e9\" \u00e9\n").starts_with("f:1:9: only texts"));
  EXPECT_TRUE(complaints_of("a = '''x''''' \u00e9\n").starts_with("f:1:15: only texts"));
  EXPECT_EQ(complaints_of("\xef\xbb\xbf# \u00e9 ' \" \n[log] # \u00e9\n"), "");
  const std::string_view texts[] = {
      R"("é \" é")",
      R"('é \')",
      "\"\"\"\u00e9\n\u00e9\" \\\"\"\"\u00e9\"\"\"",
      "'''\n\u00e9'\u00e9'''",
  };
  for (const std::string_view text : texts) {
    const std::string complaint = complaints_of("[log]\naccess = " + std::string(text) + "\n");
    EXPECT_TRUE(complaint.starts_with("f:2:1: log.access: must be \"stderr\"")) << complaint;
  }
}

TEST(Parse, InvalidUtf8IsASyntaxError) {
  EXPECT_NE(complaints_of("a = \"\xff\"\n").find("not valid TOML"), std::string::npos);
}

}  // namespace
}  // namespace sluice::config
