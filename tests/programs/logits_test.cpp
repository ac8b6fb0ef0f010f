// SPDX-License-Identifier: Apache-2.0
// The programs that measure: logits and perplexity, and the NumPy files they write and read.
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>

#include "support/program.hpp"
#include "test.hpp"

using namespace nibble::test;

namespace {

struct table {
    std::size_t rows = 0, columns = 0;
    std::vector<float> values;
};

/// A NumPy file, read by the letter of its format: magic, version 1.0, length of the header, header, data.
table read_npy(const std::filesystem::path& path) {
    const std::string file = contents_of(path);
    REQUIRE(file.size() > 10);
    REQUIRE(file.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t header_size = static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
    const std::size_t start = 10 + header_size;
    REQUIRE(start % 64 == 0);
    REQUIRE(file.size() >= start);
    const std::string header = file.substr(10, header_size);
    REQUIRE(header.back() == '\n');
    REQUIRE(contains(header, "'descr': '<f4'"));
    REQUIRE(contains(header, "'fortran_order': False"));
    const auto shape = header.find("'shape': (");
    REQUIRE(shape != std::string::npos);
    table result;
    char* end = nullptr;
    result.rows = std::strtoul(header.c_str() + shape + 10, &end, 10);
    REQUIRE(*end == ',');
    result.columns = std::strtoul(end + 1, &end, 10);
    REQUIRE(*end == ')');
    REQUIRE(file.size() == start + result.rows * result.columns * sizeof(float));
    result.values.resize(result.rows * result.columns);
    std::memcpy(result.values.data(), file.data() + start, file.size() - start);
    return result;
}

double relative_error(const std::vector<float>& got, const std::vector<float>& reference) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double exact = static_cast<double>(reference[i]), difference = static_cast<double>(got[i]) - exact;
        error += difference * difference;
        norm += exact * exact;
    }
    return std::sqrt(error / norm);
}

/// The numbers of the table's row that starts with this name.
std::vector<double> row_of(const std::string& printed, std::string_view name) {
    for (const auto& line : lines_of(printed)) {
        std::string text = line;
        for (char& c : text)
            if (c == '|' || c == '%') c = ' ';
        std::istringstream words(text);
        std::string first;
        words >> first;
        if (first != name) continue;
        std::vector<double> numbers;
        for (double number; words >> number;) numbers.push_back(number);
        return numbers;
    }
    FAIL("no row " << name << " in:\n" << printed);
    return {};
}

const std::string story = "Once upon a time there was a brave mouse named Ada who lived in a garden. One day Ada found "
                          "a silver key under an old tree. The key was small and cold.";

}  // namespace

TEST_CASE("logits writes what the reference has, the same bytes for any chunk and thread count") {
    if (!programs_are_built()) return;
    struct {
        const char* name;
        double tolerance;  // of model/golden
    } const models[] = {{"smollm3-q4_k", 0.0266}, {"smollm3-f32", 0.0005}, {"llama-q4_k_m", 0.0276}};
    for (const auto& [name, tolerance] : models) {
        INFO("model: " << name);
        const temp_dir dir;
        const auto base = (data_dir() / name).string(), out = (dir / "out.npy").string();
        const auto run = [&](const std::vector<std::string>& more) {
            std::vector<std::string> all = {"--model", base + ".gguf", "--tokens", base + ".tokens", "--out", out};
            all.insert(all.end(), more.begin(), more.end());
            const auto result = run_program("logits", all);
            REQUIRE(result.err == "");
            REQUIRE(result.exit_code == 0);
            REQUIRE(result.out == "");
            return contents_of(out);
        };
        const auto bytes = run({});
        const auto got = read_npy(out), reference = read_npy(base + ".logits.npy");
        REQUIRE(got.rows == reference.rows);
        REQUIRE(got.columns == reference.columns);
        CHECK(relative_error(got.values, reference.values) <= tolerance);
        for (const std::string chunk : {"1", "7", "1000"})
            for (const std::string threads : {"1", "2"}) {
                INFO("chunk " << chunk << ", threads " << threads);
                const bool same = run({"--chunk", chunk, "--threads", threads}) == bytes;
                CHECK(same);
            }
    }
}

TEST_CASE("logits refuses token files that make no sense, and writes nothing") {
    if (!programs_are_built()) return;
    struct {
        std::string contents, piece;
    } const cases[] = {{"", "none"},
                       {"1,2,x", "'x'"},
                       {"1,,2", "''"},
                       {"1 2", "'1 2'"},
                       {"1,2048", "2048"},
                       {"1,-1", "-1"},
                       {"1.5", "'1.5'"},
                       {"99999999999", "99999999999"},
                       {",", "''"},
                       {"1;2", "'1;2'"},
                       {std::string(70'000, '1'), "tokens"}};
    const temp_dir dir;
    const auto out = (dir / "out.npy").string(), tokens = (dir / "ids.tokens").string();
    const auto run = [&] { return run_program("logits", {"--model", tiny_path(), "--tokens", tokens, "--out", out}); };
    check_refused(run(), {"ids.tokens"});  // there is none yet
    for (const auto& [contents, piece] : cases) {
        INFO("tokens: " << contents.substr(0, 50));
        write_file(tokens, contents);
        check_refused(run(), {"ids.tokens", piece});
        CHECK_FALSE(std::filesystem::exists(out));
    }
    std::string too_many = "1";
    for (int i = 0; i < 100'000; ++i) too_many += ",1";
    write_file(tokens, too_many);
    check_refused(run(), {"ids.tokens", "100001"});
    CHECK_FALSE(std::filesystem::exists(out));

    write_file(tokens, " 1,\n2, 3\n");
    CHECK(run().exit_code == 0);
    CHECK(read_npy(out).rows == 3);
    check_refused(
        run_program("logits", {"--model", tiny_path(), "--tokens", tokens, "--out", (dir / "no/out").string()}),
        {"no/out"});
    check_refused(run_program("logits", {"--model", tiny_path(), "--tokens", tokens, "--out", out, "--chunk", "0"}),
                  {"--chunk"});
}

TEST_CASE("perplexity agrees with the logits it saves") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto text = (dir / "text").string(), saved = (dir / "saved.npy").string();
    write_file(text, story);
    const auto result = run_program("perplexity", {"--model", tiny_path(), "--file", text, "--logits-out", saved});
    REQUIRE(result.err == "");
    REQUIRE(result.exit_code == 0);

    // The same tokens through tokenize, the same logits through logits.
    std::vector<std::size_t> ids;
    std::istringstream words(run_program("tokenize", {"--model", tiny_path()}, story).out);
    std::string list;
    for (std::size_t id = 0; words >> id; ids.push_back(id)) list += (ids.empty() ? "" : ",") + std::to_string(id);
    REQUIRE(ids.size() > 30);
    write_file(dir / "ids", list);
    const auto other = (dir / "other.npy").string();
    REQUIRE(
        run_program("logits", {"--model", tiny_path(), "--tokens", (dir / "ids").string(), "--out", other}).exit_code ==
        0);
    const bool same = contents_of(saved) == contents_of(other);
    CHECK(same);

    const auto logits = read_npy(saved);
    REQUIRE(logits.rows == ids.size());
    double nll = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
        const float* row = logits.values.data() + i * logits.columns;
        double sum = 0;
        for (std::size_t v = 0; v < logits.columns; ++v) sum += std::exp(static_cast<double>(row[v]));
        nll += std::log(sum) - static_cast<double>(row[ids[i + 1]]);
    }
    nll /= static_cast<double>(ids.size() - 1);
    const auto all = row_of(result.out, "all");
    REQUIRE(all.size() == 4);  // tokens, nll, perplexity, so far
    CHECK(all[0] == static_cast<double>(ids.size() - 1));
    CHECK(all[1] == Approx(nll).margin(1e-4).epsilon(0));
    CHECK(all[2] == Approx(std::exp(nll)).epsilon(1e-4));
    CHECK(nll < 0.8 * std::log(2048));  // a guess among as many tokens
}

TEST_CASE("perplexity of chunks, and against saved logits") {
    if (!programs_are_built()) return;
    const temp_dir dir;
    const auto text = (dir / "text").string(), saved = (dir / "saved.npy").string();
    write_file(text, story);
    const auto run = [&](const std::vector<std::string>& more) {
        std::vector<std::string> all = {"--model", tiny_path(), "--file", text};
        all.insert(all.end(), more.begin(), more.end());
        return run_program("perplexity", all);
    };
    const auto first = run({"--chunk", "10", "--logits-out", saved});
    REQUIRE(first.exit_code == 0);
    CHECK(run({"--chunk", "10", "--threads", "1"}).out == first.out);
    CHECK(run({"--chunk", "10", "--threads", "2"}).out == first.out);
    const auto one = row_of(first.out, "1"), two = row_of(first.out, "2"), all = row_of(first.out, "all");
    CHECK(one[0] == 9);
    CHECK(one[3] == Approx(one[2]).epsilon(1e-4));
    CHECK(two[3] == Approx(std::exp((one[1] + two[1]) / 2)).epsilon(1e-3));
    CHECK(std::isfinite(all[1]));
    CHECK(all[1] > row_of(run({}).out, "all")[1]);  // less context, worse predictions

    const auto compared = run({"--chunk", "10", "--logits-base", saved});
    CHECK(compared.exit_code == 0);
    const auto against = row_of(compared.out, "all");
    REQUIRE(against.size() == 6);  // and the divergence, and how often the best token is the same
    CHECK(against[1] == all[1]);
    CHECK(against[4] == 0);
    CHECK(against[5] == 100);
    CHECK(row_of(run({"--chunk", "10", "--chunks", "1"}).out, "all")[1] == one[1]);

    SECTION("other weights diverge") {
        if (shared_dir().empty()) {
            WARN("SKIPPED: needs ../shared/models/nibble-tiny-Q8_0.gguf");
            return;
        }
        const auto q8_0 = (shared_dir() / "models/nibble-tiny-Q8_0.gguf").string();
        const auto row = row_of(
            run_program("perplexity", {"--model", q8_0, "--file", text, "--chunk", "10", "--logits-base", saved}).out,
            "all");
        REQUIRE(row.size() == 6);
        CHECK(row[4] > 0);
        CHECK(row[4] < 0.3);
    }
    SECTION("bad input is refused") {
        check_refused(run({"--chunk", "1"}), {"--chunk"});
        check_refused(run({"--chunk", "0"}), {"--chunk"});
        check_refused(run({"--logits-base", text}), {nibble::escaped(text), "NumPy"});
        check_refused(run({"--logits-base", (dir / "missing").string()}), {"missing"});
        check_refused(run({"--logits-base", (data_dir() / "smollm3-f32.logits.npy").string()}),
                      {"smollm3-f32.logits.npy"});
        check_refused(run({"--logits-out", (dir / "no/out").string()}), {"no/out"});
        write_file(text, "");
        check_refused(run({}), {nibble::escaped(text), "at least 2 tokens"});
        std::filesystem::remove(text);
        check_refused(run({}), {nibble::escaped(text)});
    }
}
