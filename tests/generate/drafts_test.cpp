// SPDX-License-Identifier: Apache-2.0
// The text with drafts is the text without, whatever is guessed and however tokens are picked.
#include <nibble/generate/drafts.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/grammar/json_schema.hpp>

#include "support/same_bits.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using nibble::generation_options;
using nibble::session;
using nibble::token;
using nibble::test::same_bits_as;
using nibble::test::tiny_model;

namespace {

constexpr std::size_t never = static_cast<std::size_t>(-1);

/// Knows the text, but for every wrong_each-th of its guesses, in whose place it says `wrong`.
struct oracle final : nibble::token_drafter {
    std::vector<token> known;
    std::size_t wrong_each = never;
    token wrong = 0;
    std::size_t n_asked = 0, n_guesses = 0, throws_at = never;

    void guess(std::span<const token> text, std::size_t most, const nibble::stop_when&,
               std::vector<token>& out) override {
        if (++n_asked == throws_at) {
            out.push_back(1);
            throw std::runtime_error("no idea");
        }
        for (std::size_t i = text.size(); i < known.size() && most-- > 0; ++i)
            out.push_back(++n_guesses % wrong_each == 0 ? wrong : known[i]);
    }
    double cost() const noexcept override { return 0; }
};

const std::vector<token>& prompt() {
    static const auto tokens =
        tiny_model().tokenizer().encode("Once upon a time there was a lion. One day, the lion met");
    return tokens;
}

struct result {
    std::vector<token> tokens;
    std::string text;
    nibble::finish_reason reason;
    std::vector<float> logits, logprobs;
};

/// Walks a reply; between two pieces the session holds the prompt and all tokens but the last.
result walk(session& s, const generation_options& options) {
    result out;
    auto reply = s.generate(prompt(), options);
    for (const auto piece : reply) {
        out.text += piece;
        REQUIRE(s.position() == prompt().size() + reply.tokens().size() - 1);
        REQUIRE(std::equal(s.tokens().begin() + static_cast<std::ptrdiff_t>(prompt().size()), s.tokens().end(),
                           reply.tokens().begin()));
        out.logits.assign(s.logits().begin(), s.logits().end());
    }
    out.tokens.assign(reply.tokens().begin(), reply.tokens().end());
    out.reason = reply.reason();
    if (options.n_probs > 0)
        for (std::size_t i = 0; i < out.tokens.size(); ++i) out.logprobs.push_back(reply.logprob(i).logprob);
    return out;
}

void check_same(const result& got, const result& expected) {
    CHECK(got.tokens == expected.tokens);
    CHECK(got.text == expected.text);
    CHECK(got.reason == expected.reason);
    CHECK_THAT(got.logits, (same_bits_as{expected.logits, tiny_model().config().n_vocab}));
    CHECK(got.logprobs == expected.logprobs);
}

std::vector<generation_options> all_options() {
    std::vector<generation_options> all{
        {.temperature = 0},
        {.temperature = 1.3f, .seed = 3},
        {.temperature = 1.3f, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 4, .stop = {"the "}},
        {.repeat_penalty = 1.2f, .repeat_last_n = -1, .frequency_penalty = 0.3f, .dry_multiplier = 0.8f},
        {.seed = 9, .top_n_sigma = 2, .xtc_probability = 0.5f},
        {.temperature = 2, .mirostat = true, .n_probs = 3},
        {.temperature = 0,
         .max_tokens = 7,
         .logit_bias = {{5, 1.0f}},
         .on_logits = [](std::span<float> l) { l[9] = 0; }},
    };
    for (auto& options : all) options.max_tokens = std::min<std::size_t>(options.max_tokens, 48);
    return all;
}

}  // namespace

TEST_CASE("whatever is guessed, tokens, logits and text are those without", "[drafts]") {
    for (const std::size_t batch : {std::size_t{512}, std::size_t{5}, std::size_t{1}}) {
        session s{tiny_model(), {.context = 256, .threads = 2, .batch = batch}};
        std::size_t number = 0;
        for (auto options : all_options()) {
            CAPTURE(batch, ++number);
            const auto expected = walk(s, options);
            oracle by;
            by.known = prompt();
            by.known.insert(by.known.end(), expected.tokens.begin(), expected.tokens.end());
            options.draft.model = &by;
            for (const std::size_t wrong_each : {never, std::size_t{1}, std::size_t{3}, std::size_t{10}})
                for (const token wrong : {token{0}, token{-1}, token{1 << 30}}) {
                    CAPTURE(wrong_each, wrong);
                    by.wrong_each = wrong_each;
                    by.wrong = wrong;
                    check_same(walk(s, options), expected);
                    if (wrong_each == never) break;
                }
            options.draft = {.lookup = true};
            check_same(walk(s, options), expected);
        }
    }
}

TEST_CASE("drafts and a grammar, a thinking budget, a full context", "[drafts]") {
    const auto trie = std::make_shared<const nibble::token_trie>(tiny_model().tokenizer());
    const auto g = nibble::grammar_from_json_schema(
        nibble::json::parse(R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
                                "numbers": {"type": "array", "items": {"type": "integer"}, "maxItems": 5}},
                                "required": ["name", "numbers"]})"));
    const auto run = [&](bool with_drafts, std::vector<token>& known) {
        session s{tiny_model(), {.context = 100}};
        nibble::grammar_constraint constraint{g, trie};
        oracle by;
        by.known = known;
        by.wrong_each = 5;
        generation_options options{.temperature = 0.8f, .seed = 5, .max_tokens = 200};
        options.constraint = &constraint;
        if (with_drafts) options.draft = {.lookup = true, .model = &by};
        auto out = walk(s, options);
        if (!with_drafts) {
            known = prompt();
            known.insert(known.end(), out.tokens.begin(), out.tokens.end());
        }
        return out;
    };
    std::vector<token> known;
    const auto expected = run(false, known);
    check_same(run(true, known), expected);

    session small{tiny_model(), {.context = prompt().size() + 20}};
    generation_options options{.temperature = 1.5f, .seed = 11};
    const auto full = walk(small, options);
    oracle by;
    by.known = prompt();
    by.known.insert(by.known.end(), full.tokens.begin(), full.tokens.end());
    by.known.resize(1000, 7);
    options.draft.model = &by;
    options.draft.most = 1000;
    check_same(walk(small, options), full);

    generation_options thinking{.temperature = 0, .thinking_budget = 4};
    session s{tiny_model()};
    const std::vector<nibble::message> question{{nibble::role::user, "What is 12 + 13?"}};
    thinking.thinking = true;
    const std::string thought{s.chat(question, thinking).finish()};
    thinking.draft.lookup = true;
    CHECK(s.chat(question, thinking).finish() == thought);
}

TEST_CASE("right guesses save passes, wrong ones end", "[drafts]") {
    session s{tiny_model()};
    generation_options options{.temperature = 0, .max_tokens = 60};
    const auto steps = [&](const generation_options& with, nibble::generation_stats& stats) {
        auto reply = s.generate(prompt(), with);
        std::size_t n = 0;
        while (reply.advance_for(std::chrono::nanoseconds{0}) != nibble::advance_result::done) ++n;
        stats = reply.stats();
        return n;
    };
    nibble::generation_stats stats;
    oracle by;
    by.known = prompt();
    const auto tokens = walk(s, options).tokens;
    by.known.insert(by.known.end(), tokens.begin(), tokens.end());
    const std::size_t plain = steps(options, stats);
    CHECK(stats.drafted_tokens == 0);

    options.draft.model = &by;
    CHECK(steps(options, stats) * 2 < plain);
    CHECK(stats.drafted_tokens >= stats.accepted_tokens);
    CHECK(stats.accepted_tokens > tokens.size() / 2);
    by.wrong_each = 1;
    by.n_asked = 0;
    CHECK(steps(options, stats) == plain);
    CHECK(stats.accepted_tokens == 0);
    CHECK(by.n_asked < tokens.size() / 4);
}

TEST_CASE("what a drafter throws costs nothing", "[drafts]") {
    session s{tiny_model()};
    generation_options options{.temperature = 0, .max_tokens = 40};
    const auto expected = walk(s, options);
    oracle by;
    by.throws_at = 3;
    by.known = prompt();
    by.known.insert(by.known.end(), expected.tokens.begin(), expected.tokens.end());
    by.wrong_each = 4;
    options.draft.model = &by;
    auto reply = s.generate(prompt(), options);
    CHECK_THROWS_AS(reply.finish(), std::runtime_error);
    CHECK(reply.reason() == nibble::finish_reason::none);
    CHECK(reply.finish() == expected.text);
}

TEST_CASE("another use of the session ends a reply with drafts, and takes nothing from it", "[drafts]") {
    session s{tiny_model()};
    generation_options options{.temperature = 0, .max_tokens = 30};
    const auto expected = walk(s, options);
    oracle by;
    by.known = prompt();
    by.known.insert(by.known.end(), expected.tokens.begin(), expected.tokens.end());
    options.draft.model = &by;
    auto reply = s.generate(prompt(), options);
    while (reply.tokens().size() < 4) (void)reply.advance_for(std::chrono::hours{1});
    s.decode(0);  // over what was read ahead
    CHECK_THROWS_AS(reply.begin(), nibble::error);
    check_same(walk(s, options), expected);
}
