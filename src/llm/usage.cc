#include "sluice/llm/usage.h"

namespace sluice::llm {

void Usage::update(const Usage& later) noexcept {
  static constexpr Count Usage::* counts[] = {&Usage::input,
                                              &Usage::cached_input,
                                              &Usage::cache_write_input,
                                              &Usage::cache_write_5m_input,
                                              &Usage::cache_write_1h_input,
                                              &Usage::audio_input,
                                              &Usage::image_input,
                                              &Usage::output,
                                              &Usage::reasoning_output,
                                              &Usage::audio_output,
                                              &Usage::image_output,
                                              &Usage::accepted_prediction_output,
                                              &Usage::rejected_prediction_output,
                                              &Usage::total};
  static_assert(sizeof counts / sizeof counts[0] * sizeof(Count) == sizeof(Usage));
  for (const auto count : counts) {
    if (later.*count) this->*count = later.*count;
  }
}

}  // namespace sluice::llm
