// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/tensor.hpp>

#include <array>
#include <set>
#include <string>
#include <type_traits>

#include "test.hpp"

using namespace nibble;

static_assert(std::is_trivially_copyable_v<tensor_view> && std::is_trivially_copyable_v<matrix_view>);

TEST_CASE("the types that a file may hold") {
    std::set<std::uint32_t> ids;
    std::set<std::string> names;
    for (const auto& info : data_types) {
        INFO(std::string{info.name});
        ids.insert(static_cast<std::uint32_t>(info.type));
        names.emplace(info.name);
        CHECK(find_data_type(info.type) == &info);
        CHECK(name_of(info.type) == info.name);
        // at least 1 bit a value, at most 64
        CHECK(info.block_bytes * 8 >= info.block_size);
        CHECK(info.block_bytes <= info.block_size * 8);
    }
    CHECK(ids.size() == data_types.size());
    CHECK(names.size() == data_types.size());
    CHECK(*ids.rbegin() == 42);
}

TEST_CASE("ids without a type") {
    for (const std::uint32_t id : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u, 43u, 1000u, 0xffffffffu}) {
        CHECK(find_data_type(static_cast<data_type>(id)) == nullptr);
        CHECK(name_of(static_cast<data_type>(id)) == "unknown");
    }
}

TEST_CASE("block sizes of the formats that are computed with") {
    const auto check = [](data_type type, std::uint32_t size, std::uint32_t bytes) {
        const auto* info = find_data_type(type);
        REQUIRE(info != nullptr);
        CHECK(info->block_size == size);
        CHECK(info->block_bytes == bytes);
    };
    check(data_type::f32, 1, 4);
    check(data_type::f16, 1, 2);
    check(data_type::bf16, 1, 2);
    check(data_type::q4_0, 32, 2 + 16);
    check(data_type::q4_1, 32, 2 + 2 + 16);
    check(data_type::q5_0, 32, 2 + 4 + 16);
    check(data_type::q5_1, 32, 2 + 2 + 4 + 16);
    check(data_type::q8_0, 32, 2 + 32);
    check(data_type::q4_k, 256, 2 + 2 + 12 + 128);
    check(data_type::q5_k, 256, 2 + 2 + 12 + 32 + 128);
    check(data_type::q6_k, 256, 128 + 64 + 16 + 2);
}

TEST_CASE("rows of a matrix") {
    const std::array<std::byte, 60> data{};
    const matrix_view matrix{.type = data_type::q8_0, .n_rows = 3, .depth = 16, .row_bytes = 20, .data = data.data()};
    CHECK_FALSE(matrix.empty());
    CHECK(matrix.row(0) == data.data());
    CHECK(matrix.row(2) == data.data() + 40);
    CHECK(matrix_view{}.empty());
}

TEST_CASE("a range of rows is a matrix") {
    const std::array<std::byte, 60> data{};
    const matrix_view matrix{.type = data_type::q8_0, .n_rows = 3, .depth = 16, .row_bytes = 20, .data = data.data()};
    const matrix_view part = matrix.rows(1, 2);
    CHECK(part.n_rows == 2);
    CHECK(part.depth == 16);
    CHECK(part.type == data_type::q8_0);
    CHECK(part.row(1) == matrix.row(2));
}
