// Signs the requests it reads, one per line: aws_signature_peer.py says how, and checks them.
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/upstream/aws_signature.h"

namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == '\t') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

}  // namespace

int main() {
  using namespace sluice;
  using namespace sluice::upstream;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> parts = split(line);
    if (parts.size() < 10) return 1;
    catalog::AwsKey credentials{.access_key_id = parts[1],
                                .secret_access_key = Secret(std::move(parts[2])),
                                .session_token = Secret(std::move(parts[3]))};
    std::vector<AwsField> fields;
    for (std::size_t at = 10; at + 1 < parts.size(); at += 2) {
      fields.push_back({.name = parts[at], .value = parts[at + 1]});
    }
    const std::string_view payload = parts[9];
    const std::string hash = aws_payload_hash({&payload, 1});
    const AwsSignature signature =
        sign_aws_request(credentials, {.region = parts[4], .service = parts[5]},
                         {.method = parts[6],
                          .path = parts[7],
                          .query = parts[8],
                          .fields = fields,
                          .payload_hash = hash},
                         WallTime(std::chrono::seconds(std::stoll(parts[0]))));
    std::cout << signature.authorization << '\t' << signature.date << '\t'
              << signature.security_token.reveal() << '\n';
  }
}
