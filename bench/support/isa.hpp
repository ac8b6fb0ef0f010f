// SPDX-License-Identifier: Apache-2.0
// The option that compares instruction sets.
#pragma once

#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

#include <nibble/core/cpu.hpp>
#include <nibble/kernels/best.hpp>

namespace nibble::bench {

inline void declare_isa(CLI::App& app, std::string& isa) {
    app.add_option("--isa", isa, "kernels to use")
        ->check(
            CLI::IsMember({"auto", "avx512-vnni", "avx2", "neon-i8mm", "neon-dotprod", "neon", "portable", "scalar"}))
        ->capture_default_str();
}

/// What this CPU has, cut down to `isa`.
inline cpu_features features(const std::string& isa) {
    cpu_features cpu = detect_cpu();
    if (isa == "auto") return cpu;
    if (isa == "avx2") cpu = {.avx2 = cpu.avx2};
    if (isa == "neon-dotprod") cpu.neon_i8mm = false;
    if (isa == "neon") cpu = {.neon = cpu.neon};
    if (isa == "portable") cpu = {.portable = true};
    if (isa == "scalar") cpu = {};
    if (best_kernels(cpu).name != isa) throw std::runtime_error("this CPU has no " + isa);
    return cpu;
}

}  // namespace nibble::bench
