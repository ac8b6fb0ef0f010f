// SPDX-License-Identifier: Apache-2.0
// Replies that go on together say what they say alone.
#include <nibble/generate/side_by_side.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/refusal.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using nibble::engine;
using nibble::finish_reason;
using nibble::generation;
using nibble::generation_options;
using nibble::session;
using nibble::test::tiny_model;

namespace {

struct asked {
    const char* question;
    generation_options options;
};

/// Different lengths, seeds and ends.
std::vector<asked> questions() {
    return {{"What is the capital of Austria?", {.temperature = 0, .thinking = false}},
            {"Tell me a story about a lion.", {.temperature = 1.0f, .seed = 7, .max_tokens = 40}},
            {"Spell golden with dashes.", {.temperature = 0, .max_tokens = 3, .thinking = false}},
            {"Tell me a story about a lion.", {.temperature = 1.2f, .seed = 8, .max_tokens = 60, .stop = {"the"}}},
            {"Hi, I am Omar.", {.temperature = 0.5f, .seed = 9, .max_tokens = 1}}};
}

std::string alone(const asked& by) {
    session s{tiny_model(), {.context = 200, .threads = 1}};
    return std::string{s.chat({{nibble::role::user, by.question}}, by.options).finish()};
}

}  // namespace

TEST_CASE("replies of one engine go on together and say what they say alone", "[side_by_side]") {
    for (const std::size_t sequences : {1u, 2u, 5u}) {  // reading together what there is room for
        const engine e{tiny_model(), {.context = 200, .threads = 2, .sequences = sequences, .positions = 5 * 256}};
        std::vector<session> sessions;
        std::vector<generation> replies;
        for (const auto& [question, options] : questions()) {
            sessions.emplace_back(e);
            replies.push_back(sessions.back().chat({{nibble::role::user, question}}, options));
        }
        std::vector<generation*> all;
        for (generation& reply : replies) all.push_back(&reply);
        std::vector<std::string> texts(replies.size());
        const auto is_done = [](const generation* reply) { return reply->reason() != finish_reason::none; };
        for (int round = 0; round < 300 && !std::all_of(all.begin(), all.end(), is_done); ++round) {
            nibble::advance(all);
            for (std::size_t i = 0; i < all.size(); ++i) {
                CHECK((is_done(all[i]) || !all[i]->piece().empty()));
                texts[i] += all[i]->piece();
            }
        }
        for (std::size_t i = 0; i < texts.size(); ++i) {
            CAPTURE(sequences, i);
            CHECK(texts[i] == alone(questions()[i]));
            CHECK(replies[i].text() == texts[i]);
        }
        CHECK(replies[0].reason() == finish_reason::end_token);
        CHECK(replies[2].reason() == finish_reason::token_limit);
        CHECK(replies[0].stats().generation_seconds > 0);
    }
}

TEST_CASE("replies with prompts to read, drafts, or engines of their own go on beside the others", "[side_by_side]") {
    const engine e{tiny_model(), {.context = 200, .threads = 1, .sequences = 4}};
    session a{e}, b{e}, c{e}, other{tiny_model(), {.context = 200, .threads = 1}};
    const asked by = questions()[1];
    auto lazy = by.options, drafted = by.options;
    lazy.lazy_prompt = true;
    drafted.draft.lookup = true;
    generation replies[] = {a.chat({{nibble::role::user, by.question}}, by.options),
                            b.chat({{nibble::role::user, by.question}}, lazy),
                            c.chat({{nibble::role::user, by.question}}, drafted),
                            other.chat({{nibble::role::user, by.question}}, by.options)};
    std::vector<generation*> all;
    for (generation& reply : replies) all.push_back(&reply);
    for (int round = 0; round < 300; ++round) nibble::advance(all);
    for (const generation& reply : replies) CHECK(reply.text() == alone(by));
}

TEST_CASE("a reply that is cancelled ends, and the others go on", "[side_by_side]") {
    const engine e{tiny_model(), {.context = 200, .threads = 1, .sequences = 2}};
    session a{e}, b{e};
    std::atomic<bool> cancel = false;
    asked by = questions()[1];
    const std::string expected = alone(by);
    generation first = a.chat({{nibble::role::user, by.question}}, by.options);
    by.options.cancel = &cancel;
    generation second = b.chat({{nibble::role::user, by.question}}, by.options);
    generation* const both[] = {&first, &second};
    nibble::advance(both);
    nibble::advance(both);
    cancel = true;
    for (int round = 0; round < 100; ++round) nibble::advance(both);
    CHECK(second.reason() == finish_reason::cancelled);
    CHECK(first.text() == expected);
}

TEST_CASE("a session that went on elsewhere is an error before anything has happened", "[side_by_side]") {
    const engine e{tiny_model(), {.context = 200, .threads = 1, .sequences = 2}};
    session a{e}, b{e};
    const asked by = questions()[1];
    generation first = a.chat({{nibble::role::user, by.question}}, by.options);
    generation second = b.chat({{nibble::role::user, by.question}}, by.options);
    generation* const both[] = {&first, &second};
    nibble::advance(both);
    b.rewind(0);
    const std::string piece{first.piece()};
    const auto why = nibble::test::refusal_of([&] {
        nibble::advance(both);
        return 0;
    });
    CHECK(why.code == nibble::errc::ctx_busy);
    CHECK(first.piece() == piece);
    generation* const one[] = {&first};
    for (int round = 0; round < 100; ++round) nibble::advance(one);
    CHECK(first.text() == alone(by));
}
