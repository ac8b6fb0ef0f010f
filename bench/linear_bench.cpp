// SPDX-License-Identifier: Apache-2.0
// A matrix product as the model does it, activations to int8 included, with threads: the shapes of SmolLM3-3B.
#include <cstddef>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <nibble/kernels/best.hpp>
#include <nibble/ops/linear.hpp>

#include "../tests/support/random_weights.hpp"

namespace {

using namespace nibble;

void run(benchmark::State& state, data_type type, std::size_t rows, std::size_t depth, std::size_t n_tokens,
         unsigned n_threads) {
    thread_pool pool{n_threads};
    executor threads{pool};
    const auto& set = best_kernels(detect_cpu());
    const auto weights = test::random_weights(type, rows, depth, 1);
    const auto x = test::random_activations(n_tokens * depth, 2);
    std::vector<float> out(n_tokens * rows);
    activation_buffer input{set, {n_tokens, depth, true, true, threads.n_threads()}};
    const token_range all{0, n_tokens};
    const linear_job job{{view_matrix(type, rows, depth, weights.data())}, out.data(), rows, all};
    for (auto _ : state) {
        input.quantize(threads, x.data(), {&all, 1}, {&job.by.w, 1});
        linear(threads, {&job, 1}, input);
        benchmark::ClobberMemory();
    }
    using counter = benchmark::Counter;
    const double runs = static_cast<double>(state.iterations());
    state.counters["GB/s"] = counter(static_cast<double>(weights.size()) * runs / 1e9, counter::kIsRate);
    state.counters["GMAC/s"] = counter(static_cast<double>(rows * depth * n_tokens) * runs / 1e9, counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
    struct {
        const char* name;
        std::size_t rows, depth;
    } shapes[] = {{"attn_q", 2048, 2048}, {"ffn_up", 11008, 2048}, {"ffn_down", 2048, 11008}};
    for (const auto& s : shapes)
        for (const auto type : {data_type::q4_k, data_type::q6_k})
            for (const std::size_t n_tokens : {1u, 4u, 32u, 512u})
                for (const unsigned n_threads : {1u, 2u})
                    benchmark::RegisterBenchmark(
                        (std::string{s.name} + '/' + std::string{name_of(type)} +
                         "/tokens:" + std::to_string(n_tokens) + "/threads:" + std::to_string(n_threads))
                            .c_str(),
                        [=](benchmark::State& state) { run(state, type, s.rows, s.depth, n_tokens, n_threads); })
                        ->UseRealTime();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
