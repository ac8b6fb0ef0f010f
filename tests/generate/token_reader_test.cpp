// SPDX-License-Identifier: Apache-2.0
// Replies that are given little time, or stopped: what they have read stays, and is what a fresh session reads.
#include <nibble/generate/token_reader.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/same_bits.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using namespace std::chrono_literals;
using nibble::advance_result;
using nibble::errc;
using nibble::finish_reason;
using nibble::generation_options;
using nibble::session;
using nibble::token;
using nibble::test::same_bits_as;
using nibble::test::tiny_model;

namespace {

const std::vector<token>& prompt() {
    static const auto tokens = tiny_model().tokenizer().encode(
        "Once upon a time there was a small otter. It lived by the river and had a red flag. Every day it went to the "
        "village to see its friends, the dog and the sheep, and they told each other stories about the sea.");
    return tokens;
}

const generation_options greedy{.temperature = 0, .max_tokens = 12};

/// The text of such a reply, and the session behind it.
std::string expected_text() {
    session s{tiny_model()};
    return s.generate(prompt(), greedy).finish();
}

std::vector<float> logits_of(const session& s) { return {s.logits().begin(), s.logits().end()}; }

/// The logits of a session that has read nothing but these.
std::vector<float> logits_after(std::span<const token> tokens) {
    session s{tiny_model()};
    s.prefill(tokens);
    return logits_of(s);
}

}  // namespace

TEST_CASE("a reply gets on however little time it has, and keeps what it did", "[token_reader]") {
    const std::size_t n_steps = tiny_model().config().n_layers + 1, n_passes = (prompt().size() + 15) / 16;
    for (const auto time : {0ns, std::chrono::nanoseconds{-1h}}) {
        session s{tiny_model(), {.threads = 2}};
        auto options = greedy;
        options.lazy_prompt = true;
        std::vector<std::size_t> told;
        options.on_progress = [&](std::size_t done, std::size_t) { told.push_back(done); };
        auto reply = s.generate(prompt(), options);
        CHECK(s.position() == 0);
        CHECK(told.empty());
        for (std::size_t i = 1; i <= n_steps * n_passes; ++i) {
            REQUIRE(reply.advance_for(time) == advance_result::pending);
            REQUIRE(s.position() == std::min(i / n_steps * 16, prompt().size()));
        }
        CHECK(told.size() == n_passes + 1);
        CHECK(told.back() == prompt().size());
        CHECK_THAT(logits_of(s), (same_bits_as{logits_after(prompt()), tiny_model().config().n_vocab}));

        std::string text;
        std::size_t n_calls = 0;
        for (auto result = advance_result::pending; result != advance_result::done; ++n_calls) {
            result = reply.advance_for(time);
            CHECK(reply.piece().empty() == (result != advance_result::piece));
            text += reply.piece();
        }
        CHECK(n_calls <= (n_steps + 1) * reply.tokens().size() + 1);
        CHECK(text == expected_text());
        CHECK(reply.text() == text);
        CHECK(reply.reason() == finish_reason::end_token);
        CHECK(reply.advance_for(time) == advance_result::done);
        CHECK(reply.stats().prompt_tokens == prompt().size());
    }
}

TEST_CASE("with time enough a reply advances by a piece, and can be walked on", "[token_reader]") {
    session s{tiny_model()};
    for (const bool lazy : {false, true}) {
        auto options = greedy;
        options.lazy_prompt = lazy;
        auto reply = s.generate(prompt(), options);
        CHECK(reply.advance_for(std::chrono::nanoseconds::max()) == advance_result::piece);
        std::string text{reply.piece()};
        CHECK_FALSE(text.empty());
        CHECK(reply.advance_for(24h) == advance_result::piece);
        text += reply.piece();
        (void)reply.advance_for(0ns);
        for (const auto piece : reply) text += piece;
        CHECK(text == expected_text());
        s.rewind(0);
    }
}

TEST_CASE("a prompt for later is read by whatever comes", "[token_reader]") {
    auto options = greedy;
    options.lazy_prompt = true;
    session s{tiny_model()};
    CHECK(s.generate(prompt(), options).finish() == expected_text());
    s.rewind(0);
    std::string raw;
    for (const auto& event : s.generate(prompt(), options).events()) raw += event.raw;
    CHECK(raw == expected_text());

    auto reply = s.generate(prompt(), options);
    CHECK(reply.stats().reused_tokens == prompt().size() - 1);
    s.decode(0);
    try {
        (void)reply.advance_for(0ns);
        FAIL("no error");
    } catch (const nibble::error& e) {
        CHECK(e.code() == errc::ctx_busy);
    }
}

TEST_CASE("what on_progress throws while a reply advances costs nothing", "[token_reader]") {
    session s{tiny_model(), {.batch = 8}};
    auto options = greedy;
    options.lazy_prompt = true;
    bool fail = true;
    options.on_progress = [&](std::size_t done, std::size_t total) {
        if (fail && (done == 16 || done == total)) throw std::runtime_error("stop");
    };
    auto reply = s.generate(prompt(), options);
    CHECK_THROWS_AS(reply.begin(), std::runtime_error);
    CHECK(s.position() == 16);
    CHECK_THROWS_AS(reply.advance_for(1h), std::runtime_error);
    fail = false;
    (void)reply.advance_for(0ns);
    CHECK(s.position() == 16);
    fail = true;
    CHECK_THROWS_AS(
        [&] {
            while (reply.tokens().empty()) (void)reply.advance_for(0ns);
        }(),
        std::runtime_error);
    CHECK(s.position() == prompt().size());
    CHECK(reply.finish() == expected_text());
}

TEST_CASE("a deadline in the past ends a reply at once and costs nothing", "[token_reader]") {
    session s{tiny_model()};
    auto options = greedy;
    options.deadline = std::chrono::steady_clock::now();
    for (const bool lazy : {false, true}) {
        options.lazy_prompt = lazy;
        auto reply = s.generate(prompt(), options);
        CHECK(reply.finish().empty());
        CHECK(reply.reason() == finish_reason::deadline);
        CHECK(reply.advance_for(1h) == advance_result::done);
        CHECK(s.position() == 0);
    }
    CHECK_FALSE(s.prefill(prompt(), nullptr, options.deadline));
    CHECK(s.position() == 0);
    CHECK_THROWS_AS(s.logits(), nibble::error);
    s.prefill({prompt().data(), 10});
    options.lazy_prompt = false;
    CHECK(s.generate(prompt(), options).reason() == finish_reason::deadline);
    CHECK(s.position() == 10);

    options = greedy;
    options.deadline = std::chrono::steady_clock::now() + 24h;
    auto reply = s.generate(prompt(), options);
    CHECK(reply.stats().reused_tokens == 10);
    CHECK(reply.finish() == expected_text());
    CHECK(reply.reason() == finish_reason::end_token);
}

TEST_CASE("a deadline that comes while the prompt is read keeps the batches so far", "[token_reader]") {
    session s{tiny_model(), {.batch = 4}};
    auto options = greedy;
    options.deadline = std::chrono::steady_clock::now() + 100ms;
    std::size_t told = 0;
    options.on_progress = [&](std::size_t done, std::size_t) {
        told = done;
        while (done >= 8 && std::chrono::steady_clock::now() < options.deadline) std::this_thread::yield();
    };
    auto reply = s.generate(prompt(), options);
    CHECK(reply.reason() == finish_reason::deadline);
    CHECK(told <= 8);
    CHECK(s.position() == told);
    CHECK(s.generate(prompt(), greedy).finish() == expected_text());
}

TEST_CASE("cancelled from another thread, anywhere, a session goes on as if nothing had been", "[token_reader]") {
    session s{tiny_model(), {.threads = 2, .batch = 16}};
    for (int i = 0; i < 20; ++i) {
        std::atomic<bool> cancel = false, begun = false;
        std::thread other{[&] {
            while (!begun) std::this_thread::yield();
            for (int n = 0; n < i * 20; ++n) std::this_thread::yield();
            cancel = true;
        }};
        auto options = greedy;
        options.cancel = &cancel;
        options.on_progress = [&](std::size_t, std::size_t) { begun = true; };
        s.rewind(0);
        auto reply = s.generate(prompt(), options);
        const std::string text{reply.finish()};
        other.join();
        const std::size_t n_read = s.position();
        CAPTURE(i, n_read);
        if (n_read < prompt().size()) {
            CHECK(n_read % 16 == 0);
            CHECK(reply.reason() == finish_reason::cancelled);
        }
        CHECK(expected_text().starts_with(text));
        auto again = s.generate(prompt(), greedy);
        CHECK(again.stats().reused_tokens == std::min(n_read, prompt().size() - 1));
        CHECK_THAT(logits_of(s), (same_bits_as{logits_after(prompt()), tiny_model().config().n_vocab}));
        CHECK(again.finish() == expected_text());
    }
}
