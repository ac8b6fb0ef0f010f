// SPDX-License-Identifier: Apache-2.0
// Times of the tokenizer: building it, encoding English and mixed texts, decoding, and the worst words.
//     bench-tokenizer [--benchmark_...] [VOCABULARY.gguf [TEXT]]
// VOCABULARY defaults to ../shared/vocab/smollm3-vocab.gguf, TEXT to the licence texts that Debian installs.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <nibble/gguf/file.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/pretokenizer/pretokenizer.hpp>
#include <nibble/text/tokenizer.hpp>

namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string licences() {
    std::string text;
    for (const char* name : {"GPL-3", "MPL-2.0", "Apache-2.0", "GFDL-1.3", "Artistic", "LGPL-2.1"})
        text += read(std::filesystem::path("/usr/share/common-licenses") / name);
    return text;
}

void measure_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void build(benchmark::State& state, const nibble::vocabulary& vocab) {
    for (auto _ : state) benchmark::DoNotOptimize(nibble::tokenizer(vocab));
}

void encode(benchmark::State& state, const nibble::tokenizer& tokenizer, const std::string& text) {
    std::vector<nibble::token> ids;
    for (auto _ : state) {
        ids.clear();
        tokenizer.encode(text, ids);
        benchmark::DoNotOptimize(ids.data());
    }
    measure_bytes(state, text.size());
    state.counters["bytes/token"] = static_cast<double>(text.size()) / static_cast<double>(ids.size());
}

void split(benchmark::State& state, nibble::pretokenizer pattern, const std::string& text) {
    for (auto _ : state) {
        std::size_t words = 0;
        nibble::split_words(pattern, text, [&](std::string_view) { ++words; });
        benchmark::DoNotOptimize(words);
    }
    measure_bytes(state, text.size());
}

void decode(benchmark::State& state, const nibble::tokenizer& tokenizer, const std::string& text) {
    const auto ids = tokenizer.encode(text);
    for (auto _ : state) benchmark::DoNotOptimize(tokenizer.decode(ids));
    measure_bytes(state, text.size());
}

}  // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    const auto file = nibble::gguf::file::open(argc > 1 ? argv[1] : "../shared/vocab/smollm3-vocab.gguf");
    const auto vocab = nibble::read_vocabulary(file);
    const nibble::tokenizer tokenizer(vocab);
    nibble::tokenizer_options by_merges;
    by_merges.ignore_merges = false;
    const nibble::tokenizer merging(vocab, by_merges);

    const std::string text = argc > 2 ? read(argv[2]) : licences();
    std::string mixed, chinese;
    for (int i = 0; i < 2000; ++i) {
        mixed += "\xd0\x9c\xd0\xb8\xd1\x80 caf\xc3\xa9 \xe4\xb8\x96\xe7\x95\x8c ";
        mixed += std::to_string(i * 7919) + " \xf0\x9f\x99\x82\n";
        chinese += "\xe4\xb8\xad";
    }
    const std::string same(1'000'000, 'a'), spaces(1'000'000, ' ');

    using benchmark::RegisterBenchmark;
    RegisterBenchmark("build", [&](auto& s) { build(s, vocab); })->Unit(benchmark::kMillisecond);
    RegisterBenchmark("split/text", [&](auto& s) { split(s, nibble::pretokenizer::llama_bpe, text); });
    RegisterBenchmark("encode/text", [&](auto& s) { encode(s, tokenizer, text); });
    RegisterBenchmark("encode/text by merges alone", [&](auto& s) { encode(s, merging, text); });
    RegisterBenchmark("encode/mixed scripts", [&](auto& s) { encode(s, tokenizer, mixed); });
    RegisterBenchmark("encode/2,000 x U+4E2D", [&](auto& s) { encode(s, tokenizer, chinese); });
    RegisterBenchmark("encode/1,000,000 x a", [&](auto& s) { encode(s, tokenizer, same); });
    RegisterBenchmark("encode/1,000,000 x space", [&](auto& s) { encode(s, tokenizer, spaces); });
    RegisterBenchmark("decode/text", [&](auto& s) { decode(s, tokenizer, text); });
    benchmark::RunSpecifiedBenchmarks();
} catch (const nibble::error& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
}
