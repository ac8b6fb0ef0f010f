// SPDX-License-Identifier: Apache-2.0
// A model that guesses for another: itself, which is always right, and one with another vocabulary.
#include <nibble/generate/draft_model.hpp>

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "support/other_vocabulary.hpp"
#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "support/tiny_model.hpp"
#include "test.hpp"

using nibble::draft_model;
using nibble::errc;
using nibble::generation_options;
using nibble::session;
using nibble::token;
using nibble::test::tiny_model;

namespace {

const std::string question = "Once upon a time there was a lion. One day, the lion met";

std::vector<token> guesses(draft_model& by, const std::vector<token>& text, std::size_t most,
                           const nibble::stop_when& when = {}) {
    std::vector<token> out;
    by.guess(text, most, when, out);
    return out;
}

}  // namespace

TEST_CASE("a model guesses what it would say", "[draft_model]") {
    session s{tiny_model()};
    auto reply = s.generate(question, {.temperature = 0, .max_tokens = 20});
    reply.finish();
    const std::vector<token> said{reply.tokens().begin(), reply.tokens().end()};
    auto text = tiny_model().tokenizer().encode(question);

    draft_model by{tiny_model(), tiny_model(), {.context = text.size() + 12}};
    CHECK(by.cost() == 1);
    CHECK(guesses(by, text, 5) == std::vector<token>(said.begin(), said.begin() + 5));
    CHECK(guesses(by, text, 5) == std::vector<token>(said.begin(), said.begin() + 5));
    text.insert(text.end(), said.begin(), said.begin() + 10);
    CHECK(guesses(by, text, 100) == std::vector<token>(said.begin() + 10, said.begin() + 12));  // its context ends
    text.insert(text.end(), said.begin() + 10, said.end());
    CHECK(guesses(by, text, 5).empty());
    CHECK(guesses(by, {}, 5).empty());
    CHECK(guesses(by, {1, 1 << 30}, 5).empty());

    text.resize(10);
    const std::atomic<bool> cancel = true;
    CHECK(guesses(by, text, 5, {.cancel = &cancel}).empty());
    CHECK(guesses(by, text, 5, {.cancel = nullptr, .deadline = std::chrono::steady_clock::now()}).empty());
    CHECK(guesses(by, text, 5).size() == 5);
}

TEST_CASE("a draft model changes no text", "[draft_model]") {
    const auto small = nibble::model::load(nibble::test::models_dir() / "nibble-tiny.gguf");
    draft_model by{small, tiny_model()};
    session s{tiny_model()};
    for (const float temperature : {0.0f, 1.2f}) {
        generation_options options{.temperature = temperature, .seed = 21, .max_tokens = 40};
        const std::string expected{s.generate(question, options).finish()};
        options.draft = {.lookup = true, .model = &by};
        CHECK(s.generate(question, options).finish() == expected);
    }
}

TEST_CASE("a draft model with another vocabulary is refused", "[draft_model]") {
    const std::string bytes = nibble::test::model_of_other_vocabulary();
    const nibble::model other{nibble::gguf::file::parse(std::as_bytes(std::span{bytes}))};
    const auto refused = nibble::test::refusal_of([&] { draft_model{other, tiny_model()}; });
    CHECK(refused.code == errc::bad_option);
    CHECK(refused.text.find("of the draft model") != std::string::npos);
}
