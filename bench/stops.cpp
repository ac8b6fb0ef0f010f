// SPDX-License-Identifier: Apache-2.0
// bench-stops: how late a deadline ends a reply, and how long the shortest step of advance_for() takes.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <nibble/model/vocabulary.hpp>
#include <nibble/nibble.hpp>

#include "../examples/load_options.hpp"
#include "../examples/program.hpp"

namespace {

using namespace nibble;
using clock_type = std::chrono::steady_clock;

double milliseconds_since(clock_type::time_point start) {
    return std::chrono::duration<double, std::milli>(clock_type::now() - start).count();
}

/// Token ids that spread over the vocabulary.
std::vector<token> test_tokens(std::size_t n, std::size_t n_vocab) {
    std::vector<token> ids(n);
    for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<token>((1000 + i * 7919) % n_vocab);
    return ids;
}

void line(const char* what, std::vector<double> milliseconds) {
    std::sort(milliseconds.begin(), milliseconds.end());
    std::printf("| %s | %.2f | %.2f |\n", what, milliseconds[milliseconds.size() / 2], milliseconds.back());
    std::fflush(stdout);
}

/// How much later than its deadline a prefill of `tokens` returns, for deadlines all over it.
std::vector<double> lateness(session& s, std::span<const token> tokens, std::size_t repeats) {
    const std::size_t before = s.position();
    const auto started = clock_type::now();
    s.prefill(tokens);
    const auto whole = clock_type::now() - started;
    std::vector<double> late;
    for (std::size_t i = 0; i < repeats; ++i) {
        s.rewind(before);
        const auto deadline = clock_type::now() + whole * static_cast<int>(i + 1) / static_cast<int>(repeats + 1);
        if (!s.prefill(tokens, nullptr, deadline)) late.push_back(milliseconds_since(deadline));
    }
    s.rewind(before);
    if (late.empty()) late.push_back(0);
    return late;
}

/// How long each call of advance_for(0) takes: those of the prompt, and those of the reply.
std::pair<std::vector<double>, std::vector<double>> steps(session& s, std::span<const token> prompt, std::size_t n) {
    auto reply = s.generate(prompt, {.temperature = 0, .max_tokens = n, .lazy_prompt = true});
    std::pair<std::vector<double>, std::vector<double>> out;
    for (bool done = false; !done;) {
        const auto started = clock_type::now();
        auto& of = s.position() < prompt.size() ? out.first : out.second;
        done = reply.advance_for(std::chrono::nanoseconds{0}) == advance_result::done;
        of.push_back(milliseconds_since(started));
    }
    return out;
}

int run(int argc, char** argv) {
    CLI::App app{"How late a deadline ends a reply, and how long the shortest step of advance_for() takes."};
    load_options load;
    session_options options;
    std::size_t n_prompt = 512, n_generate = 16, repeats = 20;
    app.add_option("model", load.model, "GGUF file")->required();
    app.add_option("-t,--threads", options.threads, "threads; 0: all");
    app.add_option("-p,--n-prompt", n_prompt, "tokens of the prompt, read in one batch");
    app.add_option("-n,--n-gen", n_generate, "tokens of the reply");
    app.add_option("-r,--repetitions", repeats, "deadlines");
    declare_load(app, load);
    if (asks_for_help(app, argc, argv)) return 0;

    const auto m = load_model(load);
    options.batch = n_prompt;
    session s{m, options};
    const auto prompt = test_tokens(n_prompt, m.config().n_vocab);
    s.prefill(prompt);  // reads the file
    s.rewind(0);

    std::printf("| milliseconds | median | worst |\n| --- | ---: | ---: |\n");
    line("a deadline in the prompt, late by", lateness(s, prompt, repeats));
    s.prefill(prompt);
    line("a deadline in a token, late by", lateness(s, std::span{prompt}.first(1), repeats));
    s.rewind(0);
    if (!has_vocabulary(m.file())) {
        std::fprintf(stderr, "The file has no vocabulary: replies are not measured.\n");
        return 0;
    }
    const auto [of_prompt, of_reply] = steps(s, prompt, n_generate);
    line("the shortest step in the prompt", of_prompt);
    line("the shortest step in the reply", of_reply);
    double whole = 0;
    for (const double ms : of_prompt) whole += ms;
    s.rewind(0);
    const auto started = clock_type::now();
    s.prefill(prompt);
    std::printf("\nthe prompt in steps %.1f tokens/s, at once %.1f\n", 1e3 * static_cast<double>(n_prompt) / whole,
                1e3 * static_cast<double>(n_prompt) / milliseconds_since(started));
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
