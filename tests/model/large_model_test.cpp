// SPDX-License-Identifier: Apache-2.0
// A model of 54 GiB, most of it holes in its file: it costs as much as its directory, and what lies far behind counts.
#include <nibble/model/bind.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nibble/gguf/writer.hpp>

#include "support/forward_run.hpp"
#include "support/memory.hpp"
#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

constexpr std::uint32_t n_experts = 4096, n_ff = 8192;  // of the large model; its small one has 6 and 32

/// A matrix for each expert.
struct shape {
    std::uint64_t depth, rows, matrices;
};

std::uint64_t bytes_of(const shape& s) { return s.depth * s.rows * s.matrices * sizeof(float); }

/// As `tensor` lies in the small model; a router has one row for each expert.
shape small_shape(const tensor_view& tensor) {
    if (tensor.name.ends_with("ffn_gate_inp.weight")) return {tensor.dims[0], 1, tensor.dims[1]};
    return {tensor.dims[0], tensor.dims[1], tensor.dims[2]};
}

shape large_shape(const tensor_view& tensor) {
    shape s = small_shape(tensor);
    if (tensor.name.find("ffn_gate_inp") != tensor.name.npos) s.matrices = n_experts;
    if (tensor.name.find("_exps") == tensor.name.npos) return s;
    (tensor.name.find("ffn_down") != tensor.name.npos ? s.depth : s.rows) = n_ff;
    s.matrices = n_experts;
    return s;
}

/// The large model's directory: routers have a bias besides, of all tensors the last.
gguf::writer directory(const gguf::file& small) {
    gguf::writer writer;
    for (const auto& entry : small.metadata()) {
        if (entry.key == "llama.expert_count" || entry.key == "llama.feed_forward_length") continue;
        const std::byte* const begin = small.bytes().data() + entry.offset;
        writer.add_bytes({begin, entry.val.bytes().data() + entry.val.bytes().size()}, 1);
    }
    writer.add("llama.expert_count", n_experts).add("llama.feed_forward_length", n_ff);
    for (const auto& tensor : small.tensors()) {
        const auto s = large_shape(tensor);
        std::vector<std::uint64_t> dims{s.depth};
        for (const auto n : {s.rows, s.matrices})
            if (n > 1) dims.push_back(n);
        writer.add_tensor({.name = std::string{tensor.name}, .dims = dims, .data = {}, .data_size = bytes_of(s)});
    }
    for (const char* layer : {"0", "1", "2"})
        writer.add_tensor({.name = "blk." + std::string{layer} + ".ffn_gate_inp.bias",
                           .dims = {n_experts},
                           .data = {},
                           .data_size = n_experts * sizeof(float)});
    return writer;
}

/// The small model's experts are the last ones, wider by zeros; their router never chooses another. Returns false where
/// the file system has no such files.
bool write_large(const gguf::file& small, const std::filesystem::path& path) {
    const auto head = directory(small).head();
    std::ofstream out{path, std::ios::binary};
    const auto write = [&](std::uint64_t at, std::span<const std::byte> bytes) {
        out.seekp(static_cast<std::streamoff>(at));
        out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    };
    write(0, head);
    std::uint64_t at = head.size();
    for (const auto& tensor : small.tensors()) {
        const auto from = small_shape(tensor), to = large_shape(tensor);
        const std::size_t row_bytes = from.depth * sizeof(float);
        for (std::uint64_t matrix = 0; matrix < from.matrices; ++matrix)
            for (std::uint64_t row = 0; row < from.rows; ++row) {
                const std::uint64_t there = (to.matrices - from.matrices + matrix) * to.rows + row;
                write(at + there * to.depth * sizeof(float),
                      tensor.bytes.subspan(static_cast<std::size_t>(matrix * from.rows + row) * row_bytes, row_bytes));
            }
        at += bytes_of(to);  // a multiple of 32
    }
    std::vector<float> bias(n_experts, -1e30f);
    std::fill(bias.end() - 6, bias.end(), 0.0f);
    for (int layer = 0; layer < 3; ++layer, at += std::as_bytes(std::span{bias}).size())
        write(at, std::as_bytes(std::span{bias}));
    return static_cast<bool>(out.flush());
}

}  // namespace

TEST_CASE("a model of 54 GiB is loaded at the cost of its directory, and runs as the small one that is in it") {
    const test::temp_dir dir;
    const auto path = dir / "large.gguf";
    const test::opened_model small{test::data_dir() / "mixtral-f32.gguf"};
    if (sizeof(void*) < 8 || !write_large(small.file, path)) {
        WARN("SKIPPED: needs 64 bits and a file system with sparse files of 54 GiB");
        return;
    }
    const std::size_t resident_before = test::process_bytes("VmRSS:");
    const test::opened_model large{path};
    CHECK(test::process_bytes("VmRSS:") < resident_before + (std::size_t{4} << 20));
    CHECK(large.file.size() > std::uint64_t{54} << 30);

    auto tokens = test::read_tokens(test::data_dir() / "mixtral-f32.tokens");
    tokens.resize(12);
    CHECK_THAT((test::sequence_run{large, 12}.read(tokens)),
               test::same_bits_as((test::sequence_run{small, 12}.read(tokens)), small.config.n_vocab));

    const auto& last = *large.file.find_tensor("blk.2.ffn_up_exps.weight");
    std::error_code refused_size;
    std::filesystem::resize_file(path, large.file.offset_of(last) + last.bytes.size() - 1, refused_size);
    if (refused_size) {
        WARN("SKIPPED: cutting such a file needs more than MinGW's library has: " << refused_size.message());
        return;
    }
    const auto refused = test::refusal_of([&] { return gguf::file::open(path); });
    CHECK(refused.code == errc::gguf_offset_out_of_range);
    CHECK(refused.where.find("blk.2.ffn_up_exps.weight") != std::string::npos);
}
