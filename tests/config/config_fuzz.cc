// Fuzzes the configuration: any bytes as the file. Byte 0 chooses what the environment holds.
//   1. it ends with a configuration or with a complaint, never with neither;
//   2. every complaint is one line with a text, and its place is inside the file;
//   3. no secret the environment gave appears in any complaint or in the report;
//   4. a table that was built is whole: every deployment has a provider of the table, every name
//      leads to its model.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fake_environment.h"
#include "sluice/base/assert.h"
#include "sluice/config/report.h"

namespace {

using namespace sluice;

constexpr std::string_view canary = "q7-canary-value-Zz";

config::FakeEnvironment world(std::uint8_t choice) {
  config::FakeEnvironment fake;
  const std::string secret(canary);
  if ((choice & 1) != 0) fake.variables["OPENAI_API_KEY"] = secret;
  if ((choice & 2) != 0) fake.variables["K"] = secret + " \n";
  if ((choice & 4) != 0) fake.variables["CREDENTIALS_DIRECTORY"] = "/cred";
  if ((choice & 8) != 0) fake.files["/cred/k"] = {secret, 0644};
  if ((choice & 16) != 0) fake.files["/k"] = {secret + "\n" + secret, 0600};
  return fake;
}

void check_complaints(const config::Complaints& complaints, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const config::Complaint& complaint : complaints.all()) {
    SLUICE_ASSERT(!complaint.text.empty());
    SLUICE_ASSERT(complaints.render(complaint).find('\n') == std::string::npos);
    SLUICE_ASSERT(complaint.place.line <= lines + 1);
  }
}

void check_table(const catalog::ModelTable& table) {
  std::uint32_t deployments = 0;
  for (const catalog::Model& model : table.models()) {
    SLUICE_ASSERT(table.find(model.name) == &model);
    SLUICE_ASSERT(!model.deployments.empty());
    for (const catalog::Deployment& deployment : model.deployments) {
      SLUICE_ASSERT(deployment.index == deployments++);
      SLUICE_ASSERT(table.providers().at(deployment.provider->index).get() == deployment.provider);
      SLUICE_ASSERT(deployment.provider->dialect == catalog::Dialect::openai);
      SLUICE_ASSERT(deployment.weight > 0);
    }
  }
  SLUICE_ASSERT(table.deployment_count() == deployments);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  config::FakeEnvironment fake = world(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  // A file that holds the canary itself proves nothing about where it came from.
  if (text.find(canary) != std::string_view::npos) return 0;
  const config::Loaded loaded = config::load_text(std::string(text), fake);
  check_complaints(loaded.complaints, text);
  const std::string report = config::render_report(loaded);
  SLUICE_ASSERT(!report.empty());
  SLUICE_ASSERT(report.find(canary) == std::string::npos);
  if (loaded.complaints.failed()) return 0;
  SLUICE_ASSERT(!loaded.models.models().empty());
  check_table(loaded.models);
  return 0;
}
