#include "sluice/http/field_name.h"

#include "field_slots.h"

namespace sluice::http {

FieldName field_name(std::string_view text) noexcept {
  return text.empty() ? FieldName::other : look_up_field_name(text);
}

}  // namespace sluice::http
