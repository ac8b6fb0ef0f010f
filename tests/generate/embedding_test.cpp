// SPDX-License-Identifier: Apache-2.0
#include <nibble/generate/embedding.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/generate/session.hpp>

#include "support/model_file.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using namespace nibble;
using test::same_bits_as;
using test::tiny_model;

namespace {

constexpr std::string_view otter =
    "Once upon a time there was a small otter. It lived by the river and had a red flag. Every day it went to the "
    "village to see its friends, the dog and the sheep.";

constexpr embed_options as_they_are{.normalised = false};

std::vector<float> row(const std::vector<float>& all, std::size_t t, std::size_t width) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(t * width);
    return {begin, begin + static_cast<std::ptrdiff_t>(width)};
}

}  // namespace

TEST_CASE("every hidden state, the last and the mean of them") {
    session s{tiny_model(), {.context = 256}};
    const std::size_t n_embd = tiny_model().config().n_embd, n = tiny_model().tokenizer().encode(otter).size();
    const auto all = s.embed(otter, pooling::none, as_they_are);
    REQUIRE(all.size() == n * n_embd);
    CHECK(s.position() == n);
    CHECK_THAT(s.embed(otter, pooling::last, as_they_are), same_bits_as(row(all, n - 1, n_embd)));

    const auto mean = s.embed(otter, pooling::mean, as_they_are);
    REQUIRE(mean.size() == n_embd);
    for (std::size_t i = 0; i < n_embd; ++i) {
        double sum = 0;
        for (std::size_t t = 0; t < n; ++t) sum += static_cast<double>(all[t * n_embd + i]);
        CHECK(mean[i] == static_cast<float>(sum / static_cast<double>(n)));
    }
    CHECK_THAT(s.embed(otter, pooling::mean, as_they_are), same_bits_as(mean));
}

TEST_CASE("normalised vectors have length 1 and the direction of the others") {
    session s{tiny_model(), {.context = 256}};
    const std::size_t n_embd = tiny_model().config().n_embd;
    for (const auto how : {pooling::mean, pooling::last, pooling::none}) {
        CAPTURE(static_cast<int>(how));
        const auto plain = s.embed(otter, how, as_they_are), unit = s.embed(otter, how);
        REQUIRE(unit.size() == plain.size());
        for (std::size_t at = 0; at < unit.size(); at += n_embd) {
            double squares = 0, own = 0;
            for (std::size_t i = at; i < at + n_embd; ++i) {
                squares += static_cast<double>(plain[i]) * static_cast<double>(plain[i]);
                own += static_cast<double>(unit[i]) * static_cast<double>(unit[i]);
            }
            REQUIRE(std::abs(own - 1) < 1e-6);
            for (std::size_t i = at; i < at + n_embd; ++i)
                REQUIRE(unit[i] == static_cast<float>(static_cast<double>(plain[i]) / std::sqrt(squares)));
        }
    }
    std::vector<float> zeros(4), large{3e38f, -3e38f};
    detail::normalise(zeros);
    CHECK(zeros == std::vector<float>(4));
    detail::normalise(large);
    CHECK(std::abs(large[0] - std::sqrt(0.5f)) < 1e-6f);
}

TEST_CASE("an embedding does not depend on batches, threads, instruction sets or what was read before") {
    session plain{tiny_model(), {.context = 256, .threads = 1}};
    for (const auto how : {pooling::mean, pooling::last, pooling::none}) {
        CAPTURE(static_cast<int>(how));
        const auto expected = plain.embed(otter, how);
        for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
            session s{tiny_model(), {.context = 256, .batch = batch, .pool = std::make_shared<thread_pool>(3u)}};
            CHECK_THAT(s.embed(otter, how), same_bits_as(expected));
            (void)s.embed(otter.substr(0, 60), how);  // the two have a beginning in common
            CHECK_THAT(s.embed(otter, how), same_bits_as(expected));
        }
        session scalar{tiny_model(), {.context = 256, .cpu = {}}};
        CHECK_THAT(scalar.embed(otter, how), same_bits_as(expected));
    }
}

TEST_CASE("a session goes on after an embedding as it would have without") {
    session fresh{tiny_model(), {.context = 256}}, used{tiny_model(), {.context = 256}};
    const generation_options options{.temperature = 0, .max_tokens = 12};
    const auto expected = std::string{fresh.generate(otter, options).finish()};
    auto reply = used.generate(otter, options);
    (void)used.embed("Something else.");
    CHECK(test::refusal_of([&] { return reply.finish(); }).code == errc::ctx_busy);
    CHECK_THROWS_AS((void)used.logits(), error);
    (void)used.embed(otter);
    auto again = used.generate(otter, options);
    CHECK(again.finish() == expected);
    CHECK(again.stats().reused_tokens + 1 == again.stats().prompt_tokens);
}

TEST_CASE("what cannot be embedded is refused, and the session stays as it was") {
    session s{tiny_model(), {.context = 16}};
    s.prefill(std::vector<token>{1, 2, 3});
    const auto refused = [&](const auto& text) {
        const auto r = test::refusal_of([&] { return s.embed(text); });
        CHECK(r.where.starts_with("text"));
        CHECK(s.position() == 3);
        CHECK(s.logits().size() == tiny_model().config().n_vocab);
        return r.code;
    };
    CHECK(refused(std::string_view{}) == errc::ctx_bad_size);
    CHECK(refused(otter) == errc::ctx_full);
    CHECK(refused(std::vector<token>{1, -1}) == errc::ctx_bad_token);
}

TEST_CASE("a cancelled embedding is empty, and the next one whole") {
    session s{tiny_model(), {.context = 256, .batch = 8}};
    std::atomic<bool> cancel = true;
    CHECK(s.embed(otter, pooling::mean, {.cancel = &cancel}).empty());
    cancel = false;
    CHECK(s.embed(otter, pooling::mean, {.cancel = &cancel}) == s.embed(otter));
}

TEST_CASE("an embedding of damaged weights is refused in the name of the weights") {
    test::model_file file;
    for (auto& byte : file.tensor("output_norm.weight").data) byte = std::byte{0xff};  // NaN
    const model damaged{file.parse()};
    session s{damaged, {.context = 16}};
    const auto r = test::refusal_of([&] { return s.embed(std::vector<token>{1, 2}); });
    CHECK(r.code == errc::model_bad_weights);
    CHECK(r.text.find("hidden states after 2 tokens") != std::string::npos);
}
