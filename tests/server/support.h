// What the server's tests share: a configuration from text, a blocking HTTP client, free ports.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "sluice/catalog/catalog.h"
#include "sluice/config/environment.h"
#include "sluice/server/load_configuration.h"

namespace sluice::server::testing {

/// A folder of its own for each test, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-server-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// An environment of these variables and the file test.toml; absolute paths are real files.
inline config::Environment environment(std::map<std::string, std::string> variables,
                                       std::string file_text = {}) {
  config::Environment environment;
  environment.variable =
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  environment.read_file = [text = std::move(file_text)](const std::string& path,
                                                        std::size_t bytes_max) {
    if (path.starts_with('/')) return config::process_environment().read_file(path, bytes_max);
    if (path != "test.toml") {
      return Result<config::FileContents>(fail({.kind = ErrorKind::not_found}));
    }
    return Result<config::FileContents>(config::FileContents{.bytes = text});
  };
  return environment;
}

inline const catalog::Catalog& catalogue() {
  static const catalog::Catalog parsed =
      catalog::Catalog::parse(catalog::builtin_catalog_json()).value();
  return parsed;
}

/// What a file of that text gives; fails the test when it has errors.
inline config::Loaded loaded(const std::string& text, Overrides overrides = {}) {
  overrides.path = "test.toml";
  config::Loaded result = load_configuration(overrides, catalogue(), environment({}, text));
  EXPECT_FALSE(result.complaints.failed()) << result.complaints.render();
  return result;
}

inline constexpr const char* local_provider =
    "[[provider]]\nname = \"own\"\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n"
    "keys = []\n[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = \"own\"\nmodel = "
    "\"m1\"\n";

/// Sends `request` and reads until the server closes; empty when it does not accept.
inline std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    (void)!::write(fd, request.data(), request.size());
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(fd, buffer, sizeof buffer)) > 0) {
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }
  ::close(fd);
  return answer;
}

inline std::string get(std::uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
}

}  // namespace sluice::server::testing
