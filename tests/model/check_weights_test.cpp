// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/check_weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <nibble/model/bind.hpp>
#include <nibble/model/read_config.hpp>
#include <nibble/model/weight_binder.hpp>

#include "support/model_file.hpp"
#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_error;
using test::model_file;

namespace {

/// Puts a 16-bit pattern at byte `at` of block `block` of a tensor of that type, and checks the file.
void check_pattern(data_type type, std::size_t block, std::size_t at, std::uint16_t bits) {
    model_file model{"llama", {.n_embd = 256}};
    const std::string name = "blk.0.ffn_up.weight";
    model.reshape(name, {256, 96}, type);
    std::memcpy(model.tensor(name).data.data() + block * find_data_type(type)->block_bytes + at, &bits, sizeof bits);
    const auto file = model.parse();
    check_finite(file, *file.find_tensor(name));
}

}  // namespace

TEST_CASE("check_weights: a scale that is no finite number, in every format") {
    struct float_place {
        data_type type;
        std::vector<std::size_t> scales;  ///< bytes of the block where a 16-bit float or the upper half of one starts
        std::size_t codes;                ///< a byte where integers start
        std::uint16_t infinity;           ///< or the one pattern that is no number
    };
    const float_place places[] = {
        {data_type::f32, {2}, 0, 0x7f80},     {data_type::f16, {0}, 0, 0x7c00},
        {data_type::bf16, {0}, 0, 0x7f80},    {data_type::q4_0, {0}, 2, 0x7c00},
        {data_type::q4_1, {0, 2}, 4, 0x7c00}, {data_type::q5_0, {0}, 2, 0x7c00},
        {data_type::q5_1, {0, 2}, 4, 0x7c00}, {data_type::q8_0, {0}, 2, 0x7c00},
        {data_type::q4_k, {0, 2}, 4, 0x7c00}, {data_type::q5_k, {0, 2}, 4, 0x7c00},
        {data_type::q6_k, {208}, 0, 0x7c00},  {data_type::q3_k, {108}, 0, 0x7c00},
        {data_type::mxfp4, {0}, 1, 0x00ff},   {data_type::q2_k, {80, 82}, 0, 0x7c00},
        {data_type::iq4_nl, {0}, 2, 0x7c00},  {data_type::iq4_xs, {0}, 2, 0x7c00},
        {data_type::tq1_0, {52}, 0, 0x7c00},  {data_type::tq2_0, {64}, 0, 0x7c00},
    };
    CHECK(std::size(places) == supported_types.size());
    for (const auto& place : places) {
        const auto type = place.type;
        INFO(name_of(type));
        const std::uint16_t infinity = place.infinity, largest = static_cast<std::uint16_t>(infinity - 1);
        for (const std::size_t at : place.scales)
            for (const std::size_t block : {std::size_t{0}, std::size_t{17}, std::size_t{95}}) {
                CHECK_NOTHROW(check_pattern(type, block, at, largest));
                for (const std::uint16_t sign : {std::uint16_t{0}, std::uint16_t{0x8000}})
                    for (const std::uint16_t payload : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{0x40}})
                        check_error(
                            errc::model_bad_weights, {"blk.0.ffn_up.weight", "block " + std::to_string(block)}, [&] {
                                check_pattern(type, block, at, static_cast<std::uint16_t>(infinity | sign | payload));
                                return 0;
                            });
            }
        if (find_data_type(type)->block_size > 1) CHECK_NOTHROW(check_pattern(type, 3, place.codes, 0xffff));
    }
}

TEST_CASE("check_weights: the byte of the file is named, and the rows that hold no numbers") {
    model_file model{"llama", {.n_embd = 64}};
    const std::size_t row_bytes = 64 / 32 * 34;
    const std::uint16_t infinity = 0x7c00;
    for (const std::size_t at : {5 * row_bytes + 34, 9 * row_bytes, 9 * row_bytes + 34})
        std::memcpy(model.tensor("token_embd.weight").data.data() + at, &infinity, sizeof infinity);
    const auto file = model.parse();
    const auto& tensor = *file.find_tensor("token_embd.weight");
    CHECK(find_bad_block(tensor) == std::size_t{11});
    CHECK(find_bad_block(tensor, 12) == std::size_t{18});
    CHECK_FALSE(find_bad_block(tensor, 20));
    CHECK(find_bad_rows(tensor) == std::vector<std::size_t>{5, 9});
    check_error(errc::model_bad_weights,
                {"token_embd.weight", "block 11", std::to_string(file.offset_of(tensor) + 11 * 34)}, [&] {
                    check_finite(file, tensor);
                    return 0;
                });
}

TEST_CASE("check_weights: tensors of zeros are named, with the bytes around them that are zero") {
    model_file model{"qwen2"};
    for (const auto& entry : model.tensors()) {
        auto& data = model.tensor(entry.name).data;
        std::fill(data.begin(), data.end(), std::byte{1});
    }
    auto& bias = model.tensor("blk.1.attn_k.bias").data;
    std::fill(bias.begin(), bias.end(), std::byte{});
    CHECK_NOTHROW(check_weights(model.parse()));  // a bias may be zero

    const auto refused_with = [](model_file& spoiled, const std::vector<std::string>& pieces) {
        check_error(errc::model_bad_weights, pieces, [&] {
            check_weights(spoiled.parse());
            return 0;
        });
    };
    model_file one = model;
    auto& norm = one.tensor("blk.2.ffn_norm.weight").data;
    std::fill(norm.begin(), norm.end(), std::byte{});
    const auto parsed = one.parse();
    const auto& view = *parsed.find_tensor("blk.2.ffn_norm.weight");
    const auto at = parsed.offset_of(view);
    CHECK(longest_zero_run(view).size == norm.size());
    refused_with(one, {"blk.2.ffn_norm.weight", "from byte " + std::to_string(at) + " to "});

    model_file cut = model;  // the end of the last matrix is not zero
    auto& last = cut.tensor("output_norm.weight").data;
    std::fill(last.begin(), last.end(), std::byte{});
    auto& before = cut.tensor("blk.3.ffn_down.weight").data;
    std::fill(before.end() - 100, before.end(), std::byte{});
    const auto file = cut.parse();
    const auto& down = *file.find_tensor("blk.3.ffn_down.weight");
    CHECK(longest_zero_run(down).begin == down.bytes.size() - 100);
    const auto begin = file.offset_of(down) + down.bytes.size() - 100;
    refused_with(cut, {"output_norm.weight", "from byte " + std::to_string(begin) + " to the end of the file"});
}

TEST_CASE("check_weights: types without a meaning for nibble pass, good models pass") {
    CHECK_NOTHROW(check_pattern(data_type::iq3_s, 0, 0, 0x7c00));
    CHECK_NOTHROW(check_pattern(data_type::i8, 0, 0, 0xffff));
    CHECK_NOTHROW(check_weights(gguf::file::open(test::models_dir() / "nibble-tiny.gguf")));
    for (const auto* name : {"smollm3-q4_k.gguf", "smollm3-q5_1.gguf", "smollm3-f16.gguf", "llama-rope_freqs.gguf"})
        CHECK_NOTHROW(check_weights(gguf::file::open(test::data_dir() / name)));
}
