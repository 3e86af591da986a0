#include "sense.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "sluice/json/index.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::llm::testing {
namespace {

using json::Kind;
using json::Value;

void append_json(Value value, std::string& out) {
  if (value.is(Kind::object)) {
    out += '{';
    for (const json::Member member : value.members()) {
      if (out.back() != '{') out += ',';
      out += json::quote(member.key.string().value_or("")) + ":";
      append_json(member.value, out);
    }
    out += '}';
  } else if (value.is(Kind::array)) {
    out += '[';
    for (const Value element : value.elements()) {
      if (out.back() != '[') out += ',';
      append_json(element, out);
    }
    out += ']';
  } else if (value.is(Kind::string)) {
    out += json::quote(value.string().value_or(""));
  } else {
    out += value.raw();
  }
}

std::string callers_name(const AskedFor& asked, const std::string& sent) {
  for (const RenamedTool& tool : asked.renamed_tools) {
    if (tool.sent == sent) return tool.name;
  }
  return sent;
}

// Where there are no custom tools a function stands for one: its text is {"input": text}.
std::optional<std::string> unwrapped(const std::string& arguments) {
  json::Index index;
  if (!index.build(arguments)) return std::nullopt;
  const auto input = json::root(index).find("input");
  return input ? input->string() : std::nullopt;
}

class SenseMaker {
 public:
  SenseMaker(const ChatRequest& request, const AskedFor& asked)
      : request_(request), asked_(asked) {}

  Sense run() {
    for (const Message& message : request_.messages) {
      if (message.role == Role::system) {
        for (const Part& part : request_.parts_of(message)) add_words(part, sense_.system);
      } else {
        add(message);
      }
    }
    for (SenseTurn& turn : sense_.turns) {
      std::stable_sort(turn.atoms.begin(), turn.atoms.end(), [](const Atom& a, const Atom& b) {
        const bool results = a.kind == Atom::Kind::result && b.kind == Atom::Kind::result;
        if (results) return a.call < b.call;
        return a.kind == Atom::Kind::result && b.kind != Atom::Kind::result;
      });
    }
    sense_.settle();
    return std::move(sense_);
  }

 private:
  void add(const Message& message) {
    std::vector<Atom> atoms;
    if (message.role == Role::assistant && !goes_on_) calls_.clear();
    for (const Part& part : request_.parts_of(message)) add_part(part, atoms);
    if (atoms.empty()) return;
    goes_on_ = message.role == Role::assistant;
    sense_.turns.push_back({.role = message.role, .atoms = std::move(atoms)});
    sense_.settle();
  }

  void add_words(const Part& part, std::vector<std::string>& out) {
    std::string text;
    if (const auto* words = std::get_if<TextPart>(&part.body)) text = plain(words->text);
    if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) text = plain(refusal->text);
    std::ranges::move(marked(text, sense_.between), std::back_inserter(out));
  }

  // The system's words may have come into the user's turn.
  void add_texts(std::string_view text, std::vector<Atom>& out) {
    for (std::string& found : marked(text, sense_.between)) {
      if (found.starts_with("<<s")) {
        sense_.system.push_back(std::move(found));
      } else {
        out.push_back({.what = std::move(found)});
      }
    }
  }

  void add_part(const Part& part, std::vector<Atom>& out) {
    if (const auto* text = std::get_if<TextPart>(&part.body)) {
      add_texts(plain(text->text), out);
    } else if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) {
      add_texts(plain(refusal->text), out);
    } else if (const auto* media = std::get_if<MediaPart>(&part.body)) {
      add_media(*media, out);
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
      add_call(*call, out);
    } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
      add_result(*result, out);
    } else {
      const auto& thought = std::get<ReasoningPart>(part.body);
      out.push_back(
          {.kind = Atom::Kind::thought, .what = thought_text(thought), .thought = thought});
    }
  }

  void add_media(const MediaPart& media, std::vector<Atom>& out) {
    if (media.source == MediaSource::text) return add_texts(plain(media.data), out);
    constexpr std::string_view kinds[] = {"image", "document", "audio"};
    out.push_back({.kind = Atom::Kind::media,
                   .what = std::string(kinds[static_cast<std::size_t>(media.kind)]) + " " +
                           plain(media.media_type) + " " + plain(media.data)});
  }

  void add_call(const ToolCall& call, std::vector<Atom>& out) {
    std::string arguments = plain(call.arguments);
    const auto wrapped = call.is_custom ? std::nullopt : unwrapped(arguments);
    const bool custom = call.is_custom || wrapped;
    if (wrapped) arguments = *wrapped;
    if (!custom) arguments = arguments.empty() ? "{}" : plain_json(arguments);
    calls_.emplace(plain(call.id), calls_.size());
    out.push_back({.kind = Atom::Kind::call,
                   .what = (custom ? "custom " : "function ") +
                           callers_name(asked_, plain(call.name)) + " " + arguments});
  }

  void add_result(const ToolResult& result, std::vector<Atom>& out) {
    Atom atom{.kind = Atom::Kind::result};
    const auto call = calls_.find(plain(result.call_id));
    atom.call = call == calls_.end() ? 999 : call->second;
    const std::string before = std::exchange(sense_.between, {});
    for (const Part& child : request_.parts_of(result)) add_part(child, atom.children);
    const bool failed = result.is_error || sense_.between.contains("Error: ");
    atom.what = failed ? "failed" : "";
    sense_.between.insert(0, before);
    out.push_back(std::move(atom));
  }

  const ChatRequest& request_;
  const AskedFor& asked_;
  Sense sense_;
  std::map<std::string, std::size_t> calls_;  // of the last turn of the assistant's
  bool goes_on_ = false;
};

void append_atom(const Atom& atom, std::string_view indent, std::string& out) {
  constexpr std::string_view names[] = {"text", "media", "thought", "call", "result"};
  out += indent;
  out += names[static_cast<std::size_t>(atom.kind)];
  if (atom.kind == Atom::Kind::result) out += " of " + std::to_string(atom.call);
  out += " " + atom.what + "\n";
  for (const Atom& child : atom.children) append_atom(child, "    ", out);
}

}  // namespace

std::string plain(json::Text text) {
  std::string out;
  json::append_plain(out, text);
  return out;
}

std::string plain_json(std::string_view text) {
  json::Index index;
  if (!index.build(text)) return std::string(text);
  std::string out;
  append_json(json::root(index), out);
  return out;
}

std::vector<std::string> marked(std::string_view text, std::string& between) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t begin = text.find("<<");
    const std::size_t end = begin == text.npos ? text.npos : text.find(":>>", begin);
    if (end == text.npos) break;
    between += text.substr(0, begin);
    out.emplace_back(text.substr(begin, end + 3 - begin));
    text.remove_prefix(end + 3);
  }
  between += text;
  return out;
}

std::string thought_text(const ReasoningPart& thought) {
  if (!thought.sealed.empty() && thought.id.empty()) return "sealed " + plain(thought.sealed);
  return plain(thought.text) + " signed " + plain(thought.signature) + " sealed " +
         plain(thought.sealed);
}

void Sense::settle() {
  std::erase_if(turns, [](const SenseTurn& turn) { return turn.atoms.empty(); });
  for (std::size_t i = 0; i + 1 < turns.size();) {
    if (turns[i].role != turns[i + 1].role) {
      ++i;
      continue;
    }
    std::ranges::move(turns[i + 1].atoms, std::back_inserter(turns[i].atoms));
    turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

std::string Sense::text() const {
  constexpr std::string_view roles[] = {"system", "user", "assistant"};
  std::string out;
  for (const std::string& words : system) out += "system " + words + "\n";
  for (const SenseTurn& turn : turns) {
    out += std::string(roles[static_cast<std::size_t>(turn.role)]) + "\n";
    for (const Atom& atom : turn.atoms) append_atom(atom, "  ", out);
  }
  return out;
}

Sense sense_of(const ChatRequest& request, const AskedFor& asked) {
  return SenseMaker(request, asked).run();
}

}  // namespace sluice::llm::testing
