// SPDX-License-Identifier: Apache-2.0
// inspect: what it says of a family and of experts, against docs/models.md and against the files.
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/json/json.hpp>

#include "support/paths.hpp"
#include "support/program.hpp"
#include "test.hpp"

using nibble::json;
using namespace nibble::test;

namespace {

std::string data_path(std::string_view file) { return (data_dir() / file).string(); }

std::int64_t parameters(std::string_view file, std::string_view which) {
    const json report = json::parse(run_program("inspect", {data_path(file), "--json"}).out);
    return report.find("parameters")->find(which)->as_integer();
}

}  // namespace

TEST_CASE("inspect counts the parameters, and those that a token uses") {
    if (!programs_are_built()) return;
    struct row {
        std::string_view file;
        std::int64_t all, used;
    };
    constexpr row rows[] = {
        {"qwen3-f32.gguf", 61872, 61872},
        {"mixtral-f32.gguf", 117168, 117168 - 82944 / 6 * 4},  // 2 of 6 experts
        {"qwen3moe-f32.gguf", 124176, 124176 - 82944 / 6 * 4},
        {"olmoe-f32.gguf", 124368, 124368 - 82944 / 6 * 3},
    };
    for (const auto& [file, all, used] : rows) {
        CAPTURE(file);
        CHECK(parameters(file, "in_the_file") == all);
        CHECK(parameters(file, "used_for_a_token") == used);
    }
    const auto listing = run_program("inspect", {data_path("qwen3moe-f32.gguf")});
    CHECK(contains(listing.out, "\n  feed-forward      SiLU; 2 of 6 experts\n"));
    CHECK(contains(listing.out, "124176  in the file"));
    CHECK(contains(listing.out, "68880  used for a token"));
}

TEST_CASE("inspect --check ends with the file's row of the table in docs/models.md") {
    if (!programs_are_built()) return;
    const std::string columns = "\n| family | norms of a block | queries and keys | rope | window | feed-forward |\n";
    const std::string table = contents_of(data_dir() / "../../docs/models.md");
    CHECK(contains(table, "| family | models | norms of a block | queries and keys | rope | window | feed-forward |"));
    constexpr std::string_view rows[][2] = {
        {"cohere2-f32.gguf",
         "| `cohere2` | one layer norm for both blocks, which work side by side | | interleaved; 2 of 8 "
         "layers: none | 6 of 8 layers: 9 positions | SiLU |"},
        {"gemma2-f32.gguf",
         "| `gemma2` | before and after | scores capped | halves | 2 of 4 layers: 9 positions | GELU, tanh form |"},
        {"gemma3-f32.gguf",
         "| `gemma3` | before and after | norm of each head | halves; linear; with a window: a rotation "
         "of its own | 10 of 12 layers: 9 positions | GELU, tanh form |"},
        {"glm4-f32.gguf",
         "| `glm4` | before and after | biases, on values too | interleaved, 8 of 16 values of a head | | "
         "SiLU, gate and up in one matrix |"},
        {"hunyuan-f32.gguf", "| `hunyuan-dense` | before | norm of each head, after it has turned | halves | | SiLU |"},
        {"lfm2-f32.gguf",
         "| `lfm2` | before | norm of each head; 2 of 4 layers: a short convolution instead of attention "
         "| halves | | SiLU |"},
        {"llama-rope_freqs.gguf", "| `llama` | before | | interleaved; divisors | | SiLU |"},
        {"mistral3-f32.gguf",
         "| `mistral3` | before | queries grow with their position | interleaved; yarn | | SiLU |"},
        {"olmo2-f32.gguf", "| `olmo2` | after | norm of the whole row | halves | | SiLU |"},
        {"olmoe-f32.gguf",
         "| `olmoe` | before | norm of the whole row | halves | | SiLU; 3 of 6 experts, whose weights do "
         "not sum to 1 |"},
        {"phi3-longrope-f32.gguf", "| `phi3` | before | one matrix with values | halves, 12 of 16 values of a head; "
                                   "longrope | | SiLU, gate and up in one matrix |"},
        {"qwen3moe-f32.gguf", "| `qwen3moe` | before | norm of each head | halves | | SiLU; 2 of 6 experts |"},
        {"starcoder2-f32.gguf",
         "| `starcoder2` | before: layer norm with bias | biases, on values too | halves | | GELU, "
         "tanh form, without a gate; biases |"},
    };
    for (const auto& [file, row] : rows) {
        const auto result = run_program("inspect", {data_path(file), "--check"});
        INFO(result.out);
        CHECK(result.out.ends_with(columns + std::string{row} + '\n'));
        CHECK(contains(table, '\n' + std::string{row.substr(0, row.find('|', 1))}));
    }
}
