#include "sluice/ring/mailbox.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/loop.h"

namespace sluice::ring {
namespace {

TEST(Mailbox, AMessagePostedBeforeTheOwnerLivesWaits) {
  Mailbox<std::string> mailbox(4);
  EXPECT_TRUE(mailbox.post("early"));
  EXPECT_EQ(mailbox.take(), "early");
  EXPECT_EQ(mailbox.take(), std::nullopt);
}

TEST(Mailbox, AFullMailboxRefuses) {
  Mailbox<int> mailbox(1);
  EXPECT_TRUE(mailbox.post(1));
  EXPECT_FALSE(mailbox.post(2));
}

TEST(Mailbox, APostEndsTheOwnersWait) {
  auto backend = make_kernel_backend({});
  ASSERT_TRUE(backend.has_value()) << backend.error().what;
  Loop loop(**backend, 1);
  Mailbox<int> mailbox(4);
  mailbox.attach(**backend);
  std::thread sender([&mailbox] { EXPECT_TRUE(mailbox.post(7)); });
  std::optional<int> got;
  while (!(got = mailbox.take())) loop.turn();  // hangs where the wake-up is lost
  EXPECT_EQ(got, 7);
  mailbox.leave();
  sender.join();
}

TEST(Mailbox, NoMessageIsLostWhileTheOwnerSleepsAndWakes) {
  constexpr int messages = 2'000;
  auto backend = make_kernel_backend({});
  ASSERT_TRUE(backend.has_value()) << backend.error().what;
  Loop loop(**backend, 1);
  Mailbox<int> mailbox(4);
  mailbox.attach(**backend);
  std::thread sender([&mailbox] {
    for (int next = 0; next < messages;) {
      if (mailbox.post(int(next))) {
        ++next;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (int expected = 0; expected < messages;) {
    while (const auto got = mailbox.take()) {
      ASSERT_EQ(*got, expected);
      ++expected;
    }
    if (expected < messages) loop.turn();
  }
  sender.join();
  mailbox.leave();
}

TEST(Mailbox, PostingToAnOwnerThatLeftTouchesNothingOfIts) {
  Mailbox<int> mailbox(4);
  {
    auto backend = make_kernel_backend({});
    ASSERT_TRUE(backend.has_value()) << backend.error().what;
    mailbox.attach(**backend);
    mailbox.leave();
  }
  EXPECT_TRUE(mailbox.post(1));
}

}  // namespace
}  // namespace sluice::ring
