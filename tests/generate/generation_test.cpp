// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <concepts>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/tiny_model.hpp"

using nibble::errc;
using nibble::finish_reason;
using nibble::generation_options;
using nibble::session;
using nibble::token;
using nibble::test::tiny_model;

namespace {

/// A recorded conversation by what its text contains.
const nibble::test::conversation& conversation_with(const std::string& text) {
    for (const auto& c : nibble::test::tiny_conversations())
        if (c.text.find(text) != std::string::npos) return c;
    throw std::runtime_error("no recorded conversation with " + text);
}

const std::vector<token>& counting_prompt() { return conversation_with("20, 21, 22, 23, 24, 25, 26, 27").prompt_ids; }
const std::string counted = "20, 21, 22, 23, 24, 25, 26, 27";

/// A constraint that wants `wanted`, token by token, and then nothing.
struct exactly : nibble::token_constraint {
    std::vector<token> wanted;
    std::size_t n_accepted = 0;
    void apply(std::span<float> logits) noexcept override {
        for (std::size_t id = 0; id < logits.size(); ++id)
            if (static_cast<token>(id) != wanted[n_accepted]) logits[id] = -std::numeric_limits<float>::infinity();
    }
    void accept(token id) noexcept override { n_accepted += id == wanted[n_accepted]; }
    bool finished() const noexcept override { return n_accepted == wanted.size(); }
};

// What refers to a generation is not given by one that ends with the expression.
template <class G>
concept gives_tokens = requires(G&& g) {
    std::forward<G>(g).tokens();
};
template <class G>
concept gives_stop_string = requires(G&& g) {
    std::forward<G>(g).stop_string();
};
template <class G>
concept gives_top_logprobs = requires(G&& g) {
    std::forward<G>(g).top_logprobs(0);
};
template <class G>
concept begins = requires(G&& g) {
    std::forward<G>(g).begin();
};
using nibble::generation;
static_assert(gives_tokens<generation&> && !gives_tokens<generation>);
static_assert(gives_stop_string<generation&> && !gives_stop_string<generation>);
static_assert(gives_top_logprobs<generation&> && !gives_top_logprobs<generation>);
static_assert(begins<generation&> && !begins<generation>);
static_assert(begins<nibble::reply_events&> && !begins<nibble::reply_events>);
static_assert(std::same_as<decltype(std::declval<generation&>().finish()), std::string_view>);
static_assert(std::same_as<decltype(std::declval<generation>().finish()), std::string>);
static_assert(std::same_as<decltype(std::declval<generation>().text()), std::string>);
static_assert(std::same_as<decltype(std::declval<nibble::reply_events>().reply()), nibble::message>);

}  // namespace

TEST_CASE("a reply that nobody holds gives what lasts", "[generation]") {
    auto s = std::make_unique<session>(tiny_model());
    const generation_options greedy{.temperature = 0};
    const auto text = s->generate(counting_prompt(), greedy).finish();  // a view would be of freed memory
    CHECK(text == counted);
    std::string raw;
    for (const auto& event : s->generate(counting_prompt(), greedy).events()) raw += event.raw;
    CHECK(raw == counted);
    auto reply = s->generate(counting_prompt(), greedy);
    s.reset();  // what the reply needs of it lives on
    CHECK(reply.finish() == counted);
}

TEST_CASE("pieces are the text, whole characters each", "[generation]") {
    session s{tiny_model()};
    for (const char* wanted : {"20, 21", "🐻", "नमस्ते"}) {
        const auto& c = conversation_with(wanted);
        auto reply = s.generate(c.prompt_ids, {.temperature = 0});
        std::string joined;
        for (const std::string_view piece : reply) {
            REQUIRE_FALSE(piece.empty());
            REQUIRE_FALSE(nibble::find_invalid_utf8(piece));
            joined += piece;
            REQUIRE(reply.text() == joined);
        }
        CHECK(joined + "<|im_end|>" == c.text);
        CHECK(reply.begin() == reply.end());
    }
}

TEST_CASE("bytes that are no character come as U+FFFD", "[generation]") {
    const auto& tokenizer = tiny_model().tokenizer();
    const auto bear = tokenizer.encode("🐻", {.add_special = false});
    REQUIRE(bear.size() > 1);
    exactly constraint;
    constraint.wanted = {bear[0], tokenizer.encode("a", {.add_special = false})[0]};
    session s{tiny_model()};
    generation_options options;
    options.constraint = &constraint;
    CHECK(s.generate("x", options).finish() == "\xef\xbf\xbd"
                                               "a");
    constraint.wanted = {bear[0]};
    constraint.n_accepted = 0;
    CHECK(s.generate("x", options).finish() == "\xef\xbf\xbd");
}

TEST_CASE("how a generation ends", "[generation]") {
    session s{tiny_model()};
    SECTION("end token") {
        auto reply = s.generate(counting_prompt(), {.temperature = 0});
        CHECK(reply.finish() == counted);
        CHECK(reply.reason() == finish_reason::end_token);
        CHECK(tiny_model().tokenizer().is_eog(reply.tokens().back()));
    }
    SECTION("token limit") {
        auto reply = s.generate(counting_prompt(), {.temperature = 0, .max_tokens = 5});
        CHECK(counted.find(std::string{reply.finish()}) == 0);
        CHECK(reply.tokens().size() == 5);
        CHECK(reply.reason() == finish_reason::token_limit);
        auto none = s.generate(counting_prompt(), {.temperature = 0, .max_tokens = 0});
        CHECK(none.finish().empty());
        CHECK(none.reason() == finish_reason::token_limit);
        CHECK(none.tokens().empty());
    }
    SECTION("stop strings, also over several tokens, also at the very start") {
        for (std::size_t begin = 0; begin < counted.size(); ++begin)
            for (const std::size_t length : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
                const std::string stop = counted.substr(begin, length);
                auto reply = s.generate(counting_prompt(), {.temperature = 0, .stop = {stop, "never"}});
                std::string text;
                for (const auto piece : reply) text += piece;
                REQUIRE(text == counted.substr(0, counted.find(stop)));
                REQUIRE(reply.text() == text);
                REQUIRE(reply.reason() == finish_reason::stop_string);
            }
    }
    SECTION("a stop string that does not come to its end is given out") {
        auto reply = s.generate(counting_prompt(), {.temperature = 0, .stop = {"26, 27, 28"}});
        CHECK(reply.finish() == counted);
        CHECK(reply.reason() == finish_reason::end_token);
        auto cut = s.generate(counting_prompt(), {.temperature = 0, .max_tokens = 5, .stop = {counted}});
        CHECK_FALSE(cut.finish().empty());
        CHECK(cut.reason() == finish_reason::token_limit);
    }
    SECTION("context full") {
        const std::size_t n_prompt = counting_prompt().size();
        session small{tiny_model(), {.context = n_prompt + 3}};
        auto reply = small.generate(counting_prompt(), {.temperature = 0});
        CHECK_FALSE(reply.finish().empty());
        CHECK(reply.reason() == finish_reason::context_full);
        CHECK(reply.tokens().size() == 4);  // the last one needs no room
        CHECK(small.position() == n_prompt + 3);
        session exact{tiny_model(), {.context = n_prompt}};
        CHECK(exact.generate(counting_prompt(), {.temperature = 0}).finish() == "2");
    }
    SECTION("cancelled, and the next call works") {
        std::atomic<bool> cancel = false;
        auto reply = s.generate(counting_prompt(), {
                                                       .temperature = 0,
                                                       .cancel = &cancel,
                                                   });
        for (const auto piece : reply) {
            (void)piece;
            if (reply.tokens().size() == 4) cancel = true;
        }
        CHECK(reply.reason() == finish_reason::cancelled);
        CHECK(reply.tokens().size() == 4);
        CHECK(counted.find(std::string{reply.text()}) == 0);
        cancel = false;
        CHECK(s.generate(counting_prompt(), {.temperature = 0}).finish() == counted);
    }
    SECTION("a constraint has all it wants") {
        exactly constraint;
        constraint.wanted = tiny_model().tokenizer().encode("so be it", {.add_special = false});
        generation_options options;
        options.constraint = &constraint;
        auto reply = s.generate(counting_prompt(), options);
        CHECK(reply.finish() == "so be it");
        CHECK(reply.reason() == finish_reason::constraint);
    }
}

TEST_CASE("break stops, walking on goes on", "[generation]") {
    session s{tiny_model()};
    auto reply = s.generate(counting_prompt(), {.temperature = 0});
    std::string text;
    for (const auto piece : reply) {
        text += piece;
        if (reply.tokens().size() == 3) break;
    }
    CHECK(reply.reason() == finish_reason::none);
    CHECK(s.position() == counting_prompt().size() + 2);
    for (const auto piece : reply) text += piece;
    CHECK(text == counted);
}

TEST_CASE("a prompt starts from what the cache holds of it", "[generation]") {
    session s{tiny_model()};
    auto first = s.generate(counting_prompt(), {.temperature = 0});
    first.finish();
    CHECK(first.stats().reused_tokens == 0);
    CHECK(first.stats().prompt_tokens == counting_prompt().size());
    CHECK(first.stats().generated_tokens == first.tokens().size());
    CHECK(first.stats().prompt_seconds > 0);
    CHECK(first.stats().tokens_per_second() > 0);
    CHECK(s.position() == counting_prompt().size() + first.tokens().size() - 1);

    // The whole prompt is there; its last token is read again for its logits.
    auto same = s.generate(counting_prompt(), {.temperature = 0});
    CHECK(same.stats().reused_tokens == counting_prompt().size() - 1);
    CHECK(same.finish() == counted);

    auto longer = counting_prompt();
    longer.insert(longer.end(), first.tokens().begin(), first.tokens().end());
    const auto question = tiny_model().tokenizer().encode(
        "\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", {.add_special = false, .parse_special = true});
    longer.insert(longer.end(), question.begin(), question.end());
    auto next = s.generate(longer, {.temperature = 0, .max_tokens = 8});
    CHECK(next.stats().reused_tokens == counting_prompt().size() + first.tokens().size() - 1);
    session fresh{tiny_model()};
    CHECK(std::string{next.finish()} ==
          std::string{fresh.generate(longer, {.temperature = 0, .max_tokens = 8}).finish()});
}

TEST_CASE("errors of generate leave the session as it was", "[generation]") {
    session s{tiny_model(), {.context = 100}};
    s.prefill(counting_prompt());
    const std::vector<float> before(s.logits().begin(), s.logits().end());
    const auto code_of = [&](auto f) {
        try {
            f();
        } catch (const nibble::error& e) {
            CHECK(s.position() == counting_prompt().size());
            CHECK(std::equal(before.begin(), before.end(), s.logits().begin()));
            return e.code();
        }
        FAIL("no error");
        return errc{};
    };
    CHECK(code_of([&] { (void)s.generate(std::string_view{}); }) == errc::ctx_bad_size);
    CHECK(code_of([&] { (void)s.generate(std::vector<token>(101)); }) == errc::ctx_full);
    CHECK(code_of([&] { (void)s.generate(std::vector<token>{1, -1}); }) == errc::ctx_bad_token);
    CHECK(code_of([&] { (void)s.generate("x", {.temperature = -1}); }) == errc::sample_bad_param);
    CHECK(code_of([&] { (void)s.generate("x", {.stop = {""}}); }) == errc::sample_bad_param);
    CHECK(code_of([&] { (void)s.generate("x", {.stop = {"\xff"}}); }) == errc::sample_bad_param);
    CHECK(code_of([&] { (void)s.generate("x", {.logit_bias = {{-1, 0.0f}}}); }) == errc::ctx_bad_token);
}

TEST_CASE("an error while sampling costs one token, not the reply", "[generation]") {
    session s{tiny_model()};
    bool fail = false;
    generation_options options{.temperature = 0};
    options.on_logits = [&](std::span<float> logits) {
        if (fail) std::fill(logits.begin(), logits.end(), -std::numeric_limits<float>::infinity());
    };
    auto reply = s.generate(counting_prompt(), options);
    auto it = reply.begin();
    fail = true;
    try {
        ++it;
        FAIL("no error");
    } catch (const nibble::error& e) {
        CHECK(e.code() == errc::sample_no_finite_logits);
    }
    fail = false;
    CHECK(reply.finish() == counted);
}

TEST_CASE("a reply stays when the session goes on, but cannot go on itself", "[generation]") {
    session s{tiny_model()};
    auto first = s.generate(counting_prompt(), {.temperature = 0});
    (void)first.begin();
    const std::string begun{first.text()};
    auto second = s.generate("Hello", {.temperature = 0, .max_tokens = 2});
    (void)second.finish();
    CHECK(first.text() == begun);
    try {
        (void)first.begin();
        FAIL("no error");
    } catch (const nibble::error& e) {
        CHECK(e.code() == errc::ctx_busy);
    }
    auto third = s.generate(counting_prompt(), {.temperature = 0});
    s.decode(0);
    CHECK_THROWS_AS(third.begin(), nibble::error);
}

TEST_CASE("the same seed gives the same text, another one another", "[generation]") {
    session s{tiny_model()};
    const auto text = [&](std::uint64_t seed) {
        return std::string{s.generate("The ", {.temperature = 1.5f, .seed = seed, .max_tokens = 20}).finish()};
    };
    const auto one = text(1);
    CHECK(one == text(1));
    CHECK(one != text(2));
}

TEST_CASE("log-probabilities of each token", "[generation]") {
    session s{tiny_model()};
    generation_options options{.temperature = 0};
    options.n_probs = 3;
    auto reply = s.generate(counting_prompt(), options);
    CHECK(reply.finish() == counted);
    session other{tiny_model()};
    other.prefill(counting_prompt());
    for (std::size_t i = 0; i < reply.tokens().size(); ++i) {
        CHECK(reply.logprob(i).id == reply.tokens()[i]);
        REQUIRE(reply.top_logprobs(i).size() == 3);
        CHECK(reply.top_logprobs(i)[0].id == reply.tokens()[i]);
        CHECK(reply.top_logprobs(i)[0].logprob == reply.logprob(i).logprob);
        double total = 0;
        const auto logits = other.logits();
        const double best = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
        for (const float logit : logits) total += std::exp(static_cast<double>(logit) - best);
        CHECK(reply.logprob(i).logprob == Approx(-std::log(total)).margin(1e-6));
        other.decode(reply.tokens()[i]);
    }
    CHECK_THROWS_AS(reply.logprob(reply.tokens().size()), nibble::error);
}

TEST_CASE("thinking ends when its budget is used up", "[generation]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    const auto& tokenizer = tiny_model().tokenizer();
    const token close = *tokenizer.find("</think>");
    for (const std::size_t budget : {std::size_t{0}, std::size_t{3}, std::size_t{6}}) {
        generation_options options{.temperature = 0};
        options.thinking_budget = budget;
        auto reply = s.generate(c.prompt_ids, options);
        const std::string text{reply.finish()};
        const auto end = std::find(reply.tokens().begin(), reply.tokens().end(), close) - reply.tokens().begin();
        CHECK(static_cast<std::size_t>(end) <= budget + 1 + 2);  // <think>, and the line end that is forced
        CHECK(text.find("\n</think>\n") != std::string::npos);
        CHECK(reply.reason() == finish_reason::end_token);
    }
    generation_options ample{.temperature = 0};
    ample.thinking_budget = 1000;
    CHECK(std::string{s.generate(c.prompt_ids, ample).finish()} + "<|im_end|>" == c.text);
}

TEST_CASE("thinking that the prompt has opened counts from the start", "[generation]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    auto prompt = c.prompt_ids;
    const auto open = tiny_model().tokenizer().encode("<think>\n", {.add_special = false, .parse_special = true});
    prompt.insert(prompt.end(), open.begin(), open.end());
    generation_options options{.temperature = 0};
    options.thinking_budget = 2;
    auto reply = s.generate(prompt, options);
    CHECK(std::string{reply.finish()}.find("</think>") < 20);
}

TEST_CASE("a constraint holds for the answer, not for the thinking before it", "[generation]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    exactly constraint;
    constraint.wanted = tiny_model().tokenizer().encode("42", {.add_special = false});
    generation_options options{.temperature = 0};
    options.constraint = &constraint;
    options.thinking = true;
    auto reply = s.generate(c.prompt_ids, options);
    const std::string text{reply.finish()};
    CHECK(text.find("<think>\n") == 0);
    CHECK(text.size() > 20);
    CHECK(text.substr(text.size() - 10) == "</think>42");
}

TEST_CASE("a constraint that allows nothing from the start ends the reply", "[generation]") {
    session s{tiny_model()};
    exactly nothing;
    auto reply = s.generate(counting_prompt(), {.temperature = 0, .constraint = &nothing});
    CHECK(reply.finish().empty());
    CHECK(reply.reason() == finish_reason::constraint);
}

TEST_CASE("stop strings are of the answer, and of the thinking on demand", "[generation]") {
    session s{tiny_model()};
    const auto& c = conversation_with("I know this one: Germany, Berlin.");
    generation_options options{.temperature = 0, .stop = {"never", "Berlin", "</think>"}};
    auto reply = s.generate(c.prompt_ids, options);
    const std::string text{reply.finish()};
    CHECK(text.find("Germany, Berlin.") != std::string::npos);
    CHECK(text.ends_with("The capital of Germany is "));
    CHECK(reply.reason() == finish_reason::stop_string);
    CHECK(reply.stop_string() == "Berlin");
    options.stop_in_thinking = true;
    auto thinking = s.generate(c.prompt_ids, options);
    CHECK(std::string{thinking.finish()}.ends_with("I know this one: Germany, "));
    CHECK(thinking.stop_string() == "Berlin");
}
