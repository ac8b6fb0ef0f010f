// SPDX-License-Identifier: Apache-2.0
#include <nibble/generate/scoring.hpp>

#include <atomic>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using namespace nibble;
using test::same_bits_as;
using test::tiny_model;

namespace {

constexpr std::string_view prefix = "Once upon a time there was a";
const std::string long_text =
    " small otter. It lived by the river and had a red flag. Every day it went to the village to see its friends, the "
    "dog and the sheep, and they told each other stories about the sea.";
const std::vector<std::string> alternatives{" lion", " bird.", long_text, ""};

/// By the definition, from all logits and in double.
std::vector<double> expected_logprobs(std::span<const token> before, std::span<const token> text) {
    const std::size_t n_vocab = tiny_model().config().n_vocab;
    std::vector<token> all{before.begin(), before.end()};
    all.insert(all.end(), text.begin(), text.end());
    std::vector<float> logits(all.size() * n_vocab);
    session s{tiny_model(), {.context = 256}};
    s.prefill(all, std::span{logits});
    std::vector<double> out;
    for (std::size_t i = before.size(); i < all.size(); ++i) {
        const auto row = std::span{logits}.subspan((i - 1) * n_vocab, n_vocab);
        double sum = 0;
        for (const float logit : row) sum += std::exp(static_cast<double>(logit));
        out.push_back(static_cast<double>(row[static_cast<std::size_t>(all[i])]) - std::log(sum));
    }
    return out;
}

}  // namespace

TEST_CASE("a score is the sum of the logarithms of the probabilities of a text's tokens") {
    session s{tiny_model(), {.context = 256}};
    const auto scores = s.score(prefix, alternatives);
    REQUIRE(scores.size() == alternatives.size());
    const auto before = tiny_model().tokenizer().encode(prefix);
    CHECK(s.position() == before.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        CAPTURE(i);
        CHECK(tiny_model().tokenizer().decode(scores[i].tokens) == alternatives[i]);
        const auto expected = expected_logprobs(before, scores[i].tokens);
        REQUIRE(scores[i].logprobs.size() == expected.size());
        double total = 0;
        for (std::size_t t = 0; t < expected.size(); ++t) {
            CHECK(scores[i].logprobs[t] == Approx(expected[t]).margin(1e-5));
            total += static_cast<double>(scores[i].logprobs[t]);
        }
        CHECK(scores[i].total == total);
        CHECK(scores[i].mean() == (expected.empty() ? 0 : total / static_cast<double>(expected.size())));
    }
    REQUIRE(scores[2].tokens.size() > 40);  // more than one pass
}

TEST_CASE("a score does not depend on batches, threads, the other alternatives or what was read before") {
    session plain{tiny_model(), {.context = 256, .threads = 1}};
    const auto expected = plain.score(prefix, alternatives);
    for (const std::size_t batch : {std::size_t{1}, std::size_t{5}, std::size_t{64}}) {
        session s{tiny_model(), {.context = 256, .batch = batch, .pool = std::make_shared<thread_pool>(3u)}};
        for (std::size_t i = alternatives.size(); i-- > 0;) {
            const auto alone = s.score(prefix, {alternatives[i]});
            REQUIRE(alone.size() == 1);
            CHECK_THAT(alone[0].logprobs, same_bits_as(expected[i].logprobs));
            (void)s.generate(std::string{prefix} + " dog", {.max_tokens = 3}).finish();
        }
    }
}

TEST_CASE("alternatives without room beside the session are read one after the other, with the same scores") {
    const std::vector<std::string> several{" lion in the sea",
                                           long_text,
                                           " bird.",
                                           " small dog",
                                           "",
                                           " very big cat",
                                           " red flag on the house",
                                           " friend who lived in the village"};
    session roomy{tiny_model(), {.context = 1024}}, cramped{tiny_model(), {.context = 128}};
    const auto expected = roomy.score(prefix, several), scores = cramped.score(prefix, several);
    for (std::size_t i = 0; i < several.size(); ++i) {
        CAPTURE(i);
        CHECK_THAT(scores[i].logprobs, same_bits_as(expected[i].logprobs));
    }
    CHECK(cramped.position() == tiny_model().tokenizer().encode(prefix).size());
    (void)cramped.fork();  // nothing is left behind
}

TEST_CASE("what a model says by itself is likelier than what it does not") {
    session s{tiny_model(), {.context = 256}};
    const auto own = std::string{s.generate(prefix, {.temperature = 0, .max_tokens = 4}).finish()};
    const auto scores = s.score(prefix, {own, " qqqq", own + " qqqq"});
    CHECK(scores[0].total > scores[1].total);
    CHECK(scores[2].mean() < scores[0].mean());
}

TEST_CASE("a token across the seam belongs to every alternative") {
    const auto& words = tiny_model().tokenizer();
    const std::string cut = "Once upon a ti";  // " time" is one token
    REQUIRE(words.encode(cut + "me").size() < words.encode(cut).size() + 1);
    session s{tiny_model(), {.context = 64}};
    const auto scores = s.score(cut, {"me", "ger"});
    const auto common = words.encode("Once upon a");
    CHECK(s.position() == common.size());
    CHECK(words.decode(scores[0].tokens) == " time");
    CHECK(words.decode(scores[1].tokens) == " tiger");
    CHECK(scores[0].total > scores[1].total);
    CHECK_THAT(s.score("Once upon a", {" time"})[0].logprobs, same_bits_as(scores[0].logprobs));
}

TEST_CASE("the seam of tokens is where the caller has it") {
    session s{tiny_model(), {.context = 256}};
    const auto before = tiny_model().tokenizer().encode(prefix);
    const std::vector<std::vector<token>> texts{{7}, {8, 9, 10}, {}};
    const auto scores = s.score(before, texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CHECK(scores[i].tokens == texts[i]);
        const auto expected = expected_logprobs(before, texts[i]);
        for (std::size_t t = 0; t < expected.size(); ++t)
            CHECK(scores[i].logprobs[t] == Approx(expected[t]).margin(1e-4));
    }
    CHECK(s.score(before, std::vector<std::vector<token>>{}).empty());
}

TEST_CASE("what cannot be scored is refused, and the session stays as it was") {
    session s{tiny_model(), {.context = 32}};
    s.prefill(std::vector<token>{1, 2, 3});
    const auto refused = [&](const auto& call) {
        const auto r = test::refusal_of(call);
        CHECK(s.position() == 3);
        CHECK_NOTHROW((void)s.logits());
        return r;
    };
    const auto full = refused([&] { return s.score(prefix, {" lion", long_text}); });
    CHECK(full.code == errc::ctx_full);
    CHECK(full.where == "alternative 1");
    CHECK(refused([&] { return s.score("", {" lion"}); }).code == errc::ctx_bad_size);
    const std::vector<std::vector<token>> bad{{1}, {2, -3}};
    const auto token_of_none = refused([&] { return s.score(std::vector<token>{1}, bad); });
    CHECK(token_of_none.code == errc::ctx_bad_token);
    CHECK(token_of_none.where == "alternative 1 at index 1");
}

TEST_CASE("cancelled scores are none, and the next ones whole") {
    session s{tiny_model(), {.context = 256}};
    std::atomic<bool> cancel = true;
    CHECK(s.score(prefix, alternatives, &cancel).empty());
    cancel = false;
    CHECK(s.score(prefix, alternatives, &cancel).size() == alternatives.size());
}
