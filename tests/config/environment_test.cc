#include "sluice/config/environment.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::config {
namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return (path / name).string();
  }
};

TEST(ProcessEnvironment, KnowsTheVariablesOfThisProcess) {
  ::setenv("SLUICE_TEST_VARIABLE", "v", 1);
  const Environment environment = process_environment();
  EXPECT_EQ(environment.variable("SLUICE_TEST_VARIABLE"), "v");
  ::unsetenv("SLUICE_TEST_VARIABLE");
  EXPECT_EQ(environment.variable("SLUICE_TEST_VARIABLE"), std::nullopt);
}

TEST(ProcessEnvironment, ReadsAWholeFileWithItsMode) {
  const Folder folder;
  const std::string bytes("a\0b\n", 4);
  const std::string path = folder.write("f", bytes);
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  const auto contents = process_environment().read_file(path, 4);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->bytes, bytes);
  EXPECT_EQ(contents->mode, 0640U);
}

TEST(ProcessEnvironment, RefusesAFileLargerThanAllowed) {
  const Folder folder;
  const auto contents = process_environment().read_file(folder.write("f", "12345"), 4);
  ASSERT_FALSE(contents);
  EXPECT_EQ(contents.error().kind, ErrorKind::too_large);
}

TEST(ProcessEnvironment, ReadsAnEmptyFile) {
  const Folder folder;
  const auto contents = process_environment().read_file(folder.write("f", ""), 4);
  ASSERT_TRUE(contents);
  EXPECT_EQ(contents->bytes, "");
}

TEST(ProcessEnvironment, TellsAMissingFileFromOneThatIsNoFile) {
  const Folder folder;
  const Environment environment = process_environment();
  EXPECT_EQ(environment.read_file((folder.path / "x").string(), 4).error().kind,
            ErrorKind::not_found);
  EXPECT_EQ(environment.read_file(folder.path.string(), 4).error().kind, ErrorKind::invalid);
  const std::string fifo = (folder.path / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(environment.read_file(fifo, 4).error().kind, ErrorKind::invalid) << "and does not hang";
}

}  // namespace
}  // namespace sluice::config
