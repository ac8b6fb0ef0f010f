// SPDX-License-Identifier: Apache-2.0
// A reply that was saved with its session goes on as if nothing had been: session::resume(), generation::save().
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/grammar/json_schema.hpp>

#include "support/refusal.hpp"
#include "support/saved_session.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using nibble::errc;
using nibble::generation_options;
using nibble::model;
using nibble::session;
using nibble::session_options;
using nibble::test::edited;
using nibble::test::restored;
using nibble::test::saved;
using nibble::test::tiny_model;

namespace {

const std::vector<nibble::message> question{{nibble::role::user, "Tell me a story about a lion and a lion."}};
const session_options shape{.context = 512, .threads = 1};

/// A list of animals.
std::unique_ptr<nibble::token_constraint> structure() {
    static const auto trie = std::make_shared<const nibble::token_trie>(tiny_model().tokenizer());
    static const auto grammar = nibble::grammar_from_json_schema(
        nibble::json::parse(R"({"type": "array", "minItems": 3, "items": {"enum": ["lion", "bird", "dog"]}})"));
    return std::make_unique<nibble::grammar_constraint>(grammar, trie);
}

/// A reply that is saved after some pieces, and one that goes on from there in another session, against the whole one.
void check_resumed(generation_options options, bool structured) {
    std::vector<std::unique_ptr<nibble::token_constraint>> structures;  // one for each reply
    const auto own_options = [&]() -> const generation_options& {
        if (structured) options.constraint = structures.emplace_back(structure()).get();
        return options;
    };
    session whole{tiny_model(), shape};
    auto expected = whole.chat(question, own_options());
    (void)expected.finish();
    for (const std::size_t n_pieces : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        CAPTURE(n_pieces);
        session s{tiny_model(), shape};
        auto reply = s.chat(question, own_options());
        for (std::size_t i = 0; i < n_pieces && reply.begin() != reply.end();) ++i;
        const std::string before{reply.text()};
        const auto bytes = saved(reply);
        CHECK(reply.finish() == expected.text());  // saving changes nothing

        session back = restored(tiny_model(), bytes, shape);
        auto again = back.resume(own_options());
        CHECK(again.text() == before);
        CHECK(again.piece().empty());
        CHECK(again.finish() == expected.text());
        CHECK(std::equal(again.tokens().begin(), again.tokens().end(), expected.tokens().begin(),
                         expected.tokens().end()));
        CHECK(again.reason() == expected.reason());
        CHECK(again.stats().prompt_tokens == expected.stats().prompt_tokens);
    }
}

}  // namespace

TEST_CASE("a reply that was saved goes on as it would have, whatever picks its tokens") {
    check_resumed({.temperature = 0, .max_tokens = 40}, false);
    check_resumed({.temperature = 1.2f, .seed = 5, .max_tokens = 40, .xtc_probability = 0.5f}, false);
    check_resumed({.temperature = 1.0f, .seed = 6, .max_tokens = 40, .mirostat = true}, false);
    check_resumed({.temperature = 1.0f,
                   .seed = 7,
                   .max_tokens = 40,
                   .stop = {" the s"},
                   .repeat_penalty = 1.3f,
                   .dry_multiplier = 0.8f},
                  false);
    check_resumed({.temperature = 0.9f,
                   .seed = 8,
                   .max_tokens = 60,
                   .thinking = true,
                   .thinking_budget = 5,
                   .n_probs = 2,
                   .draft = {.lookup = true}},
                  false);
    check_resumed({.temperature = 1.5f, .seed = 9}, true);
    check_resumed({.temperature = 1.5f, .seed = 10, .thinking = true, .thinking_budget = 6}, true);
}

TEST_CASE("a reply saved within its prompt, or resumed after other work, goes on too") {
    const model& m = tiny_model();
    const session_options slow{.context = 256, .threads = 1, .batch = 8};
    nibble::generation_options options{.temperature = 0.8f, .seed = 3, .max_tokens = 20, .lazy_prompt = true};
    const std::string prompt = "Once upon a time there was a small dog that lived in a village by the river.";
    session s{m, slow};
    auto reply = s.generate(prompt, options);
    for (int i = 0; i < 5; ++i)
        CHECK(reply.advance_for(std::chrono::nanoseconds{0}) == nibble::advance_result::pending);
    const auto early = saved(reply);
    const std::string expected{reply.finish()};

    session back = restored(m, early, slow);
    CHECK(back.resume(options).finish() == expected);
    (void)back.generate("Something else", {.max_tokens = 2}).finish();
    CHECK(back.resume(options).finish() == expected);  // reads it again
    CHECK(nibble::test::refusal_of([&] { return s.resume(options); }).code == errc::ctx_bad_range);
    (void)s.generate("Something else", {.max_tokens = 2}).finish();
    CHECK(nibble::test::refusal_of([&] { return saved(reply); }).code == errc::ctx_busy);

    session full{m, {.context = 30, .threads = 1}};
    auto last = full.generate(prompt, {.temperature = 0});
    (void)last.finish();
    REQUIRE(last.reason() == nibble::finish_reason::context_full);
    session same = restored(m, saved(last), {.context = 30, .threads = 1});
    same.rewind(0);
    auto ended = same.resume({.temperature = 0});
    CHECK(ended.finish() == last.text());
    CHECK(ended.reason() == nibble::finish_reason::context_full);
}

TEST_CASE("events of a resumed reply begin with what it was saved with") {
    const model& m = tiny_model();
    const nibble::generation_options options{.temperature = 0, .max_tokens = 60, .thinking = true};
    session s{m, shape};
    auto reply = s.chat(question, options);
    for (int i = 0; i < 4; ++i) (void)reply.begin();
    const auto bytes = saved(reply);
    session whole{m, shape}, back = restored(m, bytes, shape);
    const auto message_of = [](nibble::reply_events events) {
        for (auto it = events.begin(); it != events.end(); ++it) {
        }
        return events.reply();
    };
    const auto expected = message_of(whole.chat(question, options).events());
    const auto resumed = message_of(back.resume(options).events());
    CHECK(resumed.content == expected.content);
    CHECK(resumed.reasoning == expected.reasoning);
    CHECK_FALSE(expected.reasoning.empty());
}

TEST_CASE("a saved reply that makes no sense is refused") {
    const model& m = tiny_model();
    const session_options options{.context = 64, .threads = 1};
    session s{m, options};
    auto reply = s.generate("Once upon a time", {.temperature = 0, .max_tokens = 10});
    for (int i = 0; i < 3; ++i) (void)reply.begin();
    const auto bytes = saved(reply);
    const edited file{bytes};
    const auto why = [&](const std::vector<std::byte>& changed) {
        return nibble::test::refusal_of([&] { return restored(m, changed, options); });
    };
    for (const char* key : {"session.reply.unread", "session.reply.random", "session.reply.surprise"})
        CHECK(why(file.with(key, [](auto&) {})).where == key);
    CHECK(why(file.with("session.reply.prompt", [](auto&) {})).where == "accepted");  // a session without a reply
    for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{65}, ~std::uint64_t{0}})
        CHECK(why(file.with("session.reply.prompt", [&](auto& out) { out.add("session.reply.prompt", n); })).where ==
              "session.reply.prompt");
    const auto with_unread = [&](const std::vector<std::int32_t>& ids) {
        return why(file.with("session.reply.unread", [&](auto& out) { out.add_array("session.reply.unread", ids); }));
    };
    CHECK(with_unread({-1}).code == errc::ctx_bad_token);
    CHECK(with_unread({1 << 30}).code == errc::ctx_bad_token);
    CHECK(with_unread(std::vector<std::int32_t>(65 - s.position(), 5)).where == "accepted");
    CHECK(with_unread(std::vector<std::int32_t>(66 - s.position(), 5)).code == errc::ctx_full);
    CHECK(why(file.with("session.reply.surprise", [](auto& out) { out.add("session.reply.surprise", NAN); })).where ==
          "session.reply.surprise");
}
