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
#include <nibble/kernels/kernel_set.hpp>

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
    if (&set == &avx2_kernels) return avx2;
    if (&set == &avx512_vnni_kernels) {
        static const double avx512 = bench::measure_multiply_bound(true);
        return avx512;
    }
#endif
    (void)set;
    return 0;
}

/// `bound`: of bytes a second (few tokens) or multiply-accumulates a second; 0: not known.
void count(benchmark::State& state, std::size_t weight_bytes, std::size_t macs, bool panel, double bound) {
    const double runs = static_cast<double>(state.iterations());
    using counter = benchmark::Counter;
    state.counters["GB/s"] = counter(static_cast<double>(weight_bytes) * runs / 1e9, counter::kIsRate);
    state.counters["bytes/cycle"] = counter(static_cast<double>(weight_bytes) * runs / clock_hz(), counter::kIsRate);
    state.counters["MAC/cycle"] = counter(static_cast<double>(macs) * runs / clock_hz(), counter::kIsRate);
    if (bound > 0)
        state.counters["of bound"] =
            counter(static_cast<double>(panel ? macs : weight_bytes) * runs / bound, counter::kIsRate);
}

/// Activations of n_tokens tokens in the form that `cell` reads.
aligned_buffer<std::byte> make_tokens(const kernel_set& set, const format_kernels& cell, bool panel,
                                      std::size_t n_tokens, std::size_t depth) {
    const auto x = test::random_activations(n_tokens * depth, 1);
    aligned_buffer<std::byte> out{(n_tokens + 16) * depth * 4 + 4096};
    const bool k = cell.form == activation_form::blocks_of_256;
    if (cell.form == activation_form::floats) {
        std::memcpy(out.data(), x.data(), x.size() * sizeof(float));
    } else if (panel) {
        const auto quantize = k ? set.quantize_panel_256 : set.quantize_panel_32;
        const std::size_t group = k ? depth / 256 * set.group_bytes_256 : depth / 32 * set.group_bytes_32;
        for (std::size_t g = 0; g * set.panel_lanes < n_tokens; ++g)
            quantize(x.data() + g * set.panel_lanes * depth, depth,
                     std::min(set.panel_lanes, n_tokens - g * set.panel_lanes), depth, out.data() + g * group);
    } else {
        const auto quantize = k ? set.quantize_row_256 : set.quantize_row_32;
        const std::size_t row =
            k ? depth / 256 * sizeof(quant::activation_block<256>) : depth / 32 * sizeof(quant::activation_block<32>);
        for (std::size_t t = 0; t < n_tokens; ++t) quantize(x.data() + t * depth, depth, out.data() + t * row);
    }
    return out;
}

void run_kernel(benchmark::State& state, const kernel_set& set, data_type type, shape s, std::size_t n_tokens,
                bool panel) {
    const auto& cell = *set.find(type);
    const auto weights = test::random_weights(type, s.rows, s.depth, 2);
    const auto tokens = make_tokens(set, cell, panel, n_tokens, s.depth);
    const std::size_t row_bytes = weights.size() / s.rows;
    const auto scratch = std::make_unique<kernels::panel_scratch>();
    std::vector<float> out(n_tokens * s.rows);
    for (auto _ : state) {
        if (panel)
            cell.panel(weights.data(), row_bytes, s.rows, s.depth, tokens.data(), n_tokens, out.data(), s.rows,
                       *scratch);
        else
            cell.rows(weights.data(), row_bytes, s.rows, s.depth, tokens.data(), n_tokens, out.data(), s.rows);
        benchmark::ClobberMemory();
    }
    count(state, weights.size(), s.rows * s.depth * n_tokens, panel,
          panel ? multiply_bound(set) : bench::measure_cache_bandwidth(weights));
}

void run_quantize(benchmark::State& state, const kernel_set& set, std::size_t block, bool panel) {
    const std::size_t depth = 2048, n_tokens = panel ? set.panel_lanes : 1;
    const auto x = test::random_activations(n_tokens * depth, 1);
    aligned_buffer<std::byte> out{n_tokens * depth * 4};
    for (auto _ : state) {
        if (panel)
            (block == 256 ? set.quantize_panel_256 : set.quantize_panel_32)(x.data(), depth, n_tokens, depth,
                                                                            out.data());
        else
            (block == 256 ? set.quantize_row_256 : set.quantize_row_32)(x.data(), depth, out.data());
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
        for (const std::size_t n_tokens : {1u, 2u, 4u})
            benchmark::RegisterBenchmark((name + "/rows/192x2048/tokens:" + std::to_string(n_tokens)).c_str(),
                                         [&set, type = cell.type, n_tokens](benchmark::State& state) {
                                             run_kernel(state, set, type, {192, 2048}, n_tokens, false);
                                         });
        if (!cell.panel) continue;
        for (const std::size_t depth : {2048u, 11008u})
            for (const std::size_t n_tokens : {8u, 32u, 512u})
                benchmark::RegisterBenchmark(
                    (name + "/panel/96x" + std::to_string(depth) + "/tokens:" + std::to_string(n_tokens)).c_str(),
                    [&set, type = cell.type, n_tokens, depth](benchmark::State& state) {
                        run_kernel(state, set, type, {96, depth}, n_tokens, true);
                    });
    }
    for (const std::size_t block : {256u, 32u})
        for (const bool panel : {false, true})
            if (!panel || set.quantize_panel_256)
                benchmark::RegisterBenchmark(
                    (prefix + "quantize/" + (panel ? "panel" : "row") + "/block:" + std::to_string(block)).c_str(),
                    [&set, block, panel](benchmark::State& state) { run_quantize(state, set, block, panel); });
}

}  // namespace

int main(int argc, char** argv) {
    const cpu_features cpu = detect_cpu();
    (void)cpu;
#if NIBBLE_X86_64
    if (cpu.avx2) add_set(avx2_kernels);
    if (cpu.avx512_vnni) add_set(avx512_vnni_kernels);
#endif
    add_set(scalar_kernels);
    benchmark::AddCustomContext("core clock, GHz", std::to_string(clock_hz() / 1e9));
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
