// SPDX-License-Identifier: Apache-2.0
// What a grammar costs: the trie of a vocabulary, compiling, and each token (mask and its application).
//     bench-structure [--benchmark_...] [FILE.gguf]
// FILE defaults to ../shared/vocab/smollm3-vocab.gguf, else to examples/models/nibble-tiny.gguf. "token" is one apply()
// and one accept() along random texts of the grammar; "worst ms" is the dearest of the first 2,000, when most states
// are new. Where FILE is a whole model, replies with and without a grammar are generated in turn as well.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <time.h>

#include <benchmark/benchmark.h>

#include <nibble/generate/session.hpp>
#include <nibble/generate/structure.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/tool_grammar.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/vocabulary.hpp>

#include "support/machine.hpp"

namespace {

using namespace nibble;

constexpr const char* person =
    R"({"type":"object","properties":{"name":{"type":"string","maxLength":40},"age":{"type":"integer","minimum":0,"maximum":150},
        "born":{"type":"string","format":"date"},"tags":{"type":"array","items":{"type":"string"}},"address":{"type":"object",
        "properties":{"street":{"type":"string"},"city":{"enum":["Berlin","Oslo","Paris"]}},"required":["street","city"]}},
        "required":["name","age","born","tags","address"]})";
constexpr const char* tools =
    R"([{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},
    {"name":"add","parameters":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"integer"}},"required":["x","y"]}}])";

struct named {
    const char* name;
    grammar g;
};

/// Time of this thread alone: other work on the machine does not count.
double cpu_ms() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

token choose(const std::vector<float>& logits, std::mt19937& rng) {
    std::vector<token> allowed;
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (logits[i] == 0.0f) allowed.push_back(static_cast<token>(i));
    return allowed[rng() % allowed.size()];
}

/// Random texts of the grammar as tokens; each ends with -1.
std::vector<token> random_texts(const grammar& g, const std::shared_ptr<const token_trie>& trie, std::size_t n_tokens) {
    grammar_constraint constraint{g, trie};
    std::mt19937 rng{1};
    std::vector<token> out;
    std::vector<float> logits(trie->n_vocab());
    while (out.size() < n_tokens) {
        constraint.reset();
        for (int i = 0; i < 200 && !constraint.finished(); ++i) {
            std::fill(logits.begin(), logits.end(), 0.0f);
            constraint.apply(logits);
            out.push_back(choose(logits, rng));
            constraint.accept(out.back());
        }
        out.push_back(-1);
    }
    return out;
}

void step(grammar_constraint& constraint, token id, std::vector<float>& logits) {
    if (id < 0) return constraint.reset();
    constraint.apply(logits);
    constraint.accept(id);
}

void run_tokens(benchmark::State& state, const grammar& g, const std::shared_ptr<const token_trie>& trie) {
    const auto texts = random_texts(g, trie, 2000);
    std::vector<float> logits(trie->n_vocab(), 1.0f);
    double worst = 0, total = 0;
    {
        grammar_constraint constraint{g, trie};
        for (const token id : texts) {
            const double before = cpu_ms();
            step(constraint, id, logits);
            const double took = cpu_ms() - before;
            worst = std::max(worst, took);
            total += took;
        }
    }
    grammar_constraint constraint{g, trie};
    std::size_t i = 0;
    for (auto _ : state) step(constraint, texts[i++ % texts.size()], logits);
    state.counters["worst ms"] = worst;
    state.counters["first 2000 mean ms"] = total / static_cast<double>(texts.size());
}

void run_applies(benchmark::State& state, const grammar& g, const std::shared_ptr<const token_trie>& trie) {
    grammar_constraint constraint{g, trie};
    std::vector<float> logits(trie->n_vocab(), 1.0f);
    for (auto _ : state) {
        constraint.apply(logits);
        benchmark::ClobberMemory();
    }
}

/// Milliseconds a token that the model reads, over replies of at least so many. The last token of a reply is not read.
double ms_per_token(session& s, std::span<const token> prompt, std::size_t n_tokens, std::uint64_t seed,
                    grammar_constraint* constraint) {
    generation_options options;
    options.temperature = 1.0f;
    options.seed = seed;
    options.constraint = constraint;
    const auto& tokens = s.model().tokenizer();
    for (token id = 0; static_cast<std::size_t>(id) < tokens.n_vocab(); ++id)
        if (tokens.is_eog(id)) options.logit_bias.emplace_back(id, -std::numeric_limits<float>::infinity());
    std::size_t n = 0;
    double seconds = 0;
    while (n < n_tokens) {
        if (constraint) constraint->reset();
        options.max_tokens = n_tokens - n + 1;
        auto reply = s.generate(prompt, options);  // reads the prompt, and the first token's logits are there
        const auto start = bench::clock::now();
        reply.finish();
        seconds += bench::seconds_since(start);
        n += reply.tokens().size() - 1;
        ++options.seed;
    }
    return seconds * 1e3 / static_cast<double>(n);
}

/// A model's replies with and without a grammar, in turn, and what the grammar adds.
void compare_replies(const std::string& path, const std::vector<named>& grammars) {
    constexpr std::size_t n_tokens = 48;
    constexpr int n_rounds = 7;
    const auto m = model::load(path);
    session s{m, {.context = 512}};
    const auto trie = std::make_shared<const token_trie>(m.tokenizer());
    const auto prompt = m.tokenizer().encode("Write it down.");
    std::printf("%-22s %10s %10s %8s   (ms a token, medians of %d rounds of %zu tokens)\n", "reply", "free", "grammar",
                "cost", n_rounds, n_tokens);
    for (const auto& [name, g] : grammars) {
        std::vector<double> free, held;
        for (int round = 0; round < n_rounds; ++round) {
            const auto seed = static_cast<std::uint64_t>(round) * 1000;
            grammar_constraint constraint{g, trie};  // anew: a reply's states are new ones
            free.push_back(ms_per_token(s, prompt, n_tokens, seed, nullptr));
            held.push_back(ms_per_token(s, prompt, n_tokens, seed, &constraint));
        }
        for (auto* all : {&free, &held}) std::nth_element(all->begin(), all->begin() + n_rounds / 2, all->end());
        const double without = free[n_rounds / 2], with = held[n_rounds / 2];
        std::printf("%-22s %10.2f %10.2f %7.2f%%\n", name, without, with, 100 * (with / without - 1));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    const std::filesystem::path real = "../shared/vocab/smollm3-vocab.gguf";
    const auto file = gguf::file::open(argc > 1                        ? argv[1]
                                       : std::filesystem::exists(real) ? real
                                                                       : "examples/models/nibble-tiny.gguf");
    const tokenizer tokens{read_vocabulary(file)};
    const auto trie = std::make_shared<const token_trie>(tokens);
    std::cout << "vocabulary of " << trie->n_vocab() << " tokens, trie of " << static_cast<double>(trie->bytes()) / 1e6
              << " MB\n";

    const json schema = json::parse(person), definitions = json::parse(tools);
    using benchmark::RegisterBenchmark;
    RegisterBenchmark("trie", [&](benchmark::State& s) {
        for ([[maybe_unused]] auto _ : s) benchmark::DoNotOptimize(token_trie{tokens});
    })->Unit(benchmark::kMillisecond);
    RegisterBenchmark("compile/schema", [&](benchmark::State& s) {
        for ([[maybe_unused]] auto _ : s) benchmark::DoNotOptimize(grammar_from_json_schema(schema));
    })->Unit(benchmark::kMicrosecond);
    RegisterBenchmark("compile/tools", [&](benchmark::State& s) {
        for ([[maybe_unused]] auto _ : s) benchmark::DoNotOptimize(grammar_from_tools(definitions));
    })->Unit(benchmark::kMicrosecond);
    const std::vector<named> grammars{
        {"schema", grammar_from_json_schema(schema)},
        {"any JSON", grammar_from_json_schema(json::parse("{}"))},
        {"tools or text", grammar_from_tools(definitions, {.required = false, .parallel = true})},
        {"string of 150 to 200",
         grammar_from_json_schema(json::parse(R"({"type":"string","minLength":150,"maxLength":200})"))},
        {"lines", grammar::from_gbnf("root ::= (\"- \" [^\\n]+ \"\\n\")+")},
        {"words", grammar::from_gbnf("root ::= ([a-zA-Z]+ \" \")+ \".\"")},
        {"ambiguous",
         grammar::from_gbnf("root ::= ([a-z]+ | [a-z ]* \"x\" | word \" \")* \".\"\nword ::= [a-z] word | [a-z]")},
    };
    for (const named& one : grammars)
        RegisterBenchmark((std::string{"token/"} + one.name).c_str(), [&](auto& s) {
            run_tokens(s, one.g, trie);
        })->Unit(benchmark::kMicrosecond);
    RegisterBenchmark("apply/few of the tokens", [&](auto& s) {
        run_applies(s, grammars[0].g, trie);
    })->Unit(benchmark::kMicrosecond);
    RegisterBenchmark("apply/half of them", [&](auto& s) {
        run_applies(s, grammars[5].g, trie);
    })->Unit(benchmark::kMicrosecond);
    benchmark::RunSpecifiedBenchmarks();
    if (argc > 1 && !file.tensors().empty()) compare_replies(argv[1], grammars);
} catch (const nibble::error& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
}
