// SPDX-License-Identifier: Apache-2.0
#include <nibble/gguf/shards.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/gguf/file.hpp>

#include "support/gguf_files.hpp"
#include "support/held_file.hpp"
#include "support/split_model.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;
namespace fs = std::filesystem;

namespace {

/// Three keys and five tensors.
bytes whole_file() {
    return gguf::writer{}
        .add("general.architecture", "llama")
        .add_array("tokenizer.ggml.tokens", std::vector<std::string_view>{"<s>", "a", "b"})
        .add("llama.block_count", 2u)
        .add_tensor(tensor("token_embd.weight", {32, 3}, data_type::q8_0, 1))
        .add_tensor(tensor("blk.0.ffn_up.weight", {256, 2}, data_type::q4_k, 2))
        .add_tensor(tensor("blk.0.ffn_norm.weight", {5}, data_type::f32, 3))
        .add_tensor(tensor("blk.1.ffn_up.weight", {256, 2}, data_type::q4_k, 4))
        .add_tensor(tensor("output_norm.weight", {5}, data_type::f32, 5))
        .bytes();
}

using writers = std::vector<gguf::writer>;

/// Opening the first of these parts after `spoil`.
refusal refusal_after(const std::function<void(writers&)>& spoil, const gguf::limits& bounds = {}) {
    const temp_dir dir;
    const bytes contents = whole_file();
    auto parts = split(gguf::file::parse(contents), {2, 2, 1});
    spoil(parts);
    const auto path = write_parts(dir / "", parts);
    return refusal_of([&] { return gguf::file::open(path, bounds); });
}

bool says(const refusal& refused, const std::vector<std::string>& pieces) {
    for (const auto& piece : pieces)
        if (refused.text.find(piece) == std::string::npos) return false;
    return true;
}

}  // namespace

TEST_CASE("a part alone, without a path, is refused") {
    const temp_dir dir;
    const bytes contents = whole_file();
    const auto path = write_parts(dir / "", split(gguf::file::parse(contents), {2, 2, 1}));
    const auto refused = refusal_of([&] { return gguf::file::open(held_file{path}.range()); });
    CHECK(refused.code == errc::gguf_layout);
    CHECK(says(refused, {"opened by their paths", "part 1 of 3"}));
}

TEST_CASE("parts side by side are one file, whichever of them is named") {
    const bytes contents = whole_file();
    const auto whole = gguf::file::parse(contents);
    for (const auto& cuts : {std::vector<std::size_t>{2, 2, 1}, {0, 4, 1}, {5, 0, 0}, {1, 1, 1, 1, 1}, {5}}) {
        const temp_dir dir;
        write_parts(dir / "", split(whole, cuts));
        for (std::size_t named = 0; named < cuts.size(); ++named)
            for (const auto access : {file_access::map, file_access::copy}) {
                CAPTURE(cuts, named);
                const auto file = gguf::file::open(dir / part_name(named, cuts.size()), {}, access);
                REQUIRE(file.parts().size() == cuts.size());
                CHECK(file.find("general.architecture")->as_string() == "llama");
                CHECK(file.find("tokenizer.ggml.tokens")->array_size() == 3);
                CHECK(file.metadata().size() == 3 + 3);
                REQUIRE(file.tensors().size() == 5);
                std::uint64_t size = 0;
                for (std::size_t i = 0; i < cuts.size(); ++i) size += fs::file_size(dir / part_name(i, cuts.size()));
                CHECK(file.size() == size);
                for (const tensor_view& expected : whole.tensors()) {
                    const auto* found = file.find_tensor(expected.name);
                    REQUIRE(found);
                    CHECK(bytes(found->bytes.begin(), found->bytes.end()) ==
                          bytes(expected.bytes.begin(), expected.bytes.end()));
                    const auto in_part =
                        file.part_of(*found).contents.bytes.subspan(static_cast<std::size_t>(file.offset_of(*found)));
                    CHECK(in_part.data() == found->bytes.data());
                    CHECK(file.part_of(*found).contents.find_tensor(expected.name));
                }
            }
    }
}

TEST_CASE("a thousand parts are one file; of those the one that is missing is named") {
    constexpr std::size_t n = 1000;
    gguf::writer writer;
    for (std::size_t i = 0; i < n; ++i) writer.add_tensor(tensor("t" + std::to_string(i), {2}));
    const bytes contents = writer.add("general.architecture", "llama").bytes();
    const temp_dir dir;
    write_parts(dir / "", split(gguf::file::parse(contents), std::vector<std::size_t>(n, 1)));
    {
        const auto file = gguf::file::open(dir / part_name(731, n));
        CHECK(file.parts().size() == n);
        REQUIRE(file.tensors().size() == n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto* found = file.find_tensor("t" + std::to_string(i));
            REQUIRE(found == &file.tensors()[i]);
            REQUIRE(&file.part_of(*found) == &file.parts()[i]);
        }
    }
    fs::remove(dir / part_name(998, n));
    const auto refused = refusal_of([&] { return gguf::file::open(dir / part_name(0, n)); });
    INFO(refused.text);
    CHECK(refused.code == errc::io_open);
    CHECK(says(refused, {"part 999 of 1000", part_name(998, n)}));
}

TEST_CASE("parts are given in any order and under any names; one that is missing, double or foreign is named") {
    const temp_dir dir;
    const bytes contents = whole_file();
    const auto whole = gguf::file::parse(contents);
    const auto parts = split(whole, {2, 2, 1});
    const std::vector<fs::path> names{dir / "c", dir / "a", dir / "b"};
    for (std::size_t i = 0; i < 3; ++i) parts[i].write(names[i]);
    const auto other = dir / "other", alone = dir / "alone";
    split(whole, {5, 0})[1].write(other);
    gguf::writer{}.write(alone);

    std::vector<std::size_t> order{0, 1, 2};
    do {
        CAPTURE(order);
        const auto file = gguf::file::open(std::vector{names[order[0]], names[order[1]], names[order[2]]});
        REQUIRE(file.tensors().size() == 5);
        for (std::size_t i = 0; i < 5; ++i) CHECK(file.tensors()[i].name == whole.tensors()[i].name);
        CHECK(file.find("general.architecture")->as_string() == "llama");
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK(gguf::file::open(std::vector{alone}).parts().size() == 1);

    const auto refused = [&](const std::vector<fs::path>& paths, const std::vector<std::string>& words) {
        const auto found = refusal_of([&] { return gguf::file::open(paths); });
        INFO(found.text);
        CHECK(found.code == errc::gguf_layout);
        CHECK(says(found, words));
    };
    refused({names[2], names[0]}, {"part 2 of 3", "none"});
    refused({names[0], names[1], names[2], names[1]},
            {file_place(names[1]), "part 2 of 3, as " + file_place(names[1])});
    refused({names[0], names[1], other}, {file_place(other), "one of 3 parts", "part 2 of 2"});
    refused({names[0], alone}, {file_place(alone), "one of 3 parts", "part 1 of 1"});
    CHECK(refusal_of([&] { return gguf::file::open(std::vector<fs::path>{}); }).code == errc::bad_option);
}

TEST_CASE("parts are given as bytes in any order; one that is missing, double, foreign or damaged is named") {
    const bytes contents = whole_file();
    const auto whole = gguf::file::parse(contents);
    const auto parts = split(whole, {2, 2, 1});
    const bytes first = parts[0].bytes(), second = parts[1].bytes(), third = parts[2].bytes();
    const bytes other = split(whole, {5, 0})[1].bytes();
    using buffers = std::vector<std::span<const std::byte>>;
    for (const auto& given : {buffers{first, second, third}, buffers{third, first, second}}) {
        const auto file = gguf::file::parse(given);
        CHECK(file.bytes().data() == first.data());
        REQUIRE(file.tensors().size() == 5);
        for (std::size_t i = 0; i < 5; ++i) {
            CHECK(file.tensors()[i].name == whole.tensors()[i].name);
            CHECK(std::equal(file.tensors()[i].bytes.begin(), file.tensors()[i].bytes.end(),
                             whole.tensors()[i].bytes.begin(), whole.tensors()[i].bytes.end()));
        }
    }
    CHECK(gguf::file::parse(buffers{contents}).parts().size() == 1);

    const auto refused = [](const buffers& given, errc code, const std::vector<std::string>& words) {
        const auto found = refusal_of([&] { return gguf::file::parse(given); });
        INFO(found.text);
        CHECK(found.code == code);
        CHECK(says(found, words));
    };
    refused({third, first}, errc::gguf_layout, {"part 2 of 3", "none"});
    refused({first, second, third, second}, errc::gguf_layout, {"buffer 4", "part 2 of 3, as buffer 2"});
    refused({first, second, other}, errc::gguf_layout, {"buffer 3", "one of 3 parts", "part 2 of 2"});
    refused({first, std::span{second}.first(30), third}, errc::gguf_count_too_large, {"buffer 2"});
    refused({first, {}}, errc::gguf_truncated, {"buffer 2"});
    refused({}, errc::bad_option, {"parts of a model"});
}

TEST_CASE("a part that is missing is named") {
    const temp_dir dir;
    const bytes contents = whole_file();
    write_parts(dir / "", split(gguf::file::parse(contents), {2, 2, 1}));
    fs::remove(dir / part_name(1, 3));
    for (const std::size_t named : {0u, 2u}) {
        const auto refused = refusal_of([&] { return gguf::file::open(dir / part_name(named, 3)); });
        INFO(refused.text);
        CHECK(refused.code == errc::io_open);
        CHECK(says(refused, {"part 2 of 3", file_place(dir / part_name(1, 3))}));
    }
}

TEST_CASE("a part under a name that says nothing of the others is refused with the name that it needs") {
    const temp_dir dir;
    const bytes contents = whole_file();
    write_parts(dir / "", split(gguf::file::parse(contents), {2, 2, 1}));
    for (const char* name : {"model.gguf", "model-00001-of-00003.gguf.1", "model-2-of-3.gguf"}) {
        fs::copy_file(dir / part_name(1, 3), dir / name);
        const auto refused = refusal_of([&] { return gguf::file::open(dir / name); });
        INFO(refused.text);
        CHECK(refused.code == errc::gguf_layout);
        CHECK(says(refused, {name, "'-00002-of-00003.gguf'", "part 2 of 3"}));
    }
}

TEST_CASE("a part that is damaged is refused by its own name") {
    const temp_dir dir;
    const bytes contents = whole_file();
    const auto first = write_parts(dir / "", split(gguf::file::parse(contents), {2, 2, 1}));
    fs::resize_file(dir / part_name(1, 3), fs::file_size(dir / part_name(1, 3)) - 64);
    const auto refused = refusal_of([&] { return gguf::file::open(first); });
    CHECK(refused.code == errc::gguf_offset_out_of_range);
    CHECK(says(refused, {"part 2 of 3", part_name(1, 3), "cut short"}));
}

TEST_CASE("parts that do not belong together are refused") {
    CHECK(refusal_after([](writers&) {}).where == "accepted");
    struct row {
        const char* what;
        std::function<void(writers&)> spoil;
        errc code;
        std::vector<std::string> says;
    };
    const row rows[] = {
        {"another number",
         [](writers& parts) {
             parts[1] = part_writer({2, 3, 5});
         },
         errc::gguf_layout,
         {part_name(1, 3), "expected part 2 of 3", "got part 3 of 3"}},
        {"of another split",
         [](writers& parts) {
             parts[1] = part_writer({1, 4, 5});
         },
         errc::gguf_layout,
         {part_name(1, 3), "expected part 2 of 3", "got part 2 of 4"}},
        {"no part at all",
         [](writers& parts) { parts[2] = gguf::writer{}; },
         errc::gguf_layout,
         {part_name(2, 3), "expected part 3 of 3", "got part 1 of 1"}},
        {"another number of tensors",
         [](writers& parts) {
             parts[1] = part_writer({1, 3, 6});
         },
         errc::gguf_layout,
         {part_name(1, 3), "split.tensors.count", part_name(0, 3)}},
        {"tensors missing",
         [](writers& parts) {
             parts[2] = part_writer({2, 3, 5});
         },
         errc::gguf_layout,
         {"split.tensors.count", "expected 4", "got 5"}},
        {"a tensor twice",
         [](writers& parts) {
             parts[2].add_tensor(tensor("token_embd.weight", {32, 3}, data_type::q8_0));
         },
         errc::gguf_duplicate_tensor,
         {"'token_embd.weight'", part_name(0, 3), part_name(2, 3)}},
        {"another architecture",
         [](writers& parts) { parts[1].add("general.architecture", "qwen2"); },
         errc::gguf_layout,
         {part_name(1, 3), "'general.architecture'", part_name(0, 3)}},
        {"two later parts that differ",
         [](writers& parts) {
             parts[1].add("llama.extra", 1u);
             parts[2].add("llama.extra", 2u);
         },
         errc::gguf_layout,
         {part_name(2, 3), "'llama.extra'", part_name(1, 3)}},
    };
    for (const auto& row : rows) {
        const auto refused = refusal_after(row.spoil);
        INFO(row.what << ": " << refused.text);
        CHECK(refused.code == row.code);
        CHECK(says(refused, row.says));
    }
}

TEST_CASE("what a later part states is of the model too, once") {
    const temp_dir dir;
    const bytes contents = whole_file();
    auto parts = split(gguf::file::parse(contents), {2, 2, 1});
    parts[1].add("general.architecture", "llama").add("llama.context_length", 77u);
    parts[2] = gguf::writer{{.alignment = 64}}
                   .add("split.no", std::uint16_t{2})
                   .add("split.count", 3)  // another type of integer
                   .add_tensor(tensor("output_norm.weight", {5}, data_type::f32, 5));
    const auto file = gguf::file::open(write_parts(dir / "", parts));
    CHECK(file.find("llama.context_length")->as_unsigned() == 77u);
    CHECK(file.metadata().size() == 3 + 3 + 1);
    CHECK(file.alignment() == 32);
}

TEST_CASE("what a file says about its split is checked") {
    const auto refused = [](gguf::writer part, const gguf::limits& bounds = {}) {
        const temp_dir dir;
        part.write(dir / part_name(0, 3));
        return refusal_of([&] { return gguf::file::open(dir / part_name(0, 3), bounds); });
    };
    const auto three = [] { return gguf::writer{}.add("split.count", std::uint16_t{3}); };
    CHECK(refused(three()).code == errc::model_missing_key);
    CHECK(refused(three().add("split.no", 3u)).code == errc::gguf_layout);
    CHECK(refused(three().add("split.no", -1)).code == errc::model_wrong_type);
    CHECK(refused(three().add("split.no", 0.0f)).code == errc::model_wrong_type);
    CHECK(refused(gguf::writer{}.add("split.count", "three")).code == errc::model_wrong_type);
    CHECK(refused(gguf::writer{}.add("split.count", ~std::uint64_t{0}).add("split.no", 0u)).code ==
          errc::limit_exceeded);
    CHECK(refused(three().add("split.no", 0u), {.parts = 2}).code == errc::limit_exceeded);
    for (const std::uint16_t whole : {std::uint16_t{0}, std::uint16_t{1}})
        CHECK(refused(gguf::writer{}.add("split.count", whole)).where == "accepted");
    CHECK(refusal_after([](writers&) {}, {.tensors = 4}).code == errc::gguf_count_too_large);
    CHECK(refusal_after([](writers& parts) { parts[1].add("more", 1u); }, {.metadata_entries = 6}).code ==
          errc::gguf_count_too_large);
}

TEST_CASE("bytes in memory are one part alone") {
    const bytes contents = whole_file();
    const auto parts = split(gguf::file::parse(contents), {2, 2, 1});
    const bytes second = parts[1].bytes();
    const auto file = gguf::file::parse(second);
    CHECK(file.parts().size() == 1);
    CHECK(file.tensors().size() == 2);
}
