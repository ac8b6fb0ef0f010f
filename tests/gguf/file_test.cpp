// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/file.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/gguf_files.hpp"
#include "support/held_file.hpp"
#include "support/memory.hpp"
#include "support/paths.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
namespace fs = std::filesystem;

static_assert(std::is_nothrow_move_constructible_v<gguf::file> && std::is_nothrow_move_assignable_v<gguf::file>);
static_assert(!std::is_copy_constructible_v<gguf::file>);

TEST_CASE("open and parse see the same file") {
    const temp_dir dir;
    const bytes contents = seed_files().at(2);
    std::ofstream{dir / "model.gguf", std::ios::binary}.write(reinterpret_cast<const char*>(contents.data()),
                                                              static_cast<std::streamsize>(contents.size()));
    const auto opened = gguf::file::open(dir / "model.gguf");
    const auto parsed = gguf::file::parse(contents);
    opened.advise_will_need();
    parsed.advise_will_need();
    CHECK(opened.bytes().size() == contents.size());
    CHECK(opened.tensors().size() == 3);
    CHECK(opened.version() == parsed.version());
    CHECK(opened.alignment() == 64);
    CHECK(opened.data_offset() == parsed.data_offset());
    CHECK(opened.data_end() == parsed.data_end());
    CHECK(touch_everything(opened) == touch_everything(parsed));
}

TEST_CASE("a file inside another, or in memory, is the same file") {
    const temp_dir dir;
    const bytes contents = seed_files().at(2);
    const std::string_view text{reinterpret_cast<const char*>(contents.data()), contents.size()};
    std::ofstream{dir / "package", std::ios::binary} << "123" << text << "behind";
    const auto parsed = gguf::file::parse(contents);
    const auto inside = gguf::file::open(held_file{dir / "package"}.range(3, contents.size()));
    CHECK(touch_everything(inside) == touch_everything(parsed));
    CHECK(inside.bytes().size() == contents.size());

    std::shared_ptr<std::byte[]> memory{new std::byte[contents.size()]};
    std::copy(contents.begin(), contents.end(), memory.get());
    const auto owned = gguf::file::open(std::move(memory), contents.size());
    CHECK(touch_everything(owned) == touch_everything(parsed));

    const auto off = refusal_of([&] { return gguf::file::open(held_file{dir / "package"}.range()); });
    CHECK(off.code == errc::gguf_bad_magic);
    CHECK(off.where.starts_with("file "));
    CHECK(refusal_of([&] { return gguf::file::open(nullptr, 0); }) ==
          refusal{errc::gguf_truncated, "model in memory: header: magic", 0});
}

TEST_CASE("a warm-up goes through the whole file, and stops where it is told to") {
    constexpr std::uint64_t piece = std::uint64_t{16} << 20;
    const auto contents = gguf::writer{}.add_tensor(tensor("t", {(5 << 20) + 1000}, data_type::f32, 7)).bytes();
    const auto file = gguf::file::parse(contents);
    using told = std::vector<std::uint64_t>;
    told done;
    const auto note = [&](std::uint64_t now, std::uint64_t total) {
        CHECK(total == contents.size());
        done.push_back(now);
    };
    CHECK(file.warm_up(note));
    CHECK(done == told{0, piece, contents.size()});
    CHECK(file.warm_up());

    std::atomic<bool> cancel = false;
    done.clear();
    CHECK_FALSE(file.warm_up(
        [&](std::uint64_t now, std::uint64_t total) {
            note(now, total);
            cancel = now == piece;
        },
        &cancel));
    CHECK(done == told{0, piece});
    CHECK_THROWS_AS(file.warm_up([](std::uint64_t, std::uint64_t) { throw 5; }), int);
}

TEST_CASE("views outlive a move of the file") {
    const temp_dir dir;
    gguf::writer{}.add("general.name", "a name").add_tensor(tensor("t", {8}, data_type::f32, 9)).write(dir / "m");
    auto first = gguf::file::open(dir / "m");
    const gguf::value* const name = first.find("general.name");
    const tensor_view* const t = first.find_tensor("t");
    const auto second = std::move(first);
    CHECK(second.find("general.name") == name);
    CHECK(name->as_string() == "a name");
    CHECK(second.find_tensor("t") == t);
    CHECK(t->bytes[31] == std::byte{9});
}

TEST_CASE("a file that cannot be opened is refused like one that cannot be parsed") {
    const temp_dir dir;
    CHECK(refusal_of([&] { return gguf::file::open(dir / "missing"); }).code == errc::io_open);
    std::ofstream{dir / "empty"};
    CHECK(refusal_of([&] { return gguf::file::open(dir / "empty"); }) ==
          refusal{errc::gguf_truncated, file_place(dir / "empty") + ": header: magic", 0});
    std::ofstream{dir / "page"} << "<!DOCTYPE html><html>not found</html>";
    CHECK(refusal_of([&] { return gguf::file::open(dir / "page"); }).code == errc::gguf_bad_magic);
}

TEST_CASE("a file of a terabyte costs as much as its header, and a tensor at its end is found") {
    const temp_dir dir;
    const fs::path path = dir / "sparse.gguf";
    constexpr std::uint64_t terabyte = std::uint64_t{1} << 40, t_bytes = terabyte - 4096;
    gguf::tensor_entry entry = tensor("t", {8});
    entry.dims = {1024, t_bytes / 4096};
    const gguf::tensor_entry last{.name = "last", .dims = {2}, .data = {}, .offset = t_bytes};
    gguf::writer{}.add("k", 1).add_tensor(entry).add_tensor(last).write(path);
    const std::uint64_t data_offset = fs::file_size(path) - 32, data_end = data_offset + t_bytes + 8;
    std::error_code refused;
    fs::resize_file(path, data_end - 1, refused);
    if (refused) {
        WARN("SKIPPED: needs a file system with sparse files of 1 TiB: " << refused.message());
        return;
    }
    CHECK(refusal_of([&] { return gguf::file::open(path); }).code == errc::gguf_offset_out_of_range);
    fs::resize_file(path, terabyte);
    std::fstream{path, std::ios::binary | std::ios::in | std::ios::out}
        .seekp(static_cast<std::streamoff>(data_offset + t_bytes))
        .write("\x09", 1);
    const std::size_t resident_before = process_bytes("VmRSS:");
    const auto file = gguf::file::open(path);
    CHECK(process_bytes("VmRSS:") < resident_before + (std::size_t{4} << 20));
    CHECK(file.bytes().size() == terabyte);
    CHECK(file.data_end() == data_end);
    CHECK(file.tensors()[0].bytes.size() == t_bytes);
    CHECK(file.tensors()[0].bytes.back() == std::byte{0});
    CHECK(file.offset_of(file.tensors()[1]) == data_offset + t_bytes);
    CHECK(file.tensors()[1].bytes.front() == std::byte{9});
}

TEST_CASE("the totals of real files reconcile") {
    std::vector<fs::path> paths;
    for (const fs::path& dir : {data_dir(), models_dir(), shared_dir() / "models", shared_dir() / "golden"})
        if (fs::is_directory(dir))
            for (const auto& entry : fs::directory_iterator{dir})
                if (entry.path().extension() == ".gguf") paths.push_back(entry.path());
    REQUIRE(paths.size() >= 10);
    for (const fs::path& path : paths) {
        INFO(path.string());
        const auto file = gguf::file::open(path);
        CHECK(file.find("general.architecture")->as_string().has_value());
        std::uint64_t end = file.data_offset();
        for (const tensor_view& t : file.tensors()) {  // the writers of these files keep the order
            CHECK(file.offset_of(t) == (end + 31) / 32 * 32);
            end = file.offset_of(t) + t.bytes.size();
            const auto& info = *find_data_type(t.type);
            CHECK(t.bytes.size() == t.dims[0] * t.dims[1] * t.dims[2] * t.dims[3] / info.block_size * info.block_bytes);
        }
        CHECK(file.data_end() == end);
        CHECK(file.bytes().size() - end < 32);
    }
}

TEST_CASE("the bundled model is what its README says") {
    const auto file = gguf::file::open(models_dir() / "nibble-tiny.gguf");
    CHECK(file.version() == 3);
    CHECK(file.bytes().size() == 1'915'520);
    CHECK(file.data_offset() == 64'640);
    CHECK(file.tensors().size() == 38);
    CHECK(file.metadata().size() == 28);
    CHECK(file.find("general.architecture")->as_string() == "smollm3");
    CHECK(file.find("tokenizer.ggml.tokens")->array_size() == 2048);
}

TEST_CASE("the vocabulary of SmolLM3 is read without its tensors") {
    const fs::path path = shared_dir() / "vocab" / "smollm3-vocab.gguf";
    if (!fs::exists(path)) {
        WARN("SKIPPED: needs ../shared/vocab/smollm3-vocab.gguf");
        return;
    }
    const auto file = gguf::file::open(path);
    CHECK(file.tensors().empty());
    const auto tokens = file.find("tokenizer.ggml.tokens")->strings();
    REQUIRE(tokens.size() == 128'256);
    std::size_t seen = 0;
    std::string_view last;
    for (const std::string_view text : tokens) {
        last = text;
        ++seen;
    }
    CHECK(seen == 128'256);
    CHECK(*tokens.begin() == "!");
    CHECK(last.substr(0, 2) == "<|");
    CHECK(file.find("tokenizer.ggml.merges")->array_size() == 280'147);
    CHECK(*file.find("tokenizer.ggml.merges")->strings().begin() == "\xc4\xa0 \xc4\xa0");
}
