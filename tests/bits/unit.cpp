// SPDX-License-Identifier: Apache-2.0
// One unit of the test of equal bits: compiled again for each compiler and each set of flags, with NIBBLE_BITS_UNIT as
// the name of its function. What it computes is hashed for every set of kernels that the CPU runs.
#include <nibble/nibble.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unit.hpp"

namespace {

using namespace nibble;

/// FNV-1a, 64 bits.
struct hash {
    std::uint64_t value = 0xcbf29ce484222325u;

    void add(std::uint32_t word) {
        for (int shift = 0; shift < 32; shift += 8) value = (value ^ (word >> shift & 255u)) * 0x100000001b3u;
    }
    void add(std::span<const float> values) {
        for (const float v : values) add(std::bit_cast<std::uint32_t>(v));
    }
    void add(std::string_view text) {
        for (const char c : text) add(static_cast<std::uint32_t>(static_cast<unsigned char>(c)));
    }
};

std::vector<token> read_tokens(const std::string& path) {
    std::ifstream file{path};
    std::vector<token> tokens;
    for (token id; file >> id;) {
        tokens.push_back(id);
        file.ignore(1);  // the comma, where there is one
    }
    return tokens;
}

/// The logits of every position, in pieces of 1, 2, ... tokens: few tokens and many.
std::uint64_t logits_of(const std::string& path, const cpu_features& cpu) {
    const auto m = model::load(path + ".gguf");
    const auto tokens = read_tokens(path + ".tokens");
    session s{m, {.context = tokens.size() + 1, .threads = 1, .cpu = cpu}};
    hash h;
    for (std::size_t at = 0, count = 1; at < tokens.size(); at += count++) {
        const auto piece = std::span{tokens}.subspan(at, std::min(count, tokens.size() - at));
        std::vector<float> logits(piece.size() * m.config().n_vocab);
        s.prefill(piece, logits);
        h.add(logits);
    }
    return h.value;
}

std::uint64_t text_of(const std::string& path, const cpu_features& cpu) {
    const auto m = model::load(path);
    session s{m, {.context = 512, .threads = 1, .cpu = cpu}};
    hash h;
    auto reply = s.chat({{role::user, "Tell me a story about a small boat."}},
                        {.temperature = 0.9f, .seed = 7, .max_tokens = 48});
    for (const std::string_view piece : reply) h.add(piece);
    return h.value;
}

/// An embedding, and the scores of two texts behind another.
std::uint64_t vectors_of(const std::string& path, const cpu_features& cpu) {
    const auto m = model::load(path);
    session s{m, {.context = 512, .threads = 1, .cpu = cpu}};
    hash h;
    h.add(s.embed("Once upon a time there was a small boat."));
    for (const auto& text : s.score("Once upon a time", {" there was a lion.", " a bird had a broken wing."}))
        h.add(text.logprobs);
    return h.value;
}

}  // namespace

void NIBBLE_BITS_UNIT(const std::string& data, const std::string& models, const report_bits& report) {
    // What the CPU may run, one kind more each time: each set is the best one once.
    const cpu_features cpu = detect_cpu();
    std::array<cpu_features, 4> steps{};
    steps[1].portable = cpu.portable;
    steps[2] = steps[1];
    steps[2].avx2 = cpu.avx2;
    steps[2].neon = cpu.neon;
    steps[3] = cpu;
    std::string_view before;
    for (const auto& step : steps) {
        const std::string_view set = best_kernels(step).name;
        if (set == before) continue;
        before = set;
        for (const char* name : {"smollm3-q4_k", "llama-q4_k_m", "smollm3-f16", "gemma3-f32", "gemma2-f32",
                                 "starcoder2-f32", "mistral3-f32", "lfm2-f32", "olmoe-f32"})
            report(set, name, logits_of(data + '/' + name, step));
        report(set, "text", text_of(models + "/nibble-tiny.gguf", step));
        report(set, "vectors", vectors_of(models + "/nibble-tiny.gguf", step));
    }
}
