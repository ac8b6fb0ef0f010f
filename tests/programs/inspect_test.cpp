// SPDX-License-Identifier: Apache-2.0
// inspect: what it says about a file against what the file says.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>
#include <nibble/json/json.hpp>

#include "support/gguf_files.hpp"
#include "support/program.hpp"
#include "support/split_model.hpp"
#include "test.hpp"

using nibble::json;
using namespace nibble::test;

namespace {

std::vector<std::string> good_files() {
    std::vector<std::string> paths{tiny_path()};
    for (const auto& entry : std::filesystem::directory_iterator{data_dir()})
        if (entry.path().extension() == ".gguf") paths.push_back(entry.path().string());
    REQUIRE(paths.size() >= 10);
    return paths;
}

const json& at(const json& object, std::string_view key) {
    const json* found = object.find(key);
    if (!found) throw std::runtime_error("the report has no " + std::string{key});
    return *found;
}

std::uint64_t number(const json& object, std::string_view key) {
    return static_cast<std::uint64_t>(at(object, key).as_integer());
}

/// The first line with all these words.
std::string line_with(const std::string& text, const std::vector<std::string_view>& words) {
    for (const auto& line : lines_of(text)) {
        bool all = true;
        for (const auto word : words) all = all && contains(line, word);
        if (all) return line;
    }
    return {};
}

}  // namespace

TEST_CASE("the listing names every key, tensor and source, and its totals add up") {
    if (!programs_are_built()) return;
    const auto file = nibble::gguf::file::open(tiny_path());
    const auto result = run_program("inspect", {tiny_path()});
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    for (const auto& [key, value, offset] : file.metadata()) {
        INFO("key: " << key);
        const auto type =
            value.is_array() ? nibble::gguf::name_of(value.element_type()) : nibble::gguf::name_of(value.type());
        CHECK(line_with(result.out, {key, type, std::to_string(offset)}) != "");
    }
    for (const auto& tensor : file.tensors()) {
        INFO("tensor: " << tensor.name);
        CHECK(line_with(result.out, {tensor.name, nibble::name_of(tensor.type), std::to_string(file.offset_of(tensor)),
                                     std::to_string(tensor.bytes.size())}) != "");
    }
    CHECK(line_with(result.out, {"n_layers", "4", "key smollm3.block_count"}) != "");
    CHECK(line_with(result.out, {"1915520", "file"}) != "");
    CHECK_FALSE(contains(result.out, "nibble would not run it"));
}

TEST_CASE("the listing says which layers have a window, how they turn, and how nibble knows") {
    if (!programs_are_built()) return;
    const auto result = run_program("inspect", {(data_dir() / "gemma3-f32.gguf").string()});
    CHECK(result.exit_code == 0);
    CHECK(line_with(result.out, {"window ", "9", "key gemma3.attention.sliding_window"}) != "");
    CHECK(line_with(result.out, {"window_layers", "10 of 12", "architecture gemma3"}) != "");
    CHECK(line_with(result.out, {"rope_freq_base_window", "10000", "key gemma3.rope.freq_base_swa"}) != "");
    CHECK(line_with(result.out, {"rope_layers", "12 of 12", "architecture gemma3"}) != "");
    CHECK(line_with(result.out, {"embedding_scale", "6.9282", "sqrt(n_embd)"}) != "");
}

TEST_CASE("--json has the facts of the file") {
    if (!programs_are_built()) return;
    for (const auto& path : good_files()) {
        INFO("file: " << path);
        const auto file = nibble::gguf::file::open(path);
        const auto result = run_program("inspect", {path, "--json", "--context", "64", "--threads", "1"});
        CHECK(result.exit_code == 0);
        CHECK(result.err == "");
        const json report = json::parse(result.out);
        CHECK(at(at(report, "file"), "path").as_string() == path);
        CHECK(number(at(report, "file"), "bytes") == file.bytes().size());
        CHECK(at(report, "problem").is_null());

        const auto& keys = at(report, "metadata").as_array();
        REQUIRE(keys.size() == file.metadata().size());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto& [key, value, offset] = file.metadata()[i];
            CHECK(at(keys[i], "key").as_string() == key);
            CHECK(at(keys[i], "type").as_string() == nibble::gguf::name_of(value.type()));
            CHECK(number(keys[i], "offset") == offset);
            if (const auto text = value.as_string()) CHECK(at(keys[i], "value").as_string() == *text);
            if (const auto count = value.as_unsigned()) CHECK(number(keys[i], "value") == *count);
            if (value.is_array()) CHECK(number(keys[i], "length") == value.array_size());
        }

        const auto& tensors = at(report, "tensors").as_array();
        REQUIRE(tensors.size() == file.tensors().size());
        std::uint64_t tensor_bytes = 0;
        double shares = 0;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const auto& tensor = file.tensors()[i];
            CHECK(at(tensors[i], "name").as_string() == tensor.name);
            CHECK(at(tensors[i], "type").as_string() == nibble::name_of(tensor.type));
            CHECK(number(tensors[i], "offset") == file.offset_of(tensor));
            CHECK(at(tensors[i], "shape").as_array().size() == tensor.n_dims);
            CHECK(at(tensors[i], "kernel").as_string() != "none");
            tensor_bytes += number(tensors[i], "bytes");
            shares += at(tensors[i], "share").as_double();
        }
        const auto& layout = at(report, "layout");
        CHECK(number(layout, "tensor_data") == tensor_bytes);
        CHECK(shares == Approx(static_cast<double>(tensor_bytes) / static_cast<double>(file.bytes().size())));
        CHECK(number(layout, "header_and_metadata") + number(layout, "tensor_data") +
                  number(layout, "padding_between_tensors") + number(layout, "after_the_last_tensor") ==
              file.bytes().size());
        CHECK(number(layout, "file") == file.bytes().size());

        CHECK(at(report, "config").as_array().size() > 10);
        for (const auto& entry : at(report, "config").as_array()) CHECK(at(entry, "from").as_string() != "");
        CHECK(number(report, "context") == 64);
        const auto& memory = at(report, "memory");
        CHECK(number(memory, "kv_cache") + number(memory, "workspace") + number(memory, "sampling") ==
              number(memory, "session"));
        CHECK(number(memory, "session") + number(memory, "mapped_file") == number(memory, "together"));
    }
}

TEST_CASE("--check passes the files that nibble runs") {
    if (!programs_are_built()) return;
    for (const auto& path : good_files()) {
        INFO("file: " << path);
        const auto result = run_program("inspect", {path, "--check"});
        INFO(result.out);
        CHECK(result.exit_code == 0);
        CHECK(result.err == "");
        CHECK(contains(result.out, "all logits finite"));
        CHECK_FALSE(contains(result.out, "fail"));
    }
}

TEST_CASE("--check finds a weight that is no number, --json says the same") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "spoiled.gguf").string();
    auto contents = contents_of(tiny_path());
    const auto file = nibble::gguf::file::open(tiny_path());
    const auto offset = static_cast<std::size_t>(file.offset_of(*file.find_tensor("output_norm.weight")));
    contents.replace(offset, 4, std::string("\x00\x00\xc0\x7f", 4));  // a NaN, little-endian
    write_file(path, contents);
    auto result = run_program("inspect", {path, "--check"});
    CHECK(line_with(result.out, {"fail", "output_norm.weight"}) != "");
    result.out.clear();
    check_refused(result, {nibble::escaped(path), "output_norm.weight"});

    const auto as_json = run_program("inspect", {path, "--check", "--json"});
    CHECK(as_json.exit_code == 1);
    bool found = false;
    const json report = json::parse(as_json.out);
    for (const auto& item : at(report, "check").as_array())
        found = found || (at(item, "status").as_string() == "fail" &&
                          contains(at(item, "detail").as_string(), "output_norm.weight"));
    CHECK(found);
}

TEST_CASE("--check finds what a download that was cut off leaves") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "zeros.gguf").string();
    const auto file = nibble::gguf::file::open(tiny_path());
    const auto check = [&](std::size_t begin, std::size_t size, const std::vector<std::string_view>& words) {
        auto contents = contents_of(tiny_path());
        contents.replace(begin, size, size, '\0');
        write_file(path, contents);
        const auto result = run_program("inspect", {path, "--check"});
        INFO(result.out);
        CHECK(line_with(result.out, words) != "");
        return result.exit_code;
    };
    const auto end = static_cast<std::size_t>(file.data_end());
    const std::size_t begin = end - (end - static_cast<std::size_t>(file.data_offset())) * 2 / 5;
    CHECK(check(begin, end - begin, {"fail", "weights", "zeros only", "to the end of the file"}) == 1);

    const auto& norm = *file.find_tensor("blk.0.attn_norm.weight");
    const auto at = static_cast<std::size_t>(file.offset_of(norm));
    CHECK(check(at, norm.bytes.size(), {"fail", "blk.0.attn_norm.weight", "zeros only", std::to_string(at)}) == 1);

    const auto& matrix = *file.find_tensor("blk.0.ffn_up.weight");
    REQUIRE(matrix.bytes.size() > 8192);
    const auto hole = static_cast<std::size_t>(file.offset_of(matrix)) + 1000;
    CHECK(check(hole, 5000, {"warn", "blk.0.ffn_up.weight", "bytes of zeros", std::to_string(hole).substr(0, 3)}) == 0);
}

TEST_CASE("the parts of a split are listed and checked as one file") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto whole = nibble::gguf::file::open(tiny_path());
    write_parts(dir / "", split(whole, {0, 21, whole.tensors().size() - 21}));
    const auto path = (dir / part_name(1, 3)).string();
    std::size_t size = 0, part = 0, offset = 0;
    {  // Windows writes to no file that is mapped
        const auto file = nibble::gguf::file::open(path);
        const auto& norm = *file.find_tensor("output_norm.weight");
        size = static_cast<std::size_t>(file.size());
        part = static_cast<std::size_t>(&file.part_of(norm) - file.parts().data());
        offset = static_cast<std::size_t>(file.offset_of(norm));
    }

    const auto listing = run_program("inspect", {path});
    INFO(listing.out << listing.err);
    CHECK(listing.exit_code == 0);
    CHECK(line_with(listing.out, {std::to_string(size) + " bytes in 3 parts"}) != "");
    CHECK(line_with(listing.out, {std::to_string(part + 1), std::to_string(offset), "output_norm.weight"}) != "");
    const auto report = json::parse(run_program("inspect", {path, "--json"}).out);
    CHECK(number(at(report, "file"), "parts") == 3);
    const json& layout = at(report, "layout");
    CHECK(number(layout, "file") == size);
    CHECK(number(layout, "header_and_metadata") + number(layout, "tensor_data") +
              number(layout, "padding_between_tensors") + number(layout, "after_the_last_tensor") ==
          size);
    CHECK(run_program("inspect", {path, "--check"}).exit_code == 0);

    const auto damaged = dir / part_name(part, 3);
    auto contents = contents_of(damaged);
    contents.replace(offset, 4, std::string("\x00\x00\xc0\x7f", 4));  // a NaN, little-endian
    write_file(damaged, contents);
    const auto result = run_program("inspect", {path, "--check"});
    CHECK(result.exit_code == 1);
    CHECK(line_with(result.out, {"fail", part_name(part, 3), "output_norm.weight", std::to_string(offset)}) != "");

    std::filesystem::remove(damaged);
    check_refused(run_program("inspect", {path, "--check"}), {part_name(part, 3)});
}

TEST_CASE("a damaged token that a text does not have is a warning: the model runs") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "row.gguf").string();
    auto contents = contents_of(tiny_path());
    const auto file = nibble::gguf::file::open(tiny_path());
    const auto& rows = *file.find_tensor("token_embd.weight");
    const std::size_t row_bytes = rows.bytes.size() / static_cast<std::size_t>(rows.dims[1]);
    const auto at = static_cast<std::size_t>(file.offset_of(rows)) + 1234 * row_bytes;
    contents.replace(at, row_bytes, row_bytes, '\xff');  // scales that are NaN, wherever they are
    write_file(path, contents);
    const auto result = run_program("inspect", {path, "--check"});
    INFO(result.out);
    CHECK(result.exit_code == 0);
    CHECK(line_with(result.out, {"warn", "token_embd.weight", "token 1234", std::to_string(at).substr(0, 3)}) != "");
    CHECK_FALSE(contains(result.out, "fail"));
    CHECK(run_program("chat", {"--model", path, "--prompt", "Hello!"}).exit_code == 0);
}

TEST_CASE("a file whose model nibble does not know is listed, and its texts cannot drive a terminal") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "other.gguf").string();
    nibble::gguf::writer{}
        .add("general.architecture", "clip")
        .add("general.name", "a\x1b[31mred\nname\xff")
        .add_array("clip.scales", std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8})
        .add_tensor(tensor("v.patch_embd.weight", {256, 2}, nibble::data_type::iq3_s))  // no kernel has it
        .write(path);
    const auto listing = run_program("inspect", {path});
    CHECK(listing.exit_code == 0);
    CHECK(contains(listing.out, "a\\x1b[31mred\\x0aname\\xff"));
    CHECK(contains(listing.out, "f32[8]"));
    CHECK(line_with(listing.out, {"v.patch_embd.weight", "IQ3_S", "none", "[256,2]"}) != "");
    CHECK(line_with(listing.out, {"nibble would not run it", "clip"}) != "");
    const auto as_json = run_program("inspect", {path, "--json"});
    CHECK(as_json.exit_code == 0);
    CHECK(contains(at(json::parse(as_json.out), "problem").as_string(), "clip"));
}

TEST_CASE("--check refuses a file that is cut short anywhere") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto path = (dir / "cut.gguf").string();
    const auto whole = contents_of(tiny_path());
    write_file(path, whole);
    for (std::size_t size = whole.size() - 1, step = 1; size > step; size -= step, step = step * 3 / 2 + 1) {
        INFO("the first " << size << " bytes");
        std::filesystem::resize_file(path, size);
        check_refused(run_program("inspect", {path, "--check"}), {"cut.gguf", "at byte"});
    }
    for (std::size_t size = 60'000; size != 0; size = size * 4 / 5) {
        INFO("the first " << size << " bytes");
        std::filesystem::resize_file(path, size);
        check_refused(run_program("inspect", {path, "--check"}), {"cut.gguf", "at byte"});
    }
}
