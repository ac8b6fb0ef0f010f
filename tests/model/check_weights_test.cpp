// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/check_weights.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <nibble/model/bind.hpp>
#include <nibble/model/read_config.hpp>

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
    check_weights(model.parse());
}

}  // namespace

TEST_CASE("check_weights: a scale that is no finite number, in every format") {
    struct float_place {
        data_type type;
        std::vector<std::size_t> scales;  ///< bytes of the block where a 16-bit float or the upper half of one starts
        std::size_t codes;                ///< a byte where integers start
        bool is_half;
    };
    const float_place places[] = {
        {data_type::f32, {2}, 0, false},    {data_type::f16, {0}, 0, true},     {data_type::bf16, {0}, 0, false},
        {data_type::q4_0, {0}, 2, true},    {data_type::q4_1, {0, 2}, 4, true}, {data_type::q5_0, {0}, 2, true},
        {data_type::q5_1, {0, 2}, 4, true}, {data_type::q8_0, {0}, 2, true},    {data_type::q4_k, {0, 2}, 4, true},
        {data_type::q5_k, {0, 2}, 4, true}, {data_type::q6_k, {208}, 0, true},  {data_type::q3_k, {108}, 0, true},
    };
    CHECK(std::size(places) == supported_types.size());
    for (const auto& place : places) {
        const auto type = place.type;
        INFO(name_of(type));
        const std::uint16_t infinity = place.is_half ? 0x7c00 : 0x7f80;
        const std::uint16_t largest = place.is_half ? 0x7bff : 0x7f7f;
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

TEST_CASE("check_weights: types without a meaning for nibble pass, good models pass") {
    CHECK_NOTHROW(check_pattern(data_type::q2_k, 0, 80, 0x7c00));
    CHECK_NOTHROW(check_pattern(data_type::i8, 0, 0, 0xffff));
    CHECK_NOTHROW(check_weights(gguf::file::open(test::models_dir() / "nibble-tiny.gguf")));
    for (const auto* name : {"smollm3-q4_k.gguf", "smollm3-q5_1.gguf", "smollm3-f16.gguf", "llama-rope_freqs.gguf"})
        CHECK_NOTHROW(check_weights(gguf::file::open(test::data_dir() / name)));
}
