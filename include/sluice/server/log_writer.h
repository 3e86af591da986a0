// LogWriter: the thread that writes what the workers and the keeper log.
//
//   worker: LogBuffer --.                       .--> access target: stderr, stdout or a file
//   worker: LogBuffer ---+--> this thread ------+
//   keeper: LogBuffer --'                       '--> standard error
//
// Nobody waits for a disk or a pipe: a target that takes nothing leaves its lines in the buffers,
// which drop and count what does not fit. Lines stay whole: the rest of one that was written in
// part comes before any other to the same target.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/telemetry/log_buffer.h"

namespace sluice::server {

class LogWriter {
 public:
  LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  /// Writes what is left, for at most two seconds, and joins the thread.
  ~LogWriter();

  /// Where access lines go. Opens a file for appending (mode 0640); on failure one sentence, and
  /// the target is as before. Any thread.
  [[nodiscard]] std::expected<void, std::string> use_access_target(const config::LogConfig& config);
  /// Opens the access file anew, after it was renamed; nothing to do for the other targets.
  [[nodiscard]] std::expected<void, std::string> reopen();

  /// Buffers to read from. Lifetime: they outlive the writer. Before start() only.
  void read_access_lines(telemetry::LogBuffer& buffer);
  void read_events(telemetry::LogBuffer& buffer);
  void start();

 private:
  struct Output;
  struct Source {
    telemetry::LogBuffer* buffer;
    bool is_access;
  };
  void run();
  bool pump();
  bool gather(Output& output);

  std::mutex mutex_;  // of everything below: the keeper changes targets, the thread writes
  std::condition_variable changed_;
  std::vector<Source> sources_;
  std::unique_ptr<Output> errors_;  // standard error; access lines too when they go there
  std::unique_ptr<Output> access_;  // null: access lines go to errors_, or nowhere
  config::LogConfig::Target access_target_ = config::LogConfig::Target::off;
  std::string access_path_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::server
