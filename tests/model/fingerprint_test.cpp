// SPDX-License-Identifier: Apache-2.0
// Models are told apart by their files and by what options make of their rotations and windows.
#include <nibble/model/fingerprint.hpp>

#include <set>

#include "support/paths.hpp"
#include "test.hpp"

using nibble::fingerprint;
using nibble::model;
using nibble::model_options;

TEST_CASE("a fingerprint is that of a file and of the options that change what is computed") {
    const auto of = [](const char* name, const model_options& options = {}) {
        return fingerprint(model::load(nibble::test::data_dir() / name, options));
    };
    CHECK(of("qwen2-yarn-f32.gguf") == of("qwen2-yarn-f32.gguf"));
    CHECK(of("qwen2-yarn-f32.gguf") == of("qwen2-yarn-f32.gguf", {.config = {.context = 100}, .read_ahead = false}));
    const std::set<std::uint64_t> all{of("qwen2-yarn-f32.gguf"),
                                      of("qwen2-yarn-f32.gguf", {.config = {.yarn_whole_pairs = false}}),
                                      of("qwen2-yarn-f32.gguf", {.config = {.rope_freq_base = 5000.0f}}),
                                      of("qwen2-f32.gguf"),
                                      of("gemma2-f32.gguf"),
                                      of("gemma2-f32.gguf", {.config = {.windows = false}}),
                                      of("smollm3-q4_k.gguf"),
                                      of("smollm3-q5_k.gguf")};
    CHECK(all.size() == 8);
}
