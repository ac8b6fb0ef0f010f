// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/parse_tensors.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/gguf_files.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
using gguf::tensor_entry;
using gguf::writer;

namespace {

constexpr std::uint64_t max64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t two_to(unsigned exponent) { return std::uint64_t{1} << exponent; }

// Offsets in a file without metadata whose first tensor is named "t" and has one dimension.
constexpr std::uint64_t name_at = 24, n_dims_at = 33, dims_at = 37, type_at = 45, offset_at = 49;

/// One tensor "t" of this shape and type with 32 bytes of data.
writer file_of(std::vector<std::uint64_t> dims, data_type type) {
    return writer{}.add_tensor({"t", std::move(dims), type, bytes(32)});
}

tensor_entry at_offset(tensor_entry entry, std::uint64_t offset) {
    entry.offset = offset;
    return entry;
}

}  // namespace

TEST_CASE("a tensor is seen as it lies in the file") {
    const bytes file = writer{}
                           .add_tensor(tensor("embd", {64, 3}, data_type::q4_0, 5))
                           .add_tensor(tensor("norm", {7}, data_type::f32, 6))
                           .bytes();
    const auto parsed = gguf::file::parse(file);
    const tensor_view* embd = parsed.find_tensor("embd");
    REQUIRE(embd == &parsed.tensors()[0]);
    CHECK(embd->type == data_type::q4_0);
    CHECK(embd->n_dims == 2);
    CHECK(embd->dims == std::array<std::uint64_t, 4>{64, 3, 1, 1});
    CHECK(embd->bytes.size() == 3 * 2 * 18);
    CHECK(parsed.offset_of(*embd) == parsed.data_offset());
    const tensor_view* norm = parsed.find_tensor("norm");
    REQUIRE(norm == &parsed.tensors()[1]);
    CHECK(norm->bytes.size() == 28);
    CHECK(norm->bytes.front() == std::byte{6});
    CHECK(parsed.offset_of(*norm) == parsed.data_offset() + 128);
    CHECK(parsed.data_end() == parsed.data_offset() + 128 + 28);
    CHECK(parsed.find_tensor("emb") == nullptr);
}

TEST_CASE("tensor names") {
    using namespace std::string_literals;
    const refusal bad{errc::gguf_bad_tensor_name, "tensor 0: name", name_at};
    for (const auto& name :
         {""s, "a\0b"s, "a/b"s, ".."s, "a..b"s, "a\nb"s, "\x1b[1m"s, "a\x7f"s, std::string(65, 'n')}) {
        const auto r = refusal_of(writer{}.add_tensor(tensor(name, {8})));
        CHECK(r == bad);
        for (const char c : r.text) CHECK((c >= 0x20 && c < 0x7f));
    }
    CHECK(refusal_of(writer{}.add_tensor(tensor(std::string(64, 'n'), {8}))).where == "accepted");
    CHECK(refusal_of(writer{}.add_tensor(tensor("blk.0.attn_q.weight", {8}))).where == "accepted");

    tensor_entry lying = tensor("t", {8});
    lying.name_length = max64;
    CHECK(refusal_of(writer{}.add_tensor(lying)) == refusal{errc::gguf_string_too_long, "tensor 0: name", name_at});
}

TEST_CASE("duplicate tensor names") {
    const auto r =
        refusal_of(writer{}.add_tensor(tensor("t", {8})).add_tensor(tensor("u", {8})).add_tensor(tensor("t", {4})));
    CHECK(r == refusal{errc::gguf_duplicate_tensor, "tensor 't'", 24 + 2 * 33 + 25});
    CHECK(r.text.find("tensors 0 and 2") != std::string::npos);

    SECTION("the first and the last of 100,000") {
        writer w;
        for (int i = 0; i < 99'999; ++i) w.add_tensor(tensor("blk." + std::to_string(i), {8}));
        w.add_tensor(tensor("blk.0", {8}));
        CHECK(refusal_of(w).code == errc::gguf_duplicate_tensor);
        CHECK(refusal_of(w).where == "tensor 'blk.0'");
    }
}

TEST_CASE("numbers of dimensions") {
    for (const std::uint32_t n : {0u, 5u, 255u, 0xffffffffu}) {
        tensor_entry entry = tensor("t", {8});
        entry.n_dims = n;
        CHECK(refusal_of(writer{}.add_tensor(entry)) ==
              refusal{errc::gguf_bad_dims, "tensor 't': number of dimensions", n_dims_at});
    }
    for (std::size_t n = 1; n <= 4; ++n)
        CHECK(refusal_of(file_of(std::vector<std::uint64_t>(n, 1), data_type::f32)).where == "accepted");
}

TEST_CASE("a dimension is 1 to 2^63 - 1") {
    for (std::size_t n = 1; n <= 4; ++n)
        for (std::size_t d = 0; d < n; ++d)
            for (const std::uint64_t wrong : {std::uint64_t{0}, two_to(63), max64}) {
                std::vector<std::uint64_t> dims(n, 1);
                dims[d] = wrong;
                CHECK(refusal_of(file_of(dims, data_type::f32)) ==
                      refusal{errc::gguf_bad_dims, "tensor 't': dimension " + std::to_string(d), dims_at + 8 * d});
            }
}

TEST_CASE("shapes whose size wraps in 64 bits") {
    __extension__ using uint128 = unsigned __int128;
    struct vector {
        data_type type;
        std::vector<std::uint64_t> dims;
    };
    const std::vector<vector> vectors{
        {data_type::f32, {two_to(32), two_to(32)}},  // elements wrap to 0
        {data_type::f32, {two_to(16), two_to(16), two_to(16), two_to(16)}},
        {data_type::f32, {two_to(21), two_to(21), two_to(22)}},
        {data_type::f16, {640, two_to(60)}},
        {data_type::f32, {two_to(32), two_to(31)}},       // negative if signed
        {data_type::i8, {two_to(32), two_to(31)}},        // fits unsigned, not signed
        {data_type::f32, {274'177, 67'280'421'310'721}},  // factors of 2^64 + 1: wraps to 1
        {data_type::i8, {274'177, 67'280'421'310'721}},
        {data_type::q8_0, {8'773'664, 67'280'421'310'721}},  // wraps to exactly one block
        {data_type::f32, {two_to(62) - 1}},                  // rounds up to 0
        {data_type::f32, {two_to(62) - 8}},                  // offset + size wraps
        {data_type::q4_0, {1'024'819'115'206'086'208}},      // wraps if multiplied before divided
        {data_type::q8_0, {542'551'296'285'575'072}},
        {data_type::q4_k, {128'102'389'400'760'832}},
        {data_type::q6_k, {87'841'638'446'236'160}},
        {data_type::f32, {3, two_to(62)}},
    };
    for (const auto& [type, dims] : vectors) {
        const data_type_info& info = *find_data_type(type);
        uint128 true_size = uint128{dims[0]} / info.block_size * info.block_bytes;
        for (std::size_t d = 1; d < dims.size(); ++d) true_size *= dims[d];
        INFO("type " << info.name << ", first dimension " << dims[0]);
        REQUIRE(true_size > two_to(48));
        const auto r = refusal_of(file_of(dims, type));
        if (true_size > max64) {
            CHECK(r == refusal{errc::gguf_size_overflow, "tensor 't': size", dims_at + 8 * dims.size()});
        } else {
            CHECK(r == refusal{errc::gguf_offset_out_of_range, "tensor 't': offset", dims_at + 8 * dims.size() + 4});
        }
    }
}

TEST_CASE("tensor types") {
    SECTION("every type with a known block is listed, computed with or not") {
        for (const data_type_info& info : data_types) {
            const bytes file = writer{}.add_tensor(tensor("t", {info.block_size, 3}, info.type)).bytes();
            const auto parsed = gguf::file::parse(file);
            CHECK(parsed.tensors()[0].type == info.type);
            CHECK(parsed.tensors()[0].bytes.size() == 3 * info.block_bytes);
        }
    }
    const refusal bad{errc::gguf_bad_tensor_type, "tensor 't': type", type_at};
    SECTION("removed") {
        const std::pair<std::uint32_t, const char*> types[] = {
            {4, "Q4_2, "},      {5, "Q4_3, "},        {31, "Q4_0_4_4, "},   {32, "Q4_0_4_8, "},
            {33, "Q4_0_8_8, "}, {36, "IQ4_NL_4_4, "}, {37, "IQ4_NL_4_8, "}, {38, "IQ4_NL_8_8, "}};
        for (const auto& [id, name] : types) {
            const auto r = refusal_of(file_of({256}, static_cast<data_type>(id)));
            CHECK(r == bad);
            CHECK(r.text.find(name) != std::string::npos);
            CHECK(r.text.find("get the model as ") != std::string::npos);
        }
    }
    SECTION("unknown") {
        for (const std::uint32_t id : {43u, 1000u, 1u << 31, 0xffffffffu}) {
            const auto r = refusal_of(file_of({256}, static_cast<data_type>(id)));
            CHECK(r == bad);
            CHECK(r.text.find("unknown") != std::string::npos);
        }
    }
}

TEST_CASE("a row is whole blocks") {
    const refusal bad{errc::gguf_row_not_block_multiple, "tensor 't': dimension 0", type_at};
    CHECK(refusal_of(file_of({31}, data_type::q4_0)) == bad);
    CHECK(refusal_of(file_of({128}, data_type::q4_k)) == bad);
    // 16 x 2 is one block, but no row of it is
    CHECK(refusal_of(file_of({16, 2}, data_type::q4_0)).code == errc::gguf_row_not_block_multiple);
    CHECK(refusal_of(file_of({32}, data_type::q4_0)).where == "accepted");
}

TEST_CASE("where a tensor's data may lie") {
    const refusal outside{errc::gguf_offset_out_of_range, "tensor 't': offset", offset_at};
    const auto placed = [](std::uint64_t offset) {
        return refusal_of(writer{}.add_tensor(at_offset(tensor("t", {8}), offset)));
    };
    CHECK(placed(0).where == "accepted");
    for (const std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{16}, std::uint64_t{31}})
        CHECK(placed(offset) == refusal{errc::gguf_offset_unaligned, "tensor 't': offset", offset_at});
    for (const std::uint64_t offset : {std::uint64_t{32}, max64, max64 - 31, two_to(63), max64 - 63})
        CHECK(placed(offset) == outside);

    SECTION("up to the last byte of the file") {
        bytes file = writer{}.add_tensor(tensor("t", {7})).bytes();  // 28 bytes and 4 of padding
        REQUIRE(refusal_of(file).where == "accepted");
        file.resize(file.size() - 4);
        CHECK(refusal_of(file).where == "accepted");
        file.resize(file.size() - 1);
        CHECK(refusal_of(file) == outside);
        CHECK(refusal_of(file).text.find("cut short") != std::string::npos);
    }
    SECTION("never in a file that ends before its data") {
        bytes file = writer{}.add_tensor(tensor("t", {7})).bytes();
        file.resize(64);
        CHECK(refusal_of(file) == outside);
        file.resize(63);
        CHECK(refusal_of(file) == refusal{errc::gguf_truncated, "tensor data", 57});
    }
}

TEST_CASE("tensors do not overlap and leave no holes") {
    const auto pair = [](std::uint64_t first, std::uint64_t second) {
        writer w;
        w.add_tensor(at_offset(tensor("a", {16}), first)).add_tensor(at_offset(tensor("b", {16}), second));
        bytes file = w.bytes();
        file.resize(file.size() + 256);
        return refusal_of(file);
    };
    constexpr std::uint64_t a_at = 24 + 25, b_at = a_at + 33;
    CHECK(pair(0, 64).where == "accepted");
    CHECK(pair(64, 0).where == "accepted");  // any order
    CHECK(pair(0, 0) == refusal{errc::gguf_tensor_overlap, "tensor 'b': offset", b_at});
    CHECK(pair(0, 32) == refusal{errc::gguf_tensor_overlap, "tensor 'b': offset", b_at});
    CHECK(pair(32, 0) == refusal{errc::gguf_tensor_overlap, "tensor 'a': offset", a_at});
    CHECK(pair(0, 96) == refusal{errc::gguf_layout, "tensor 'b': offset", b_at});
    CHECK(pair(32, 96) == refusal{errc::gguf_layout, "tensor 'a': offset", a_at});

    SECTION("the most padding there can be") {
        writer w;
        w.add_tensor(tensor("a", {33}, data_type::i8)).add_tensor(tensor("b", {1}, data_type::i8));
        CHECK(refusal_of(w).where == "accepted");
    }
    SECTION("one inside another") {
        writer w;
        w.add_tensor(at_offset(tensor("inner", {8}), 32)).add_tensor(at_offset(tensor("outer", {64}), 0));
        CHECK(refusal_of(w).code == errc::gguf_tensor_overlap);
        CHECK(refusal_of(w).where == "tensor 'inner': offset");
    }
}

TEST_CASE("what is in the padding and after the last tensor does not matter") {
    bytes file = writer{}.add_tensor(tensor("t", {7})).bytes();
    const std::size_t end = file.size() - 4;
    for (std::size_t i = 57; i < 64; ++i) file[i] = std::byte{0xff};
    for (std::size_t i = end; i < file.size(); ++i) file[i] = std::byte{0xff};
    file.resize(file.size() + 1000, std::byte{0xaa});
    const auto parsed = gguf::file::parse(file);
    CHECK(parsed.data_end() == end);
    CHECK(parsed.bytes().size() - parsed.data_end() == 1004);
}

TEST_CASE("a tensor count that is off by one") {
    const auto with_count = [](std::uint64_t count) {
        return refusal_of(writer{{.tensor_count = count}}.add_tensor(tensor("a", {8})).add_tensor(tensor("b", {8})));
    };
    CHECK(with_count(2).where == "accepted");
    // one more: the padding is read as a table entry
    CHECK(with_count(3) == refusal{errc::gguf_bad_tensor_name, "tensor 2: name", 24 + 2 * 33});
    // one less: a well-formed file with something after its last tensor
    CHECK(with_count(1).where == "accepted");
}

TEST_CASE("as many tensors as the limit allows") {
    writer w;
    for (int i = 0; i < 262'144; ++i) w.add_tensor(tensor(std::to_string(i), {1}));
    {
        const bytes file = w.bytes();
        const auto parsed = gguf::file::parse(file);
        CHECK(parsed.tensors().size() == 262'144);
        CHECK(parsed.find_tensor("262143") == &parsed.tensors().back());
    }
    w.add_tensor(tensor("one more", {1}));
    CHECK(refusal_of(w) == refusal{errc::gguf_count_too_large, "header: tensor count", 8});
}
