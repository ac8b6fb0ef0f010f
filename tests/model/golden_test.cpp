// SPDX-License-Identifier: Apache-2.0
// The whole transformer against float64 references of small models: weight types, layouts and families.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/model/weight_binder.hpp>

#include "support/forward_run.hpp"
#include "support/paths.hpp"
#include "support/random_weights.hpp"
#include "support/reference_decoder.hpp"
#include "support/same_bits.hpp"
#include "support/split_model.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// A model and the largest norm(got - reference) / norm(reference) of all logits that it may have.
struct golden {
    std::string_view name;
    double limit;
};

/// The smallest error of other engines on the same file, and what activations rounded as nibble rounds them give
/// when all else is exact, within a tenth. (For the float types, whose activations are not rounded, that leaves the
/// cache.)
constexpr golden measured(std::string_view name, double other_engines, double simulated) {
    return {name, std::min(other_engines, simulated * 1.1)};
}

constexpr golden all[] = {
    // one for each weight type
    measured("smollm3-q4_k_m", 0.0438, 0.0395),
    measured("smollm3-q4_k", 0.0266, 0.0256),
    measured("smollm3-q5_k", 0.0280, 0.0245),
    measured("smollm3-q6_k", 0.0291, 0.0274),
    measured("smollm3-q8_0", 0.0257, 0.0231),
    measured("smollm3-q4_0", 0.0023, 0.0021),
    measured("smollm3-q4_1", 0.0231, 0.0208),
    measured("smollm3-q5_0", 0.0245, 0.0225),
    measured("smollm3-q5_1", 0.0251, 0.0220),
    measured("smollm3-q2_k", 0.0236, 0.0149),
    measured("smollm3-q3_k", 0.0258, 0.0163),
    measured("smollm3-iq4_nl", 0.0087, 0.0076),
    measured("smollm3-iq4_xs", 0.0238, 0.0144),
    measured("smollm3-mxfp4", 0.0165, 0.0146),
    measured("smollm3-tq1_0", 0.0199, 0.0141),
    measured("smollm3-tq2_0", 0.0209, 0.0138),
    measured("smollm3-f16", 0.0005, 0.0001),
    measured("smollm3-bf16", 0.0005, 0.0001),
    measured("smollm3-f32", 0.0005, 0.0001),
    measured("llama-q4_k_m", 0.0288, 0.0251),
    measured("llama-rope_freqs", 0.0271, 0.0241),
    measured("smollm3-head128", 0.0299, 0.0271),
    // one for each detail of a family: nothing but the cache is rounded, and a detail that is wrong shows as 1e-2 or
    // more
    {"llama-yarn-f32", 2e-4},
    {"mistral-f32", 2e-4},
    {"qwen2-f32", 2e-4},
    {"qwen2-yarn-f32", 2e-4},
    {"qwen3-f32", 2e-4},
    {"gemma3-f32", 2e-4},
    {"gemma3-old-f32", 2e-4},
    {"olmo2-f32", 2e-4},
    {"olmo2-swa-f32", 2e-4},
    {"mixtral-f32", 2e-4},
    {"qwen3moe-f32", 2e-4},
    {"olmoe-f32", 2e-4},
    {"gpt-oss-f32", 2e-4},
    {"granite-f32", 2e-4},
    {"mistral3-f32", 2e-4},
    {"gemma2-f32", 2e-4},
    {"exaone4-f32", 2e-4},
    {"exaone4-full-f32", 2e-4},
    {"phi3-f32", 2e-4},
    {"phi3-longrope-f32", 2e-4},
    {"phi3-window-f32", 2e-4},
    {"glm4-f32", 2e-4},
    {"cohere2-f32", 2e-4},
    {"starcoder2-f32", 2e-4},
    {"hunyuan-f32", 2e-4},
    {"ernie4_5-f32", 2e-4},
    {"seed_oss-f32", 2e-4},
    {"lfm2-f32", 2e-4},
    // the families as they are downloaded: the error of llama.cpp with its default settings
    {"qwen2-q4_k_m", 0.0271},
    {"qwen3-q4_k_m", 0.0249},
    {"gemma3-q4_k_m", 0.0271},
    {"olmo2-q4_k_m", 0.0248},
    {"qwen3moe-q4_k_m", 0.0265},
    {"gpt-oss-q4_k_m", 0.0461},
    {"granite-q4_k_m", 0.0182},
    {"gemma2-q4_k_m", 0.0141},
    {"phi3-q4_k_m", 0.0373},
    {"glm4-q4_k_m", 0.0364},
    {"cohere2-q4_k_m", 0.0639},
    {"starcoder2-q4_k_m", 0.0176},
    {"lfm2-q4_k_m", 0.0451},
};

/// Without extension; empty if the file is in none of the folders.
std::filesystem::path find(std::string_view name) {
    for (const auto& folder : {test::data_dir(), test::shared_dir() / "golden", test::shared_dir() / "golden-archs"})
        if (std::filesystem::exists(folder / (std::string{name} + ".gguf"))) return folder / name;
    return {};
}

std::filesystem::path with(std::filesystem::path base, const char* extension) { return base += extension; }

double relative_error(const std::vector<float>& got, const std::vector<float>& reference) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double exact = static_cast<double>(reference[i]), difference = static_cast<double>(got[i]) - exact;
        error += difference * difference;
        norm += exact * exact;
    }
    return std::sqrt(error / norm);
}

}  // namespace

TEST_CASE("logits are as close to the reference as the rounding of activations allows") {
    for (const auto& golden : all) {
        const auto base = find(golden.name);
        if (base.empty()) {
            WARN("SKIPPED: needs ../shared/golden or ../shared/golden-archs with " << golden.name);
            continue;
        }
        const test::opened_model model{with(base, ".gguf")};
        const auto tokens = test::read_tokens(with(base, ".tokens"));
        const auto reference = test::read_npy(with(base, ".logits.npy"), tokens.size() * model.config.n_vocab);
        test::sequence_run run{model, tokens.size()};
        CAPTURE(golden.name);
        CHECK(relative_error(run.read(tokens), reference) <= golden.limit);
    }
}

TEST_CASE("every weight type has a model of its own") {
    for (const auto type : supported_types) {
        std::string name = "smollm3-";
        for (const char c : name_of(type)) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        CAPTURE(name);
        CHECK(std::any_of(std::begin(all), std::end(all), [&](const golden& model) { return model.name == name; }));
    }
}

TEST_CASE("where programs read a file differently, an option gives the other reading") {
    struct reading {
        const char *name, *reference;
        config_options options;
        std::size_t capacity;
    };
    const reading readings[] = {{"phi3-longrope-f32", ".long.logits.npy", {}, 513},  // the original context is 512
                                {"phi3-longrope-f32", ".logits.npy", {}, 512},
                                {"phi3-window-f32", ".nowindow.logits.npy", {.windows = false}, 40},
                                {"exaone4-f32", ".nowindow.logits.npy", {.windows = false}, 40},
                                {"gpt-oss-f32", ".truncated.logits.npy", {.yarn_whole_pairs = true}, 40}};
    for (const auto& [name, reference, options, capacity] : readings) {
        const auto base = find(name);
        if (base.empty() || !exists(with(base, reference))) {
            WARN("SKIPPED: needs ../shared/golden-archs with " << name << reference);
            continue;
        }
        const test::opened_model model{with(base, ".gguf"), options};
        const auto tokens = test::read_tokens(with(base, ".tokens"));
        const auto expected = test::read_npy(with(base, reference), tokens.size() * model.config.n_vocab);
        CAPTURE(name, reference);
        CHECK(relative_error(test::sequence_run{model, capacity}.read(tokens), expected) <= 2e-4);
    }
}

TEST_CASE("the reference in the tests is right where the golden one is known") {
    const test::opened_model model{test::data_dir() / "mistral-f32.gguf"};
    const auto tokens = test::read_tokens(test::data_dir() / "mistral-f32.tokens");
    const auto golden =
        test::read_npy(test::data_dir() / "mistral-f32.logits.npy", tokens.size() * model.config.n_vocab);
    CHECK(relative_error(test::reference_decoder{model.file, model.config}.logits(tokens), golden) < 2e-6);
}

TEST_CASE("a llama file with biases gives the logits of a model with biases") {
    const auto original = gguf::file::open(test::data_dir() / "mistral-f32.gguf");
    const auto tokens = test::read_tokens(test::data_dir() / "mistral-f32.tokens");
    const auto config = read_config(original);
    const std::vector<std::pair<const char*, std::size_t>> all_biases{
        {"attn_q", config.q_width()},   {"attn_k", config.kv_width()}, {"attn_v", config.kv_width()},
        {"attn_output", config.n_embd}, {"ffn_gate", config.n_ff},     {"ffn_up", config.n_ff},
        {"ffn_down", config.n_embd}};
    const test::temp_dir dir;
    std::vector<std::vector<float>> seen;
    // each alone, so that none may be left out, and all together
    for (std::size_t i = 0; i <= all_biases.size(); ++i) {
        auto writer = test::split(original, {original.tensors().size()}).front();
        std::uint32_t seed = 1;
        for (std::size_t layer = 0; layer < config.n_layers; ++layer)
            for (std::size_t b = 0; b < all_biases.size(); ++b) {
                const auto& [name, size] = all_biases[b];
                const auto values = test::random_activations(size, seed++);
                const auto bytes = std::as_bytes(std::span{values});
                if (b == i || i == all_biases.size())
                    writer.add_tensor({.name = "blk." + std::to_string(layer) + '.' + name + ".bias",
                                       .dims = {size},
                                       .data = {bytes.begin(), bytes.end()}});
            }
        writer.write(dir / "biases.gguf");
        const test::opened_model model{dir / "biases.gguf"};
        const auto expected = test::reference_decoder{model.file, model.config}.logits(tokens);
        CAPTURE(i);
        seen.push_back(test::sequence_run{model, tokens.size()}.read(tokens));
        CHECK(relative_error(seen.back(), expected) <= 2e-4);
        CHECK(relative_error(seen.back(), seen.front()) >= (i == 0 ? 0 : 1e-2));
        CHECK_THAT((test::sequence_run{model, tokens.size(), {.chunk = 7, .n_threads = 3}}.read(tokens)),
                   test::same_bits_as(seen.back(), config.n_vocab));
        CHECK_THAT((test::sequence_run{model, tokens.size(), {.cpu = cpu_features{}}}.read(tokens)),
                   test::same_bits_as(seen.back(), config.n_vocab));
    }
}

TEST_CASE("logits are the same bits for any chunking of the prompt and any number of threads") {
    for (const auto& golden : all) {
        const auto base = find(golden.name);
        if (base.empty()) continue;  // the test above says so
        const test::opened_model model{with(base, ".gguf")};
        const auto tokens = test::read_tokens(with(base, ".tokens"));
        const auto expected = test::sequence_run{model, tokens.size(), {.chunk = 1, .n_threads = 1}}.read(tokens);
        for (const std::size_t chunk : {1u, 7u, 32u, 512u})
            for (const unsigned n_threads : {1u, 2u, 3u}) {
                CAPTURE(golden.name, chunk, n_threads);
                test::sequence_run run{model, tokens.size(), {.chunk = chunk, .n_threads = n_threads}};
                CHECK_THAT(run.read(tokens), test::same_bits_as(expected, model.config.n_vocab));
            }
    }
}

TEST_CASE("logits are the same bits on every instruction set") {
    for (const auto& golden : all) {
        const auto base = find(golden.name);
        if (base.empty()) continue;
        const test::opened_model model{with(base, ".gguf")};
        auto tokens = test::read_tokens(with(base, ".tokens"));
        tokens.resize(12);  // the scalar kernels are slow
        const test::same_bits_as same{test::sequence_run{model, 12, {.cpu = cpu_features{}}}.read(tokens),
                                      model.config.n_vocab};
        CAPTURE(golden.name);
        CHECK_THAT((test::sequence_run{model, 12, {.cpu = {.portable = true}}}.read(tokens)), same);
        auto cpu = detect_cpu();
        CHECK_THAT((test::sequence_run{model, 12, {.cpu = cpu}}.read(tokens)), same);
        cpu.avx512 = cpu.avx512_vnni = cpu.avx512_vbmi = cpu.amx_int8 = false;
        CHECK_THAT((test::sequence_run{model, 12, {.cpu = cpu}}.read(tokens)), same);
    }
}
