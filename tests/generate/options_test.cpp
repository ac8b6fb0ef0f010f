// SPDX-License-Identifier: Apache-2.0
#include "test.hpp"

#include <functional>
#include <limits>
#include <string>

#include <nibble/generate/options.hpp>

using nibble::errc;
using nibble::generation_options;

namespace {

/// Code and place of the error that these options give, with 10 tokens.
void check_bad(const std::string& name, const std::function<void(generation_options&)>& spoil,
               errc code = errc::sample_bad_param) {
    INFO(name);
    generation_options options;
    spoil(options);
    try {
        nibble::validate(options, 10);
        FAIL("accepted");
    } catch (const nibble::error& e) {
        CHECK(e.code() == code);
        CHECK(e.where().find("option '" + name + "'") == 0);
        CHECK_FALSE(e.expected().empty());
        CHECK_FALSE(e.got().empty());
    }
}

}  // namespace

TEST_CASE("the default options and all that is in range are accepted", "[options]") {
    CHECK_NOTHROW(nibble::validate({}, 10));
    CHECK_NOTHROW(
        nibble::validate({.temperature = 0, .top_k = 0, .top_p = 0, .min_p = 1, .seed = ~std::uint64_t{0}}, 10));
    CHECK_NOTHROW(nibble::validate({.repeat_last_n = -1, .presence_penalty = -2, .frequency_penalty = -2}, 10));
    CHECK_NOTHROW(nibble::validate({.order = {}}, 10));
    generation_options forbidding;
    forbidding.logit_bias = {{0, -std::numeric_limits<float>::infinity()}, {9, 100.0f}, {9, -1.0f}};
    forbidding.n_probs = 10;
    CHECK_NOTHROW(nibble::validate(forbidding, 10));
}

TEST_CASE("every bad value is refused by name", "[options]") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    for (const float bad : {-0.1f, nan, inf, -inf}) {
        check_bad("temperature", [&](auto& o) { o.temperature = bad; });
        check_bad("top_p", [&](auto& o) { o.top_p = bad; });
        check_bad("min_p", [&](auto& o) { o.min_p = bad; });
        check_bad("typical_p", [&](auto& o) { o.typical_p = bad; });
        check_bad("top_n_sigma", [&](auto& o) { o.top_n_sigma = bad; });
        check_bad("xtc_probability", [&](auto& o) { o.xtc_probability = bad; });
        check_bad("xtc_threshold", [&](auto& o) { o.xtc_threshold = bad; });
        check_bad("repeat_penalty", [&](auto& o) { o.repeat_penalty = bad; });
        check_bad("dry_multiplier", [&](auto& o) { o.dry_multiplier = bad; });
        check_bad("dry_base", [&](auto& o) { o.dry_base = bad; });
        check_bad("mirostat_tau", [&](auto& o) { o.mirostat_tau = bad; });
        check_bad("mirostat_eta", [&](auto& o) { o.mirostat_eta = bad; });
    }
    for (const float bad : {nan, inf, -inf}) {
        check_bad("presence_penalty", [&](auto& o) { o.presence_penalty = bad; });
        check_bad("frequency_penalty", [&](auto& o) { o.frequency_penalty = bad; });
    }
    for (const float bad : {nan, inf}) check_bad("logit_bias", [&](auto& o) { o.logit_bias = {{1, bad}}; });
    check_bad("top_p", [](auto& o) { o.top_p = 1.01f; });
    check_bad("min_p", [](auto& o) { o.min_p = 1.01f; });
    check_bad("repeat_penalty", [](auto& o) { o.repeat_penalty = 0.0f; });
    check_bad("mirostat_tau", [](auto& o) { o.mirostat_tau = 0.0f; });
    check_bad("top_k", [](auto& o) { o.top_k = -1; });
    check_bad("repeat_last_n", [](auto& o) { o.repeat_last_n = -2; });
    check_bad("dry_allowed_length", [](auto& o) { o.dry_allowed_length = 0; });
    check_bad("dry_penalty_last_n", [](auto& o) { o.dry_penalty_last_n = -2; });
    check_bad("n_probs", [](auto& o) { o.n_probs = -1; });
    check_bad("n_probs", [](auto& o) { o.n_probs = 11; });
    check_bad("stop", [](auto& o) { o.stop = {"a", ""}; });
    check_bad("dry_sequence_breakers", [](auto& o) { o.dry_sequence_breakers = {""}; });
    check_bad("order", [](auto& o) { o.order = {nibble::sampling_stage::top_k, nibble::sampling_stage::top_k}; });
    check_bad("order", [](auto& o) { o.order = {static_cast<nibble::sampling_stage>(9)}; });
    for (const nibble::token bad : {-1, 10, std::numeric_limits<nibble::token>::max()})
        check_bad(
            "logit_bias",
            [&](auto& o) {
                o.logit_bias = {{0, 1.0f}, {bad, 1.0f}};
            },
            errc::ctx_bad_token);
}
