// SPDX-License-Identifier: Apache-2.0
// Each weight kernel alone: format x instruction set x number of tokens. Counters: weight bytes a second and a cycle,
// multiply-accumulates a cycle, and the share of what bounds the kernel: for few tokens the rate at which a core reads
// as many bytes from the same cache level, for many the rate of its byte multipliers. Clock and bounds are measured.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/kernels/best.hpp>

#include "../tests/support/kernel_sets.hpp"
#include "../tests/support/random_weights.hpp"
#include "support/machine.hpp"

namespace {

using namespace nibble;

struct shape {
    std::size_t rows, depth;
};

double clock_hz() {
    static const double hz = bench::measure_clock_hz();
    return hz;
}

/// Multiply-accumulates a second that `set` can do at most.
double multiply_bound(const kernel_set& set) {
#if NIBBLE_X86_64
    static const double avx2 = bench::measure_multiply_bound(false);
    if (set.name == "avx2") return avx2;
    if (set.name == "avx512-vnni") {
        static const double avx512 = bench::measure_multiply_bound(true);
        return avx512;
    }
#elif NIBBLE_AARCH64
    static const double dotprod = detect_cpu().neon_dotprod ? bench::measure_multiply_bound(false) : 0;
    static const double i8mm = detect_cpu().neon_i8mm ? bench::measure_multiply_bound(true) : 0;
    if (set.name == "neon-dotprod") return dotprod;
    if (set.name == "neon-i8mm") return i8mm;
#endif
    (void)set;
    return 0;
}

/// `bound`: of bytes a second (few tokens) or multiply-accumulates a second; 0: not known.
void count(benchmark::State& state, std::size_t weight_bytes, std::size_t macs, bool gemm, double bound) {
    const double runs = static_cast<double>(state.iterations());
    using counter = benchmark::Counter;
    state.counters["GB/s"] = counter(static_cast<double>(weight_bytes) * runs / 1e9, counter::kIsRate);
    state.counters["bytes/cycle"] = counter(static_cast<double>(weight_bytes) * runs / clock_hz(), counter::kIsRate);
    state.counters["MAC/cycle"] = counter(static_cast<double>(macs) * runs / clock_hz(), counter::kIsRate);
    if (bound > 0)
        state.counters["of bound"] =
            counter(static_cast<double>(gemm ? macs : weight_bytes) * runs / bound, counter::kIsRate);
}

void run_kernel(benchmark::State& state, const kernel_set& set, data_type type, shape s, std::size_t n_tokens,
                bool gemm) {
    const auto& cell = *set.find(type);
    const auto weights = test::random_weights(type, s.rows, s.depth, 2);
    const auto x = test::random_activations(n_tokens * s.depth, 1);
    const auto tokens = test::tokens_for(set, cell.form, gemm, x.data(), n_tokens, s.depth);
    const std::size_t row_bytes = weights.size() / s.rows;
    const auto scratch = std::make_unique<kernels::gemm_scratch>();
    std::vector<float> out(n_tokens * s.rows);
    for (auto _ : state) {
        if (gemm)
            cell.gemm(weights.data(), row_bytes, s.rows, s.depth, tokens.data(), n_tokens, out.data(), s.rows,
                      *scratch);
        else
            cell.gemv(weights.data(), row_bytes, s.rows, s.depth, tokens.data(), n_tokens, out.data(), s.rows);
        benchmark::ClobberMemory();
    }
    count(state, weights.size(), s.rows * s.depth * n_tokens, gemm,
          gemm ? multiply_bound(set) : bench::measure_cache_bandwidth(weights));
}

void run_quantize(benchmark::State& state, const kernel_set& set, activation_form form, bool gemm) {
    const std::size_t depth = 2048, n_tokens = gemm ? set.token_group : 1;
    const auto x = test::random_activations(n_tokens * depth, 1);
    auto out = test::tokens_for(set, form, gemm, x.data(), n_tokens, depth);
    for (auto _ : state) {
        if (gemm)
            set.of(form).pack_tokens(x.data(), depth, n_tokens, depth, out.data());
        else
            set.of(form).quantize_row(x.data(), depth, out.data());
        benchmark::ClobberMemory();
    }
    state.counters["values/cycle"] =
        benchmark::Counter(static_cast<double>(n_tokens * depth) * static_cast<double>(state.iterations()) / clock_hz(),
                           benchmark::Counter::kIsRate);
}

void add_set(const kernel_set& set) {
    const std::string prefix = std::string{set.name} + '/';
    for (const auto& cell : set.formats) {
        const std::string name = prefix + std::string{name_of(cell.type)};
        // 192 rows of 2048: 216 KiB of Q4_K, out of the first cache level, inside the second
        for (const std::size_t n_tokens : {1u, 2u, 4u, 8u, 16u})
            benchmark::RegisterBenchmark((name + "/gemv/192x2048/tokens:" + std::to_string(n_tokens)).c_str(),
                                         [&set, type = cell.type, n_tokens](benchmark::State& state) {
                                             run_kernel(state, set, type, {192, 2048}, n_tokens, false);
                                         });
        if (!cell.gemm) continue;
        for (const std::size_t depth : {2048u, 11008u})
            for (const std::size_t n_tokens : {8u, 16u, 32u, 512u})
                benchmark::RegisterBenchmark(
                    (name + "/gemm/96x" + std::to_string(depth) + "/tokens:" + std::to_string(n_tokens)).c_str(),
                    [&set, type = cell.type, n_tokens, depth](benchmark::State& state) {
                        run_kernel(state, set, type, {96, depth}, n_tokens, true);
                    });
    }
    for (const auto form : {activation_form::blocks_of_256, activation_form::blocks_of_32})
        for (const bool gemm : {false, true})
            benchmark::RegisterBenchmark(
                (prefix + (gemm ? "pack_tokens/" : "quantize_row/") +
                 (form == activation_form::blocks_of_256 ? "256" : "32"))
                    .c_str(),
                [&set, form, gemm](benchmark::State& state) { run_quantize(state, set, form, gemm); });
}

}  // namespace

int main(int argc, char** argv) {
    for (const kernel_set* set : test::runnable_sets()) add_set(*set);
    benchmark::AddCustomContext("core clock, GHz", std::to_string(clock_hz() / 1e9));
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
