// Whose a model is, and names and ids in the letters that Converse takes.
#include <algorithm>
#include <array>
#include <utility>

#include "bedrock_writing.h"
#include "sluice/llm/bedrock_call.h"

namespace sluice::llm {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool is_name_letter(char c) noexcept {
  return is_alphanumeric(c) || c == '_' || c == '-';
}

// FNV-1a; with two offsets, 128 bits: two ids of one conversation never become one by chance.
void append_hash(std::string& out, std::string_view bytes, std::uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(hex_digits[hash >> shift & 15]);
}

constexpr std::array<std::pair<std::string_view, BedrockMaker>, 5> makers = {{
    {"anthropic", BedrockMaker::anthropic},
    {"amazon", BedrockMaker::amazon},
    {"openai", BedrockMaker::openai},
    {"qwen", BedrockMaker::qwen},
    {"mistral", BedrockMaker::mistral},
}};

}  // namespace

std::string_view bedrock_publisher(std::string_view model) noexcept {
  // "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-..."
  if (const std::size_t slash = model.rfind('/'); slash != model.npos) {
    model.remove_prefix(slash + 1);
  }
  const std::size_t dot = model.find('.');
  if (dot == model.npos) return {};
  const std::string_view first = model.substr(0, dot);
  // An inference profile begins with where it may run; no maker's name is like that.
  const bool is_place =
      first.size() == 2 || first == "apac" || first == "global" || first.starts_with("us-gov");
  if (!is_place) return first;
  const std::string_view rest = model.substr(dot + 1);
  return rest.substr(0, std::min(rest.find('.'), rest.size()));
}

BedrockMaker bedrock_maker(const ChatTarget& target) noexcept {
  std::string_view name = target.traits.publisher;
  if (name.empty()) name = bedrock_publisher(target.upstream_model);
  for (const auto& [known, maker] : makers) {
    if (name == known) return maker;
  }
  return BedrockMaker::other;
}

std::string bedrock_target(std::string_view model, bool stream) {
  std::string out = "/model/";
  for (const char c : model) {
    if (is_name_letter(c) || c == '.' || c == '~') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    for (const char part : {'%', static_cast<char>(hex_digits[byte >> 4]),
                            static_cast<char>(hex_digits[byte & 15])}) {
      out.push_back(part >= 'a' && part <= 'f' ? static_cast<char>(part - 'a' + 'A') : part);
    }
  }
  return out += stream ? "/converse-stream" : "/converse";
}

std::string bedrock_call_id(BedrockMaker maker, json::Text id) {
  std::string scratch;
  const std::string_view plain = id.plain(scratch);
  // Kimi's ids ("functions.weather:0") are ones that Converse takes; Anthropic's models do not.
  const auto is_legal = [maker](char c) {
    return is_name_letter(c) || (maker != BedrockMaker::anthropic && (c == '.' || c == ':'));
  };
  if (!plain.empty() && plain.size() <= name_bytes_max && std::ranges::all_of(plain, is_legal)) {
    return std::string(plain);
  }
  std::string made = "call_";
  append_hash(made, plain, 0xcbf29ce484222325);
  append_hash(made, plain, 0x6c62272e07bb0142);
  return made;
}

std::string bedrock_past_name(json::Text name) {
  std::string scratch;
  std::string out(name.plain(scratch).substr(0, name_bytes_max));
  std::ranges::replace_if(out, [](char c) { return !is_name_letter(c); }, '_');
  return out.empty() ? "unknown" : out;
}

bool is_bedrock_tool_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= name_bytes_max &&
         std::ranges::all_of(name, is_name_letter);
}

}  // namespace sluice::llm
