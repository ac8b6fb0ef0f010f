// SPDX-License-Identifier: Apache-2.0
// Spoiled copies of the bundled model, taken through everything that a program does with a model: each is refused with
// an error or it runs, and nothing else can happen.
#include <nibble/generate/session.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <nibble/model/check_weights.hpp>

#include "support/gguf_files.hpp"
#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/temp_dir.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;

namespace {

std::span<const std::byte> bundled_model() {
    static const mapped_file file = mapped_file::open(models_dir() / "nibble-tiny.gguf");
    return file.bytes();
}

constexpr std::size_t data_offset = 64'640;

/// Tokenizer, template, weights, a prompt and two tokens. Errors of the library are caught, others are not.
refusal refusal_of_running(std::span<const std::byte> file) {
    return refusal_of([&] {
        const model m{gguf::file::parse(file)};
        check_weights(m.file());
        session s{m, {.context = 64, .threads = 1}};
        auto reply = s.chat({{role::user, "Hello!"}}, {.temperature = 0, .max_tokens = 2});
        return reply.finish().size();
    });
}

}  // namespace

TEST_CASE("a model that is cut short anywhere is refused, and the error is inside what is left") {
    const auto whole = bundled_model();
    REQUIRE(refusal_of_running(whole).where == "accepted");
    std::vector<std::size_t> sizes;
    for (std::size_t size = 0; size < 3000; size += 7) sizes.push_back(size);              // header and keys
    for (std::size_t size = 3000; size < data_offset; size += 331) sizes.push_back(size);  // vocabulary and table
    for (std::size_t size = data_offset; size < whole.size(); size += 30'011) sizes.push_back(size);
    sizes.push_back(whole.size() - 1);
    for (const std::size_t size : sizes) {
        const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto refused = refusal_of([&] { return model{gguf::file::parse(cut)}; });
        INFO("the first " << size << " bytes: " << refused);
        REQUIRE(refused.where != "accepted");
        REQUIRE(refused.offset);
        REQUIRE(*refused.offset <= size);
    }
}

TEST_CASE("a model with any byte before its weights changed is refused or runs") {
    bytes file(bundled_model().begin(), bundled_model().end());
    std::mt19937 random{1};
    std::size_t refused = 0, ran = 0;
    for (int i = 0; i < 600; ++i) {
        // The first 3,000 bytes hold the keys that a model is made of, most of the others are texts of tokens.
        const std::size_t at = random() % (i % 2 == 0 ? 3000 : data_offset);
        const std::byte before = file[at];
        const std::byte others[] = {std::byte{0}, std::byte{0xff}, before ^ static_cast<std::byte>(1u << random() % 8)};
        file[at] = others[i % 3];
        CAPTURE(at, std::to_integer<int>(file[at]));
        (refusal_of_running(file).where == "accepted" ? ran : refused) += 1;
        file[at] = before;
    }
    CHECK(refused > 50);
    CHECK(ran > 50);
}

TEST_CASE("a model whose logits are no numbers is named, and what finds the reason") {
    const temp_dir dir;
    bytes contents(bundled_model().begin(), bundled_model().end());
    const auto file = gguf::file::parse(contents);
    patch(contents, static_cast<std::size_t>(file.offset_of(*file.find_tensor("output_norm.weight"))), 0x7fc00000u);
    const auto path = dir / "damaged.gguf";
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(contents.data()),
                                                static_cast<std::streamsize>(contents.size()));
    session s{model::load(path), {.context = 64, .threads = 1}};
    const auto refused = refusal_of([&] { return s.generate("Hello!", {.max_tokens = 2}).finish().size(); });
    CHECK(refused.code == errc::sample_no_finite_logits);
    for (const char* piece : {"damaged.gguf", "weights are damaged", "inspect --check"})
        CHECK(refused.text.find(piece) != std::string::npos);
}

TEST_CASE("a model of random weights runs, or its logits are refused") {
    bytes file(bundled_model().begin(), bundled_model().end());
    std::mt19937 random{2};
    for (std::size_t at = data_offset; at < file.size(); ++at) file[at] = static_cast<std::byte>(random());
    const model m{gguf::file::parse(file)};
    session s{m, {.context = 64, .threads = 2}};
    const auto outcome = refusal_of([&] {
        return s.chat({{role::user, "Hello!"}}, {.temperature = 0, .max_tokens = 8}).finish().size();
    });
    INFO(outcome);
    CHECK((outcome.where == "accepted" || outcome.code == errc::sample_no_finite_logits));
    CHECK(refusal_of([&] {
              check_weights(m.file());
              return 0;
          }).code == errc::model_bad_weights);
}
