#include "dialect_answers.h"

#include <algorithm>

#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::gateway::testing {
namespace {

using json::Value;

std::string text_at(std::optional<Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  return value ? value->string().value_or("") : "";
}

std::optional<std::uint64_t> count_at(std::optional<Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  const auto count = value ? value->integer() : std::nullopt;
  if (!count || *count < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*count);
}

// {"error":{"message","type",..}}, and of Anthropic's {"type":"error"} around it.
bool is_typed_error(CallerDialect dialect, Value top) {
  const auto error = top.find("error");
  const bool wrapped = dialect != CallerDialect::messages || text_at(top, "type") == "error";
  return wrapped && error && !text_at(error, "message").empty() && !text_at(error, "type").empty();
}

void read_usage(CallerDialect dialect, std::optional<Value> usage, SaidAnswer& said) {
  const bool is_chat = dialect == CallerDialect::chat;
  const auto input = count_at(usage, is_chat ? "prompt_tokens" : "input_tokens");
  const auto output = count_at(usage, is_chat ? "completion_tokens" : "output_tokens");
  if (input) said.input = input;
  if (output) said.output = output;
}

void read_response(Value response, SaidAnswer& said) {
  for (const Value item : response.find("output")->elements()) {
    const auto content = item.find("content");
    if (text_at(item, "type") != "message" || !content) continue;
    for (const Value part : content->elements()) said.text += text_at(part, "text");
  }
  read_usage(CallerDialect::responses, response.find("usage"), said);
  const std::string status = text_at(response, "status");
  said.ending = status == "completed" ? Ending::whole : Ending::error;
}

struct Event {
  std::string name, data;
};

// Whole events only; comments say nothing. Lines may end in CR, LF or both.
std::vector<Event> events_of(std::string_view body) {
  std::vector<Event> events;
  Event event;
  bool has_data = false;
  while (!body.empty()) {
    const std::size_t end = body.find_first_of("\r\n");
    if (end == body.npos) break;
    const std::string_view line = body.substr(0, end);
    const bool both = body.substr(end).starts_with("\r\n");
    body.remove_prefix(end + (both ? 2 : 1));
    if (line.empty()) {
      if (has_data) events.push_back(event);
      event = {};
      has_data = false;
    } else if (line.starts_with("data:")) {
      has_data = true;
      event.data += line.substr(line.starts_with("data: ") ? 6 : 5);
    } else if (line.starts_with("event:")) {
      event.name = line.substr(line.starts_with("event: ") ? 7 : 6);
    }
  }
  return events;
}

class StreamReader {
 public:
  explicit StreamReader(CallerDialect dialect) : dialect_(dialect) {}

  SaidAnswer read(std::string_view body) {
    for (const Event& event : events_of(body)) {
      if (ended_) complain("something follows the end: " + event.data);
      take(event);
    }
    if (said_.ending == Ending::whole && !began_) complain("it ends and never began");
    return std::move(said_);
  }

 private:
  void complain(std::string what) {
    if (said_.complaint.empty()) said_.complaint = std::move(what);
  }

  void end(Ending how) {
    ended_ = true;
    said_.ending = how;
  }

  void take(const Event& event) {
    if (dialect_ == CallerDialect::chat && event.data == "[DONE]") return end(Ending::whole);
    if (!index_.build(event.data)) return complain("no JSON: " + event.data);
    const Value top = json::root(index_);
    switch (dialect_) {
      case CallerDialect::chat: return take_chunk(top);
      case CallerDialect::messages: return take_message_event(event.name, top);
      case CallerDialect::responses: return take_response_event(event.name, top);
    }
  }

  void take_chunk(Value top) {
    if (top.find("error")) return take_error(top);
    began_ = true;
    const auto choices = top.find("choices");
    if (!choices) return complain("a chunk without choices");
    for (const Value choice : choices->elements()) {
      said_.text += text_at(choice.find("delta"), "content");
    }
    read_usage(dialect_, top.find("usage"), said_);
  }

  void take_message_event(const std::string& name, Value top) {
    if (text_at(top, "type") != name) complain("its name and its type differ: " + name);
    if (name == "error") return take_error(top);
    if (name == "ping") return;
    if ((name == "message_start") == began_) complain("message_start is not the first");
    began_ = true;
    if (name == "message_start") read_usage(dialect_, top.find("message")->find("usage"), said_);
    if (name == "content_block_delta") said_.text += text_at(top.find("delta"), "text");
    if (name == "message_delta") read_usage(dialect_, top.find("usage"), said_);
    if (name == "message_stop") end(Ending::whole);
  }

  void take_response_event(const std::string& name, Value top) {
    if (text_at(top, "type") != name && !name.empty())
      complain("its name and type differ: " + name);
    const std::string type = text_at(top, "type");
    if (type == "error" || type.empty()) return take_error(top);
    if ((type == "response.created") == began_) complain("response.created is not the first");
    began_ = true;
    if (type == "response.output_text.delta") said_.text += text_at(top, "delta");
    const bool is_last =
        type == "response.completed" || type == "response.incomplete" || type == "response.failed";
    if (!is_last) return;
    SaidAnswer whole;
    read_response(*top.find("response"), whole);
    end(whole.ending);
    said_.input = whole.input;
    said_.output = whole.output;
    if (said_.ending == Ending::whole && whole.text != said_.text) {
      complain("the deltas are not the text: " + whole.text);
    }
    const auto error = top.find("response")->find("error");
    if (said_.ending == Ending::error && text_at(error, "message").empty()) {
      complain("it failed and says not why");
    }
  }

  // In responses the error's members may stand at the top.
  void take_error(Value top) {
    end(Ending::error);
    const bool at_top = dialect_ == CallerDialect::responses && !text_at(top, "message").empty();
    if (!at_top && !is_typed_error(dialect_, top)) {
      complain("no typed error: " + std::string(top.raw()));
    }
  }

  CallerDialect dialect_;
  SaidAnswer said_;
  json::Index index_;
  bool began_ = false;
  bool ended_ = false;
};

}  // namespace

std::string_view to_string(CallerDialect dialect) noexcept {
  switch (dialect) {
    case CallerDialect::chat: return "chat";
    case CallerDialect::messages: return "messages";
    case CallerDialect::responses: return "responses";
  }
  __builtin_unreachable();
}

Question question_in(CallerDialect dialect, std::string_view text, bool stream) {
  Question question;
  json::Writer writer(question.body);
  writer.begin_object();
  writer.key("model").string("m");
  if (stream) writer.key("stream").boolean(true);
  if (dialect == CallerDialect::responses) {
    question.target = "/v1/responses";
    writer.key("input").string(text);
  } else {
    const bool is_chat = dialect == CallerDialect::chat;
    question.target = is_chat ? "/v1/chat/completions" : "/v1/messages";
    if (!is_chat) writer.key("max_tokens").integer(1'000);
    if (is_chat && stream) {
      writer.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
    }
    writer.key("messages").begin_array().begin_object();
    writer.key("role").string("user");
    writer.key("content").string(text);
    writer.end_object().end_array();
  }
  writer.end_object();
  return question;
}

SaidAnswer read_whole_answer(CallerDialect dialect, int status, std::string_view body) {
  SaidAnswer said;
  json::Index index;
  if (!index.build(body)) {
    said.complaint = "no JSON: " + std::string(body);
    return said;
  }
  const Value top = json::root(index);
  if (status != 200) {
    said.ending = Ending::error;
    if (!is_typed_error(dialect, top)) said.complaint = "no typed error: " + std::string(body);
    return said;
  }
  if (dialect == CallerDialect::responses) {
    if (!top.find("output")) {
      said.complaint = "no output: " + std::string(body);
      return said;
    }
    read_response(top, said);
    return said;
  }
  const auto list = top.find(dialect == CallerDialect::chat ? "choices" : "content");
  if (!list) {
    said.complaint = "no answer: " + std::string(body);
    return said;
  }
  for (const Value each : list->elements()) {
    said.text += dialect == CallerDialect::chat ? text_at(each.find("message"), "content")
                                                : text_at(each, "text");
  }
  said.ending = Ending::whole;
  read_usage(dialect, top.find("usage"), said);
  return said;
}

SaidAnswer read_stream_answer(CallerDialect dialect, std::string_view body) {
  return StreamReader(dialect).read(body);
}

}  // namespace sluice::gateway::testing
