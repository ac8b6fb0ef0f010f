// SPDX-License-Identifier: Apache-2.0
// Many sequences in one pass: each has the bits that it has by itself, and what a batch may not be is refused.
#include <nibble/generate/engine.hpp>

#include <algorithm>
#include <atomic>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/memory.hpp"
#include "support/model_file.hpp"
#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/sanitizers.hpp"
#include "test.hpp"

using nibble::batch_item;
using nibble::engine;
using nibble::engine_options;
using nibble::errc;
using nibble::model;
using nibble::session;
using nibble::token;

namespace {

model open(const std::string& name) { return model::load(nibble::test::data_dir() / (name + ".gguf")); }

/// The logits after tokens that a session reads by itself: at once, fresh.
std::vector<float> alone(session& s, std::span<const token> tokens) {
    s.rewind(0);
    s.prefill(tokens);
    return {s.logits().begin(), s.logits().end()};
}

/// Random tokens, forks, rewinds and cancellations of some sequences. The logits of every batch are looked at.
class schedule {
public:
    schedule(const model& source, std::uint32_t seed)
        : engine_(source, {.context = 300, .threads = 2, .batch = 20, .sequences = most, .positions = 4 * 384}),
          reference_(source, {.context = 300, .threads = 1}),
          random_(seed),
          logits_(most * 3 * n_vocab()) {}

    void step() {
        switch (below(8)) {
            case 0:
                if (sequences_.size() < most) sequences_.emplace_back(engine_);
                break;
            case 1:
                if (!sequences_.empty() && sequences_.size() < most) sequences_.push_back(any().fork());
                break;
            case 2:
                if (!sequences_.empty()) rewind(any());
                break;
            case 3:
                if (!sequences_.empty() && below(4) == 0)
                    sequences_.erase(sequences_.begin() + static_cast<int>(below(sequences_.size())));
                break;
            default: read();
        }
    }

    [[nodiscard]] std::size_t n_read() const { return n_read_; }
    [[nodiscard]] std::size_t n_full() const { return n_full_; }

private:
    static constexpr std::size_t most = 5;

    [[nodiscard]] std::size_t n_vocab() const { return engine_.model().config().n_vocab; }
    std::size_t below(std::size_t n) { return random_() % n; }
    nibble::sequence& any() { return sequences_[below(sequences_.size())]; }

    void rewind(nibble::sequence& of) {
        const std::size_t to = below(4) == 0 ? 0 : of.position() - below(std::min<std::size_t>(of.position(), 21) + 1);
        try {
            of.rewind(to);
        } catch (const nibble::error& e) {  // windows have moved on
            CHECK(e.code() == errc::ctx_bad_range);
            CHECK(of.position() - to > 0);
            of.rewind(0);
        }
    }

    void read() {
        std::vector<std::vector<token>> tokens;
        std::vector<batch_item> batch;
        tokens.reserve(most);
        for (auto& each : sequences_) {
            if (below(3) == 0) continue;
            const std::size_t n = 1 + (below(3) == 0 ? below(50) : below(4));
            if (each.position() + n > each.context()) continue;
            std::vector<token>& next = tokens.emplace_back(n);
            for (token& id : next) id = static_cast<token>(below(n_vocab()));
            batch.push_back({&each, next, below(std::min<std::size_t>(n, 3) + 1)});
        }
        std::shuffle(batch.begin(), batch.end(), random_);
        std::size_t n_logits = 0;
        for (const batch_item& item : batch) n_logits += item.n_logits;
        std::vector<std::size_t> before;
        for (const batch_item& item : batch) before.push_back(item.to->position());
        const std::atomic<bool> cancel = below(10) == 0;
        try {
            const bool done = engine_.run(batch, {logits_.data(), n_logits * n_vocab()}, {.cancel = &cancel});
            CHECK(done != (cancel && !batch.empty()));
        } catch (const nibble::error& e) {
            CHECK(e.code() == errc::ctx_full);
            for (std::size_t i = 0; i < batch.size(); ++i) CHECK(batch[i].to->position() == before[i]);
            ++n_full_;
            sequences_.pop_back();
            return;
        }
        if (cancel) return;
        const float* row = logits_.data();
        for (const batch_item& item : batch)
            for (std::size_t i = item.n_logits; i > 0; --i, row += n_vocab()) {
                const auto expected = alone(reference_, item.to->tokens().first(item.to->position() + 1 - i));
                REQUIRE(std::equal(expected.begin(), expected.end(), row));
                ++n_read_;
            }
    }

    engine engine_;
    session reference_;
    std::mt19937 random_;
    std::vector<float> logits_;
    std::vector<nibble::sequence> sequences_;
    std::size_t n_read_ = 0, n_full_ = 0;
};

void run_schedules(int n_steps) {
    // everything seen, windows, a convolution, experts
    for (const auto* name : {"smollm3-q4_k", "gemma2-f32", "lfm2-f32", "qwen3moe-f32"}) {
        CAPTURE(name);
        const model m = open(name);
        schedule random{m, 7};
        for (int i = 0; i < n_steps; ++i) random.step();
        CHECK(random.n_read() > static_cast<std::size_t>(n_steps) / 4);
        CHECK(random.n_full() > 0);
    }
}

}  // namespace

TEST_CASE("every sequence of a batch has the bits that it has alone, whatever happens to the others", "[engine]") {
    run_schedules(500);  // and 10,000 once: four minutes
}

TEST_CASE("forks read what they share once and keep it once", "[engine]") {
    const model m = open("smollm3-q4_k");
    const auto n_vocab = m.config().n_vocab;
    const std::vector<token> prefix(256, 3);
    const engine_options options{
        .context = 300, .threads = 1, .batch = 64, .sequences = 20, .positions = 256 + 20 * 128};
    engine e{m, options};
    nibble::sequence first{e};
    std::vector<float> logits(20 * n_vocab);
    e.run({{&first, prefix, 1}}, {logits.data(), n_vocab});
    std::vector<nibble::sequence> users;
    for (int i = 0; i < 20; ++i) users.push_back(first.fork());
    session reference{m, {.context = 300, .threads = 1}};
    for (int step = 0; step < 40; ++step) {
        std::vector<token> ids(users.size());
        std::vector<batch_item> batch;
        for (std::size_t i = 0; i < users.size(); ++i) {
            ids[i] = static_cast<token>(i + static_cast<std::size_t>(step));
            batch.push_back({&users[i], {&ids[i], 1}});
        }
        e.run(batch, logits);  // 256 + 20 * 40 positions, in 22 blocks
    }
    for (std::size_t i = 0; i < users.size(); ++i) {
        const auto expected = alone(reference, users[i].tokens());
        CHECK(std::equal(expected.begin(), expected.end(), logits.data() + i * n_vocab));
    }
    CHECK(first.position() == 256);
}

TEST_CASE("an engine takes what its plan says, and an empty sequence next to nothing", "[engine]") {
    const model m = open("smollm3-q4_k");
    const engine_options options{.context = 512, .threads = 1, .batch = 32, .sequences = 8};
    const auto plan = engine::plan(m, options);
    CHECK(plan.kv_cache == 8 * engine::plan(m, {.context = 512, .threads = 1, .batch = 32}).kv_cache);
    CHECK(plan.workspace == engine::plan(m, {.context = 512, .threads = 1, .batch = 32}).workspace);
#if defined(NIBBLE_TEST_ASAN) || defined(NIBBLE_TEST_TSAN)
    WARN("SKIPPED: sanitizers keep memory of their own");
#else
    const std::size_t before = nibble::test::allocated_bytes();
    const engine e{m, options};
    const std::size_t taken = nibble::test::allocated_bytes() - before;
    CHECK(e.plan().total() == plan.total());
    if (taken == 0) return;  // the system does not tell
    CHECK(taken >= plan.total());
    CHECK(taken <= plan.total() + (std::size_t{64} << 10));
    const std::size_t without = nibble::test::allocated_bytes();
    std::vector<nibble::sequence> many;
    for (int i = 0; i < 1000; ++i) many.emplace_back(e);
    CHECK(nibble::test::allocated_bytes() - without < 1000 * 1024);
#endif
}

TEST_CASE("what a batch may not be is refused, and nothing has happened", "[engine]") {
    const model m = open("smollm3-q4_k");
    const auto n_vocab = m.config().n_vocab;
    engine e{m, {.context = 200, .threads = 1, .batch = 16, .sequences = 2, .positions = 256}},
        other{m, {.context = 64}};
    nibble::sequence a{e}, b{e}, foreign{other};
    std::vector<float> logits(2 * n_vocab);
    const std::vector<token> one{1}, many(150, 2), too_many(201, 2), bad{static_cast<token>(n_vocab)};
    const auto refused = [&](std::vector<batch_item> batch, std::size_t n_logits) {
        const auto why = nibble::test::refusal_of([&] { e.run(batch, {logits.data(), n_logits * n_vocab}); });
        CHECK(a.position() == 0);
        CHECK(b.position() == 0);
        return why;
    };
    CHECK(refused({{&a, one}, {&a, one}}, 2).code == errc::bad_option);
    CHECK(refused({{&a, one}, {&a, one}}, 2).text.find("that of item 0") != std::string::npos);
    CHECK(refused({{&a, one}, {&foreign, one}}, 2).code == errc::bad_option);
    CHECK(refused({{nullptr, one}}, 1).code == errc::bad_option);
    CHECK(refused({{&a, one}, {&b, {}, 0}}, 1).code == errc::ctx_bad_size);
    CHECK(refused({{&a, one, 2}}, 2).code == errc::ctx_bad_size);
    CHECK(refused({{&a, one}, {&b, one}}, 1).code == errc::ctx_bad_size);
    CHECK(refused({{&a, bad}}, 1).code == errc::ctx_bad_token);
    CHECK(refused({{&a, too_many}}, 1).code == errc::ctx_full);
    CHECK(refused({{&a, many}, {&b, many}}, 2).code == errc::ctx_full);  // four blocks of two
    CHECK(e.run({{&a, many}}, {logits.data(), n_vocab}));
    CHECK(nibble::test::refusal_of([&] {
              e.run({{&b, one}}, {logits.data(), n_vocab});
          }).text.find("positions") != std::string::npos);
    CHECK(nibble::test::refusal_of([&] { a.rewind(151); }).code == errc::ctx_bad_range);
    for (const engine_options& options :
         {engine_options{.context = 0}, engine_options{.batch = 0}, engine_options{.sequences = 0}})
        CHECK(nibble::test::refusal_of([&] { engine{m, options}; }).code == errc::ctx_bad_size);
    CHECK(nibble::test::refusal_of([&] {
              return engine::plan(m, {.sequences = nibble::unlimited});
          }).text.find("'sequences'") != std::string::npos);
    CHECK(nibble::test::refusal_of([&] {
              return engine::plan(m, {.positions = nibble::unlimited});
          }).text.find("'positions'") != std::string::npos);
}

TEST_CASE("where all layers have a window, too, more sequences than there are positions for are refused", "[engine]") {
    nibble::test::model_file file{"phi3"};
    const model m{file.set("phi3.attention.sliding_window", std::uint32_t{9}).parse()};
    engine e{m, {.context = 512, .threads = 1, .batch = 16, .sequences = 50, .positions = 512}};  // four blocks
    std::vector<float> logits(m.config().n_vocab);
    const std::vector<token> one{1};
    std::vector<nibble::sequence> sequences;
    std::size_t n_read = 0;
    for (int i = 0; i < 10; ++i) {
        sequences.emplace_back(e);
        const auto why = nibble::test::refusal_of([&] { return e.run({{&sequences.back(), one}}, logits); });
        CHECK((why.where == "accepted" || why.code == errc::ctx_full));
        n_read += sequences.back().position();
    }
    CHECK(n_read == 4);
    for (nibble::sequence& each : sequences) each.rewind(0);
    CHECK(e.run({{&sequences.back(), std::vector<token>(500, 1)}}, logits));
}

TEST_CASE("sessions of one engine share its memory, and a session forks", "[engine]") {
    const model m = open("gemma2-f32");
    engine e{m, {.context = 300, .threads = 1, .batch = 16, .sequences = 3}};
    session first{e}, other{e};
    const std::vector<token> tokens(200, 5), more{6, 7};
    first.prefill(tokens);
    other.prefill(more);
    session forked = first.fork();
    CHECK(forked.position() == 200);
    CHECK_THAT(std::vector<float>(forked.logits().begin(), forked.logits().end()),
               nibble::test::same_bits_as(std::vector<float>(first.logits().begin(), first.logits().end())));
    forked.prefill(more);
    first.decode(9);
    session reference{m, {.context = 300}};
    CHECK_THAT(std::vector<float>(forked.logits().begin(), forked.logits().end()),
               nibble::test::same_bits_as(alone(reference, forked.tokens())));
    CHECK_THAT(std::vector<float>(first.logits().begin(), first.logits().end()),
               nibble::test::same_bits_as(alone(reference, first.tokens())));
}
