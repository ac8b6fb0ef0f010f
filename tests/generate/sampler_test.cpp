// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include <nibble/generate/sampler.hpp>

using nibble::errc;
using nibble::generation_options;
using nibble::sampler;
using nibble::sampling_stage;
using nibble::token;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

/// 500 logits that differ from step to step, of values that every machine computes alike.
std::vector<float> step_logits(std::uint64_t step) {
    nibble::random_generator random{step};
    std::vector<float> logits(500);
    for (auto& logit : logits) logit = static_cast<float>(random.next_double() * 8.0 - 4.0);
    logits[step % 500] += 3.0f;
    return logits;
}

std::vector<token> run(const generation_options& options, std::size_t n_steps = 12) {
    sampler sampler{500, options, 100};
    std::vector<token> out;
    for (std::uint64_t step = 0; step < n_steps; ++step) out.push_back(sampler.sample(step_logits(step), out));
    return out;
}

/// The token that greedy sampling takes after the options have changed these logits.
token best_of(generation_options options, const std::vector<float>& logits, const std::vector<token>& history = {},
              std::vector<token> breakers = {}) {
    options.temperature = 0;
    sampler sampler{logits.size()};
    sampler.configure(options, history.size(), std::move(breakers));
    return sampler.sample(logits, history);
}

struct only_these : nibble::token_constraint {
    std::vector<token> allowed;
    void apply(std::span<float> logits) noexcept override {
        std::vector<float> kept(logits.size(), -inf);
        for (const auto id : allowed) kept[static_cast<std::size_t>(id)] = logits[static_cast<std::size_t>(id)];
        std::copy(kept.begin(), kept.end(), logits.begin());
    }
    void accept(token) noexcept override {}
    bool finished() const noexcept override { return false; }
};

}  // namespace

TEST_CASE("greedy takes the best logit, the lowest id of equal ones", "[sampler]") {
    CHECK(best_of({}, {1.0f, 3.0f, 3.0f, 2.0f}) == 1);
    CHECK(best_of({}, {-5.0f, -5.0f}) == 0);
    CHECK(best_of({}, {nan_value, -inf, -1e38f, inf, nan_value}) == 2);
    CHECK(nibble::arg_max(std::vector<float>{0.0f, -0.0f}) == 0);
    CHECK(nibble::arg_max(std::vector<float>{}) == std::nullopt);
}

TEST_CASE("nothing finite is an error, and the sampler works on", "[sampler]") {
    for (const float temperature : {0.0f, 1.0f}) {
        sampler sampler{3, {.temperature = temperature}};
        for (const float bad : {nan_value, inf, -inf}) {
            try {
                (void)sampler.sample(std::vector<float>(3, bad));
                FAIL("accepted");
            } catch (const nibble::error& e) {
                CHECK(e.code() == errc::sample_no_finite_logits);
            }
        }
        CHECK(sampler.sample(std::vector<float>{-inf, 0.0f, nan_value}) == 1);
    }
}

TEST_CASE("a seed fixes the text, on every machine", "[sampler]") {
    using tokens = std::vector<token>;
    CHECK(run({.seed = 1}) == run({.seed = 1}));
    CHECK(run({.seed = 1}) != run({.seed = 2}));
    CHECK(run({.seed = 7}) == tokens{240, 1, 87, 258, 464, 6, 123, 293, 452, 398, 445, 25});
    CHECK(run({.temperature = 1.5f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f, .seed = 7}) ==
          tokens{162, 1, 464, 306, 235, 104, 245, 140, 74, 200, 53, 472});
    CHECK(run({.top_k = 0, .top_p = 0.8f, .min_p = 0.0f, .seed = 7}) ==
          tokens{276, 1, 175, 364, 205, 89, 186, 349, 375, 232, 155, 181});
    CHECK(run({.top_k = 0, .top_p = 1.0f, .min_p = 0.0f, .seed = 7, .typical_p = 0.5f}) ==
          tokens{30, 410, 388, 25, 6, 26, 328, 489, 389, 432, 437, 50});
    CHECK(run({.seed = 7, .top_n_sigma = 1.0f, .xtc_probability = 0.5f}) ==
          tokens{0, 242, 232, 147, 413, 457, 158, 301, 191, 302, 445, 448});
    // Few tokens and heavy penalties, so that they decide.
    CHECK(run({.temperature = 2.0f,
               .top_k = 3,
               .min_p = 0.0f,
               .seed = 7,
               .repeat_penalty = 1.3f,
               .presence_penalty = 0.5f,
               .frequency_penalty = 0.25f,
               .dry_multiplier = 0.8f},
              8) == tokens{0, 1, 163, 397, 481, 117, 314, 98});
    CHECK(run({.seed = 7, .mirostat = true}) == tokens{74, 1, 466, 317, 256, 89, 246, 126, 75, 183, 49, 450});
}

TEST_CASE("samples are distributed as the probabilities", "[sampler]") {
    const std::vector<float> logits{std::log(0.6f), std::log(0.3f), std::log(0.1f)};
    sampler sampler{3, {.temperature = 1.0f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f, .seed = 3}};
    int counts[3] = {};
    for (int i = 0; i < 30000; ++i) ++counts[sampler.sample(logits)];
    CHECK(std::abs(counts[0] - 18000) < 430);  // 5 standard deviations
    CHECK(std::abs(counts[1] - 9000) < 400);
    CHECK(std::abs(counts[2] - 3000) < 260);
}

TEST_CASE("a filter that leaves one token decides", "[sampler]") {
    const std::vector<float> logits{0.0f, 1.0f, 5.0f, 2.0f};
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CHECK(sampler{4, {.top_k = 1, .seed = seed}}.sample(logits) == 2);
        CHECK(sampler{4, {.top_p = 0.0f, .seed = seed}}.sample(logits) == 2);
        CHECK(sampler{4, {.min_p = 1.0f, .seed = seed}}.sample(logits) == 2);
        CHECK(sampler{4, {.temperature = 1e-30f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f, .seed = seed}}.sample(
                  logits) == 2);
        CHECK(sampler{4, {.top_p = 1.0f, .min_p = 0.0f, .seed = seed, .xtc_probability = 1.0f, .xtc_threshold = 0.0f}}
                  .sample(logits) == 0);
    }
}

TEST_CASE("the stages run in the order given, and only those listed", "[sampler]") {
    // min_p of 0.5 keeps both tokens at temperature 4 and one at temperature 1.
    const std::vector<float> logits{0.0f, 1.0f};
    const auto both_occur = [&](std::vector<sampling_stage> order) {
        sampler sampler{2, {.temperature = 4.0f, .top_k = 1, .min_p = 0.5f, .seed = 1, .order = std::move(order)}};
        bool seen[2] = {};
        for (int i = 0; i < 100; ++i) seen[sampler.sample(logits)] = true;
        return seen[0] && seen[1];
    };
    CHECK(both_occur({sampling_stage::temperature, sampling_stage::min_p}));
    CHECK_FALSE(both_occur({sampling_stage::min_p, sampling_stage::temperature}));
    CHECK_FALSE(both_occur({sampling_stage::temperature, sampling_stage::min_p, sampling_stage::top_k}));
    CHECK(both_occur({}));
}

TEST_CASE("penalties change the logits of recent tokens", "[sampler]") {
    SECTION("repeat divides positive and multiplies negative logits") {
        CHECK(best_of({.repeat_penalty = 2.0f}, {4.0f, 2.5f}, {0}) == 1);
        CHECK(best_of({.repeat_penalty = 1.5f}, {4.0f, 2.5f}, {0}) == 0);
        CHECK(best_of({.repeat_penalty = 2.0f}, {-1.0f, -1.5f}, {0}) == 1);
        CHECK(best_of({.repeat_penalty = 1.4f}, {-1.0f, -1.5f}, {0}) == 0);
    }
    SECTION("presence counts once, frequency every time") {
        CHECK(best_of({.presence_penalty = 0.9f}, {2.0f, 1.0f}, {0, 0, 0}) == 0);
        CHECK(best_of({.presence_penalty = 1.1f}, {2.0f, 1.0f}, {0, 0, 0}) == 1);
        CHECK(best_of({.frequency_penalty = 0.3f}, {2.0f, 1.0f}, {0, 0, 0}) == 0);
        CHECK(best_of({.frequency_penalty = 0.4f}, {2.0f, 1.0f}, {0, 0, 0}) == 1);
        CHECK(best_of({.presence_penalty = -1.1f}, {2.0f, 1.0f}, {1}) == 1);
    }
    SECTION("the window is the last tokens of the history") {
        CHECK(best_of({.repeat_last_n = 2, .presence_penalty = 5.0f}, {2.0f, 1.0f, 0.0f}, {0, 2, 2}) == 0);
        CHECK(best_of({.repeat_last_n = 3, .presence_penalty = 5.0f}, {2.0f, 1.0f, 0.0f}, {0, 2, 2}) == 1);
        CHECK(best_of({.repeat_last_n = -1, .presence_penalty = 5.0f}, {2.0f, 1.0f, 0.0f}, {0, 2, 2}) == 1);
        CHECK(best_of({.repeat_last_n = 0, .presence_penalty = 5.0f}, {2.0f, 1.0f, 0.0f}, {0, 2, 2}) == 0);
    }
    SECTION("extreme penalties stay finite") {
        constexpr float most = std::numeric_limits<float>::max();
        CHECK(best_of({.repeat_penalty = most, .presence_penalty = most}, {-2.0f, -3.0f}, {0}) == 1);
        CHECK(best_of({.repeat_penalty = most, .frequency_penalty = most}, {-2.0f, -3.0f}, {0, 1}) == 0);
    }
}

TEST_CASE("DRY lowers what would continue a repetition", "[sampler]") {
    // After 1 2 3 1 2 the 3 would make a repetition of 2 tokens one longer: 0.8 at the allowed length of 2.
    const std::vector<float> logits{0.0f, 0.0f, 0.0f, 2.0f, 1.3f};
    const std::vector<token> history{1, 2, 3, 1, 2};
    CHECK(best_of({.dry_multiplier = 0.8f}, logits, history) == 4);
    CHECK(best_of({.dry_multiplier = 0.6f}, logits, history) == 3);
    CHECK(best_of({.dry_multiplier = 0.8f, .dry_allowed_length = 3}, logits, history) == 3);
    CHECK(best_of({.dry_multiplier = 0.8f, .dry_penalty_last_n = 4}, logits, history) == 3);
    CHECK(best_of({.dry_multiplier = 0.8f}, logits, history, {1}) == 3);  // the breaker leaves a repetition of 1
    CHECK(best_of({.dry_multiplier = 0.4f, .dry_base = 2.0f}, logits, {4, 1, 2, 3, 4, 1, 2}) == 4);
    CHECK(best_of({.dry_multiplier = 1e30f, .dry_base = 1e30f}, logits, std::vector<token>(100, 3)) == 4);
}

TEST_CASE("bias, callback and constraint come before everything, in that order", "[sampler]") {
    CHECK(best_of({.logit_bias = {{0, 5.0f}}}, {1.0f, 3.0f}) == 0);
    CHECK(best_of({.logit_bias = {{1, -inf}}}, {1.0f, 3.0f}) == 0);
    CHECK(best_of({.logit_bias = {{0, 1.5f}, {0, 1.5f}}}, {1.0f, 3.0f}) == 0);

    only_these constraint;
    constraint.allowed = {0, 2};
    generation_options options;
    options.logit_bias = {{2, 10.0f}};
    options.constraint = &constraint;
    float seen = 0;
    options.on_logits = [&](std::span<float> logits) {
        seen = logits[2];
        logits[2] -= 100.0f;
        logits[1] = 1000.0f;
    };
    CHECK(best_of(options, {0.0f, 1.0f, 2.0f}) == 0);
    CHECK(seen == 12.0f);

    constraint.allowed = {};
    sampler sampler{3, options};
    CHECK_THROWS_AS(sampler.sample(std::vector<float>{1.0f, 2.0f, 3.0f}), nibble::error);
}

TEST_CASE("what the callback throws comes out and changes nothing", "[sampler]") {
    const auto plain = run({.seed = 5}, 6);
    bool fail = false;
    generation_options options{.seed = 5};
    options.on_logits = [&](std::span<float>) {
        if (fail) throw std::runtime_error("no");
    };
    sampler sampler{500, options};
    std::vector<token> out;
    for (std::uint64_t step = 0; step < 6; ++step) {
        fail = true;
        CHECK_THROWS_AS(sampler.sample(step_logits(step)), std::runtime_error);
        fail = false;
        out.push_back(sampler.sample(step_logits(step)));
    }
    CHECK(out == plain);
}

TEST_CASE("mirostat keeps as many candidates as give the surprise asked for", "[sampler]") {
    // Close to flat over the first few: k candidates left give a surprise of about log2(k) bits, a mean id of k / 2.
    std::vector<float> logits(500);
    for (std::size_t i = 0; i < 500; ++i) logits[i] = -0.02f * static_cast<float>(i);
    for (const float tau : {3.0f, 4.0f, 5.0f}) {
        sampler sampler{500, {.temperature = 1.0f, .seed = 9, .mirostat = true, .mirostat_tau = tau}};
        double sum = 0;
        for (int i = 0; i < 4000; ++i) {
            const token id = sampler.sample(logits);
            if (i >= 2000) sum += id;
        }
        const double candidates = 2.0 * sum / 2000 + 1.0;
        CHECK(std::log2(candidates) == Approx(static_cast<double>(tau)).margin(0.4));
    }
}

TEST_CASE("log-probabilities are those of the model", "[sampler]") {
    const std::vector<float> logits{1.0f, 2.0f, -inf, 4.0f, nan_value};
    const double total = std::exp(1.0) + std::exp(2.0) + std::exp(4.0);
    for (const float temperature : {0.0f, 0.5f}) {
        sampler sampler{5, {.temperature = temperature, .logit_bias = {{0, 50.0f}}, .n_probs = 5}};
        CHECK(sampler.sample(logits) == 0);
        REQUIRE(sampler.top_logprobs().size() == 3);
        CHECK(sampler.top_logprobs()[0].id == 3);
        CHECK(sampler.top_logprobs()[1].id == 1);
        CHECK(sampler.top_logprobs()[2].id == 0);
        CHECK(sampler.top_logprobs()[1].logprob == Approx(2.0 - std::log(total)).epsilon(1e-5));
        CHECK(sampler.picked_logprob().id == 0);
        CHECK(sampler.picked_logprob().logprob == Approx(1.0 - std::log(total)).epsilon(1e-5));
    }
}

TEST_CASE("log-probabilities of what is allowed are the model's own, shared out among it", "[sampler]") {
    const std::vector<float> logits{1.0f, 2.0f, -inf, 4.0f, 3.0f};
    only_these constraint;
    constraint.allowed = {0, 1, 2};
    const double total = std::exp(1.0) + std::exp(2.0);
    for (const float temperature : {0.0f, 0.5f}) {
        sampler sampler{5,
                        {.temperature = temperature,
                         .logit_bias = {{0, 50.0f}},
                         .constraint = &constraint,
                         .n_probs = 5,
                         .probs_of_allowed = true}};
        CHECK(sampler.sample(logits) == 0);
        REQUIRE(sampler.top_logprobs().size() == 2);
        CHECK(sampler.top_logprobs()[0].id == 1);
        CHECK(sampler.top_logprobs()[0].logprob == Approx(2.0 - std::log(total)).epsilon(1e-5));
        CHECK(sampler.picked_logprob().id == 0);
        CHECK(sampler.picked_logprob().logprob == Approx(1.0 - std::log(total)).epsilon(1e-5));
    }
    constraint.allowed = {3};
    sampler certain{5, {.temperature = 0, .constraint = &constraint, .n_probs = 1, .probs_of_allowed = true}};
    CHECK(certain.sample(logits) == 3);
    CHECK(certain.picked_logprob().logprob == 0.0f);
    CHECK(certain.sample(logits, {}, false) == 3);  // where the constraint does not hold, all tokens are allowed
    CHECK(certain.picked_logprob().logprob < -0.3f);
}

TEST_CASE("bad options leave a sampler as it was", "[sampler]") {
    sampler sampler{2, {.temperature = 0}};
    CHECK_THROWS_AS(sampler.configure({.temperature = -1}), nibble::error);
    CHECK(sampler.sample(std::vector<float>{0.0f, 1.0f}) == 1);
    CHECK_THROWS_AS(nibble::sampler((std::size_t{1} << 24) + 1), nibble::error);
}
