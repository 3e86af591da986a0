// Checks the events of a Responses API stream against the grammar that its clients rely on, without
// a look at how they were written: items one after the other, parts inside, deltas that add up to
// what is done, and at the end a response that holds what was said.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "recorded.h"
#include "sluice/json/value.h"

namespace sluice::llm {

class ResponsesGrammar {
 public:
  /// The response at the end; empty where there is none.
  std::string check(std::string_view stream) {
    const std::vector<RecordedEvent> events = split_events(stream);
    for (const RecordedEvent& event : events) {
      if (!index_.build(event.data)) {
        ADD_FAILURE() << event.data;
        return {};
      }
      const json::Value top = json::root(index_);
      EXPECT_EQ(text(top, "type"), event.name);
      EXPECT_EQ(raw(top, "sequence_number"), std::to_string(sequence_++)) << event.data;
      EXPECT_TRUE(last_.empty()) << "nothing follows the end";
      take(event.name, top);
    }
    EXPECT_FALSE(last_.empty()) << "no end";
    return last_;
  }

 private:
  static std::string text(std::optional<json::Value> object, std::string_view name) {
    const auto value = object ? object->find(name) : std::nullopt;
    return value ? value->string().value_or("") : "";
  }
  static std::string raw(std::optional<json::Value> object, std::string_view name) {
    const auto value = object ? object->find(name) : std::nullopt;
    return value ? std::string(value->raw()) : "";
  }

  void take(const std::string& type, json::Value top) {
    if (type == "response.created" || type == "response.in_progress") {
      EXPECT_EQ(sequence_, type == "response.created" ? 1 : 2);
      EXPECT_EQ(text(top.find("response"), "status"), "in_progress");
      EXPECT_EQ(raw(top.find("response"), "output"), "[]");
      id_ = text(top.find("response"), "id");
    } else if (type == "response.completed" || type == "response.incomplete") {
      take_end(type, top);
    } else {
      EXPECT_GT(sequence_, 2);
      EXPECT_EQ(raw(top, "output_index"), std::to_string(items_.size()));
      if (type == "response.output_item.added") {
        take_added(top);
      } else if (type == "response.output_item.done") {
        take_done(top);
      } else {
        EXPECT_EQ(text(top, "item_id"), item_id_);
        take_inside(type, top);
      }
    }
  }

  void take_added(json::Value top) {
    EXPECT_TRUE(item_id_.empty()) << "one item at a time";
    item_id_ = text(top.find("item"), "id");
    item_type_ = text(top.find("item"), "type");
    EXPECT_FALSE(item_id_.empty());
    parts_.clear();
    arguments_.clear();
    part_open_ = false;
    arguments_done_ = false;
  }

  void take_done(json::Value top) {
    const json::Value item = *top.find("item");
    EXPECT_EQ(text(item, "id"), item_id_);
    EXPECT_EQ(text(item, "type"), item_type_);
    EXPECT_FALSE(part_open_);
    std::string parts = "[";
    for (const std::string& part : parts_) parts += (parts == "[" ? "" : ",") + part;
    parts += "]";
    if (item_type_ == "message") {
      EXPECT_EQ(raw(item, "content"), parts);
      EXPECT_FALSE(parts_.empty());
    }
    if (item_type_ == "reasoning") {
      EXPECT_EQ(raw(item, "summary"), parts);
    }
    if (item_type_ == "function_call" || item_type_ == "custom_tool_call") {
      EXPECT_TRUE(arguments_done_);
      EXPECT_EQ(text(item, item_type_ == "function_call" ? "arguments" : "input"), arguments_);
      EXPECT_FALSE(text(item, "call_id").empty());
      EXPECT_FALSE(text(item, "name").empty());
    }
    items_.emplace_back(item.raw());
    item_id_.clear();
  }

  void take_inside(const std::string& type, json::Value top) {
    const auto ends = [&](std::string_view with) { return type.ends_with(with); };
    if (ends("_arguments.delta") || ends("_input.delta")) {
      EXPECT_FALSE(arguments_done_);
      arguments_ += text(top, "delta");
    } else if (ends("_arguments.done") || ends("_input.done")) {
      arguments_done_ = true;
      EXPECT_EQ(text(top, ends("_input.done") ? "input" : "arguments"), arguments_);
    } else if (ends("_call.completed")) {
      EXPECT_EQ(item_type_, "image_generation_call");
    } else {
      const bool is_summary = item_type_ == "reasoning";
      EXPECT_EQ(raw(top, is_summary ? "summary_index" : "content_index"),
                std::to_string(parts_.size()));
      take_part(type, top);
    }
  }

  void take_part(const std::string& type, json::Value top) {
    const auto part = top.find("part");
    if (type.ends_with("_part.added")) {
      EXPECT_FALSE(part_open_);
      part_open_ = true;
      part_done_ = false;
      part_type_ = text(part, "type");
      said_.clear();
      annotations_ = 0;
      return;
    }
    EXPECT_TRUE(part_open_) << type;
    const std::string member = part_type_ == "refusal" ? "refusal" : "text";
    if (type.ends_with("_part.done")) {
      EXPECT_TRUE(part_done_);
      EXPECT_EQ(text(part, "type"), part_type_);
      EXPECT_EQ(text(part, member), said_);
      parts_.emplace_back(part->raw());
      part_open_ = false;
    } else if (type.ends_with(".annotation.added")) {
      EXPECT_EQ(raw(top, "annotation_index"), std::to_string(annotations_++));
      EXPECT_EQ(part_type_, "output_text");
    } else if (type.ends_with(".delta")) {
      EXPECT_EQ(type, "response." + stem() + ".delta");
      said_ += text(top, "delta");
    } else {
      EXPECT_EQ(type, "response." + stem() + ".done");
      EXPECT_EQ(text(top, member), said_);
      part_done_ = true;
    }
  }

  [[nodiscard]] std::string stem() const {
    if (part_type_ == "summary_text") return "reasoning_summary_text";
    return part_type_;
  }

  void take_end(const std::string& type, json::Value top) {
    const auto response = top.find("response");
    EXPECT_TRUE(item_id_.empty());
    EXPECT_EQ(text(response, "id"), id_);
    EXPECT_EQ("response." + text(response, "status"), type);
    EXPECT_EQ(raw(response, "incomplete_details") == "null", type == "response.completed");
    std::string output = "[";
    for (const std::string& item : items_) output += (output == "[" ? "" : ",") + item;
    EXPECT_EQ(raw(response, "output"), output + "]");
    last_ = std::string(response->raw());
  }

  json::Index index_{json::IndexLimits{.depth_max = 256}};
  int sequence_ = 0;
  std::string id_, item_id_, item_type_, part_type_, said_, arguments_, last_;
  std::vector<std::string> items_, parts_;
  int annotations_ = 0;
  bool part_open_ = false, part_done_ = false, arguments_done_ = false;
};

}  // namespace sluice::llm
