// SPDX-License-Identifier: Apache-2.0
// Time to pick one token out of 128,256, for the usual ways to do it. To be compared with the time of a decode: 1 % of
// it is about 1 ms for SmolLM3-3B at 9 tokens a second.
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <nibble/generate/sampler.hpp>

namespace {

using stage = nibble::sampling_stage;

/// Logits shaped like a model's: a bell, and a tail of favourites that thins out exponentially. `spread` 1 leaves about
/// ten tokens likely; 0.3 leaves thousands.
std::vector<float> logits_like_a_model(double spread) {
    nibble::random_generator random{1};
    std::vector<float> logits(128256);
    for (auto& logit : logits) {
        double bell = 0;
        for (int i = 0; i < 12; ++i) bell += random.next_double() - 0.5;
        logit = static_cast<float>(spread * (2.0 * bell - 2.0 * std::log(1.0 - random.next_double())));
    }
    return logits;
}

void sample(benchmark::State& state, const nibble::generation_options& options, double spread) {
    const auto logits = logits_like_a_model(spread);
    nibble::random_generator random{2};
    std::vector<nibble::token> history(4096);
    for (auto& id : history) id = static_cast<nibble::token>(random.next() % 2000);
    nibble::sampler sampler{logits.size(), options, history.size()};
    for (auto _ : state) benchmark::DoNotOptimize(sampler.sample(logits, history));
}

void add(const std::string& name, const nibble::generation_options& options, double spread = 1.0) {
    benchmark::RegisterBenchmark(name.c_str(), [=](auto& state) {
        sample(state, options, spread);
    })->Unit(benchmark::kMicrosecond);
}

const bool registered = [] {
    const nibble::generation_options all{.top_k = 0, .top_p = 1, .min_p = 0};
    const auto with = [&](const std::function<void(nibble::generation_options&)>& change) {
        auto options = all;
        change(options);
        return options;
    };
    add("greedy", {.temperature = 0});
    add("default: top-k 40, top-p 0.95, min-p 0.05", {});
    add("default and penalties", {.repeat_penalty = 1.1f});
    add("default and DRY over 4,096 tokens", {.dry_multiplier = 0.8f});
    add("default and logprobs of the top 10", {.n_probs = 10});
    add("default and a logit bias", {.logit_bias = {{7, 1.0f}}});
    add("temperature alone", all);
    add("top-k 1,000 alone", with([](auto& o) { o.top_k = 1000; }));
    add("top-p 0.95 alone", with([](auto& o) { o.top_p = 0.95f; }));
    add("top-p 0.95 alone, flat logits", with([](auto& o) { o.top_p = 0.95f; }), 0.3);
    add("min-p 0.05 alone", with([](auto& o) { o.min_p = 0.05f; }));
    add("typical 0.9 alone", with([](auto& o) { o.typical_p = 0.9f; }));
    add("top-n-sigma 1 alone", with([](auto& o) { o.top_n_sigma = 1; }));
    add("XTC alone", with([](auto& o) { o.xtc_probability = 0.5f; }));
    add("mirostat", with([](auto& o) { o.mirostat = true; }));
    return true;
}();

}  // namespace
