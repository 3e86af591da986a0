#include "expected_sense.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sluice::llm::testing {
namespace {

using Kind = Atom::Kind;

bool is(const Atom& atom, Kind kind) { return atom.kind == kind; }

void erase_thoughts(Sense& sense, const auto& is_lost) {
  for (SenseTurn& turn : sense.turns) {
    std::erase_if(turn.atoms, [&](const Atom& atom) {
      return is(atom, Kind::thought) && is_lost(atom.thought);
    });
  }
  sense.settle();
}

// A sealed thought says nothing beside its seal.
void seal(Sense& sense) {
  for (SenseTurn& turn : sense.turns) {
    for (Atom& atom : turn.atoms) {
      if (is(atom, Kind::thought) && !atom.thought.sealed.empty()) {
        atom.what = "sealed " + plain(atom.thought.sealed);
      }
    }
  }
}

// --- Anthropic ---

void keep_anthropics(Sense& sense) {
  erase_thoughts(sense, [](const ReasoningPart& thought) {
    const bool may_be =
        thought.origin == ReasoningOrigin::anthropic || thought.origin == ReasoningOrigin::unknown;
    const bool proved = !thought.signature.empty() ||
                        (thought.origin == ReasoningOrigin::anthropic && !thought.sealed.empty());
    return !may_be || !proved;
  });
  seal(sense);
}

// --- Responses ---

void keep_openais(Sense& sense) {
  for (SenseTurn& turn : sense.turns) {
    std::vector<Atom> kept;
    for (std::size_t at = 0; at < turn.atoms.size(); ++at) {
      const Atom& atom = turn.atoms[at];
      if (!is(atom, Kind::thought)) {
        kept.push_back(atom);
        continue;
      }
      const auto rest = turn.atoms.begin() + static_cast<std::ptrdiff_t>(at);
      const bool leads_on = std::any_of(rest, turn.atoms.end(),
                                        [](const Atom& next) { return !is(next, Kind::thought); });
      const ReasoningPart& thought = atom.thought;
      bool sealed = !thought.sealed.empty();
      if (!sealed && at + 1 < turn.atoms.size()) {  // a summary's first text
        const ReasoningPart& next = turn.atoms[at + 1].thought;
        sealed = !thought.id.empty() && !next.sealed.empty() && plain(next.id) == plain(thought.id);
      }
      if (thought.origin == ReasoningOrigin::openai && sealed && leads_on) kept.push_back(atom);
    }
    turn.atoms = std::move(kept);
  }
  sense.settle();
}

// --- OpenAI's chats ---

// Unproved ones in a row may have been written as one text.
void join_unproved(std::vector<Atom>& thoughts) {
  const auto is_proved = [](const Atom& atom) {
    return !atom.thought.signature.empty() || !atom.thought.sealed.empty();
  };
  constexpr std::string_view unproved = " signed  sealed ";
  std::vector<Atom> joined;
  for (Atom& atom : thoughts) {
    if (joined.empty() || is_proved(atom) || is_proved(joined.back())) {
      joined.push_back(std::move(atom));
      continue;
    }
    std::string& before = joined.back().what;
    before.replace(before.size() - unproved.size(), unproved.size(), atom.what);
  }
  thoughts = std::move(joined);
}

void keep_plain_thoughts(Sense& sense, const ModelTraits& traits) {
  erase_thoughts(sense, [&](const ReasoningPart& thought) {
    const bool is_openais = traits.thinking == ThinkingControl::effort && !traits.wants_thoughts;
    return is_openais || thought.origin != ReasoningOrigin::unknown;
  });
  seal(sense);
}

// Thoughts, words, calls: a message has a member for each.
void order_as_chats_do(Sense& sense) {
  for (SenseTurn& turn : sense.turns) {
    if (turn.role != Role::assistant) continue;
    std::vector<Atom> thoughts, texts, calls;
    for (Atom& atom : turn.atoms) {
      auto& to = is(atom, Kind::thought) ? thoughts : is(atom, Kind::call) ? calls : texts;
      to.push_back(std::move(atom));
    }
    join_unproved(thoughts);
    turn.atoms = std::move(thoughts);
    std::ranges::move(texts, std::back_inserter(turn.atoms));
    std::ranges::move(calls, std::back_inserter(turn.atoms));
  }
}

void move_media_out_of_results(Sense& sense) {
  for (SenseTurn& turn : sense.turns) {
    std::vector<Atom> moved;
    std::size_t results = 0;
    for (Atom& atom : turn.atoms) {
      if (!is(atom, Kind::result)) continue;
      ++results;
      const auto media =
          std::stable_partition(atom.children.begin(), atom.children.end(),
                                [](const Atom& child) { return !is(child, Kind::media); });
      std::move(media, atom.children.end(), std::back_inserter(moved));
      atom.children.erase(media, atom.children.end());
    }
    turn.atoms.insert(turn.atoms.begin() + static_cast<std::ptrdiff_t>(results), moved.begin(),
                      moved.end());
  }
}

// --- what may be refused ---

bool any_part(const ChatRequest& request, const auto& is_so) {
  return std::ranges::any_of(request.parts, is_so) ||
         std::ranges::any_of(request.result_parts, is_so);
}

bool any_media(const ChatRequest& request, const auto& is_so) {
  return any_part(request, [&](const Part& part) {
    const auto* media = std::get_if<MediaPart>(&part.body);
    return media != nullptr && is_so(*media);
  });
}

// The last one to say anything is the assistant.
bool is_prefilled(const ChatRequest& request) {
  Sense sense = sense_of(request);
  return !sense.turns.empty() && sense.turns.back().role == Role::assistant;
}

bool says_nothing(const ChatRequest& request) {
  const Sense sense = sense_of(request);
  return sense.turns.empty() && sense.system.empty();
}

bool forces_tool(const ChatRequest& request) {
  return request.tool_choice.mode == ToolChoiceMode::required ||
         request.tool_choice.mode == ToolChoiceMode::named;
}

std::string refusable_media(const ChatRequest& request, ChatDialect dialect,
                            const ModelTraits& traits) {
  const bool to_chat = dialect == ChatDialect::openai;
  if (any_media(request, [](const auto& m) { return m.source == MediaSource::file_id; })) {
    return "a file that another provider keeps";
  }
  const auto is_audio = [](const MediaPart& media) { return media.kind == MediaKind::audio; };
  const bool hears = to_chat || dialect == ChatDialect::gemini;
  if (!hears && any_media(request, is_audio)) return "audio";
  const auto is_at_url = [](const MediaPart& media) { return media.source == MediaSource::url; };
  const bool fetches = dialect != ChatDialect::bedrock && traits.takes_media_urls;
  if (!fetches && any_media(request, is_at_url)) return "a URL";
  const auto is_document_at = [](const MediaPart& media) {
    return media.kind == MediaKind::document && media.source == MediaSource::url;
  };
  if (to_chat && any_media(request, is_document_at)) return "a document's URL";
  return {};
}

// Converse takes no other letters, and its tools keep their names.
bool has_odd_tool_name(const ChatRequest& request) {
  return std::ranges::any_of(request.tools, [](const Tool& tool) {
    const std::string name = plain(tool.name);
    return name.size() > 64 || !std::ranges::all_of(name, [](unsigned char c) {
             return std::isalnum(c) != 0 || c == '_' || c == '-';
           });
  });
}

}  // namespace

Sense expected_sense(const ChatRequest& request, ChatDialect dialect, const ModelTraits& traits) {
  Sense sense = sense_of(request);
  switch (dialect) {
    case ChatDialect::openai:
      keep_plain_thoughts(sense, traits);
      move_media_out_of_results(sense);
      order_as_chats_do(sense);
      break;
    case ChatDialect::responses: keep_openais(sense); break;
    case ChatDialect::anthropic: keep_anthropics(sense); break;
    case ChatDialect::gemini:
    case ChatDialect::bedrock: break;
  }
  return sense;
}

Sense read_sense(const ChatRequest& request, ChatDialect dialect, const AskedFor& asked) {
  Sense sense = sense_of(request, asked);
  if (dialect == ChatDialect::openai) order_as_chats_do(sense);
  return sense;
}

std::string refusable(const ChatRequest& request, ChatDialect dialect, const ModelTraits& traits) {
  if (says_nothing(request)) return "nothing is said";
  const std::string media = refusable_media(request, dialect, traits);
  if (!media.empty()) return media;
  if (dialect == ChatDialect::openai) return {};
  if (request.choices > 1 && dialect != ChatDialect::gemini) return "several choices";
  if (dialect == ChatDialect::bedrock && has_odd_tool_name(request)) return "a tool's name";
  if (dialect == ChatDialect::responses) return {};
  if (request.logprobs && dialect != ChatDialect::gemini) return "log probabilities";
  if (is_prefilled(request) && !traits.takes_prefill) return "a prefilled answer";
  if (forces_tool(request) && !traits.takes_forced_tool) return "a forced tool";
  return {};
}

}  // namespace sluice::llm::testing
