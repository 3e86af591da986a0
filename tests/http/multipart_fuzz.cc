// Fuzzes media types and multipart forms. The input's first line is a Content-Type, the rest a
// body.
//   1. every view points into its input;
//   2. the raw parts in order and the closing boundary are the whole body;
//   3. a form built from the parts again is read as the same parts.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/http/media_type.h"
#include "sluice/http/multipart.h"

namespace {

using namespace sluice::http;

void assert_inside(std::string_view outer, std::string_view view) {
  if (view.empty()) return;
  SLUICE_ASSERT(view.data() >= outer.data());
  SLUICE_ASSERT(view.data() + view.size() <= outer.data() + outer.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view input(reinterpret_cast<const char*>(data), size_bytes);
  const std::size_t line_end = input.find('\n');
  if (line_end == input.npos) return 0;
  const auto media_type = MediaType::parse(input.substr(0, line_end));
  if (!media_type) return 0;
  assert_inside(input, media_type->type());
  assert_inside(input, media_type->subtype());
  const auto boundary = media_type->boundary();
  if (!boundary) return 0;
  assert_inside(input, *boundary);

  const std::string_view body = input.substr(line_end + 1);
  const auto form = MultipartForm::parse(body, *boundary);
  if (!form) {
    SLUICE_ASSERT(form.error().reason[0] != '\0');
    return 0;
  }
  const std::string dashed = "--" + std::string(*boundary);
  std::string joined;
  std::string rebuilt;
  for (const MultipartPart& part : form->parts()) {
    for (const std::string_view view : {part.name, part.content_type, part.body, part.raw}) {
      assert_inside(body, view);
    }
    if (part.filename) assert_inside(body, *part.filename);
    joined += part.raw;
    rebuilt += dashed + "\r\nContent-Disposition: form-data; name=\"" + std::string(part.name) +
               "\"\r\n\r\n" + std::string(part.body) + "\r\n";
  }
  SLUICE_ASSERT(body.starts_with(joined + dashed + "--"));
  SLUICE_ASSERT(body.size() - joined.size() - dashed.size() - 2 <= 2);

  rebuilt += dashed + "--";
  const auto again = MultipartForm::parse(rebuilt, *boundary);
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again->parts().size() == form->parts().size());
  for (std::size_t i = 0; i < form->parts().size(); ++i) {
    SLUICE_ASSERT(again->parts()[i].name == form->parts()[i].name);
    SLUICE_ASSERT(again->parts()[i].body == form->parts()[i].body);
  }
  return 0;
}
