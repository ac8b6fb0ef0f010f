// SPDX-License-Identifier: Apache-2.0
// perplexity: how well a model predicts a text, and how far its predictions are from saved ones (another format,
// another engine).
//
// The text is cut into chunks of tokens that are read independently of each other. Every token of a chunk but its
// first is predicted from those before it: nll is the mean of -ln p(token), the perplexity exp(nll). The divergence is
// the mean over the same positions of KL(saved || this) = sum over tokens of p_saved (ln p_saved - ln p), in nats.
#include <nibble/nibble.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "load_options.hpp"
#include "npy.hpp"
#include "program.hpp"
#include "read_file.hpp"
#include "session_limits.hpp"
#include "system.hpp"

namespace {

constexpr std::size_t default_chunk = 512;

struct options {
    load_options load;
    std::string file, logits_out, logits_base;
    std::optional<std::size_t> chunk;
    std::size_t chunks = 0;
    unsigned threads = 0;
};

/// Sums over positions; add() one position or another sum.
struct score {
    std::size_t n = 0, n_same_best = 0;
    double nll = 0, divergence = 0;

    void add(const score& other) {
        n += other.n;
        n_same_best += other.n_same_best;
        nll += other.nll;
        divergence += other.divergence;
    }
    [[nodiscard]] double mean(double sum) const { return n == 0 ? 0.0 : sum / static_cast<double>(n); }
};

double log_sum_exp(std::span<const float> logits) {
    const double best = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - best);
    return best + std::log(sum);
}

score score_position(std::span<const float> logits, nibble::token next, std::span<const float> saved) {
    const double log_total = log_sum_exp(logits);
    score one{1, 0, log_total - static_cast<double>(logits[static_cast<std::size_t>(next)]), 0};
    if (saved.empty()) return one;
    const double saved_log_total = log_sum_exp(saved);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const double saved_log_p = static_cast<double>(saved[i]) - saved_log_total;
        const double log_p = static_cast<double>(logits[i]) - log_total;
        one.divergence += std::exp(saved_log_p) * (saved_log_p - log_p);
    }
    one.n_same_best = nibble::arg_max(logits) == nibble::arg_max(saved);
    return one;
}

void print_head(bool with_base) {
    std::printf("| chunk | tokens |    nll | perplexity |  so far |%s\n", with_base ? " divergence | same best |" : "");
    std::printf("| ----: | -----: | -----: | ---------: | ------: |%s\n", with_base ? " ---------: | --------: |" : "");
}

void print_row(const char* name, const score& own, const score& all, bool with_base) {
    std::printf("| %5s | %6zu | %6.4f | %10.4f | %7.4f |", name, own.n, own.mean(own.nll), std::exp(own.mean(own.nll)),
                std::exp(all.mean(all.nll)));
    if (with_base)
        std::printf(" %10.6f | %8.2f%% |", own.mean(own.divergence),
                    100.0 * own.mean(static_cast<double>(own.n_same_best)));
    std::printf("\n");
    std::fflush(stdout);
}

void show_progress(std::size_t done, std::size_t total) {
    if (!os::errors_are_terminal()) return;
    constexpr std::size_t width = 40;
    const std::size_t filled = width * done / total;
    std::fprintf(stderr, "\r\033[K");
    if (done < total)
        std::fprintf(stderr, "[%s%s] %zu of %zu tokens", std::string(filled, '#').c_str(),
                     std::string(width - filled, '.').c_str(), done, total);
    std::fflush(stderr);
}

void measure(const options& chosen) {
    const std::size_t wanted = chosen.chunk.value_or(default_chunk);
    const auto model = load_model(chosen.load, wanted);
    nibble::session session{model, {.context = wanted, .threads = chosen.threads}};
    say_limits(session, chosen.chunk, chosen.threads);
    const std::size_t n_vocab = model.config().n_vocab, chunk = session.context();
    if (chunk < 2) throw nibble::error(nibble::errc::bad_option, "--chunk", "at least 2 tokens", std::to_string(chunk));
    auto tokens = model.tokenizer().encode(read_file(chosen.file));
    // A last chunk of one token predicts nothing.
    if (tokens.size() % chunk == 1) tokens.pop_back();
    if (chosen.chunks != 0) tokens.resize(std::min(tokens.size(), chosen.chunks * chunk));
    if (tokens.empty())
        throw nibble::error(nibble::errc::bad_option, nibble::escaped(chosen.file), "a text of at least 2 tokens",
                            "less");

    std::optional<npy_writer> out;
    std::optional<npy_reader> base;
    if (!chosen.logits_base.empty()) {
        base.emplace(chosen.logits_base);
        if (base->rows() < tokens.size() || base->columns() != n_vocab)
            throw nibble::error(nibble::errc::bad_option, nibble::escaped(chosen.logits_base),
                                "at least " + std::to_string(tokens.size()) + " x " + std::to_string(n_vocab) +
                                    " logits",
                                std::to_string(base->rows()) + " x " + std::to_string(base->columns()));
    }
    if (!chosen.logits_out.empty()) out.emplace(chosen.logits_out, tokens.size(), n_vocab);

    constexpr std::size_t batch = 64;  // tokens whose logits are held at a time
    std::vector<float> logits, saved;
    score all;
    print_head(base.has_value());
    for (std::size_t begin = 0, number = 1; begin < tokens.size(); begin += chunk, ++number) {
        const std::size_t end = std::min(begin + chunk, tokens.size());
        session.rewind(0);
        score own;
        for (std::size_t at = begin; at < end; at += batch) {
            show_progress(at, tokens.size());
            const std::size_t n = std::min(batch, end - at);
            logits.resize(n * n_vocab);
            session.prefill(std::span{tokens}.subspan(at, n), logits);
            if (out) out->write(logits);
            if (base) {
                saved.resize(n * n_vocab);
                base->read(saved);
            }
            for (std::size_t i = 0; i < n && at + i + 1 < end; ++i)
                own.add(score_position(std::span{logits}.subspan(i * n_vocab, n_vocab), tokens[at + i + 1],
                                       base ? std::span<const float>{saved}.subspan(i * n_vocab, n_vocab)
                                            : std::span<const float>{}));
        }
        if (!std::isfinite(own.nll))
            throw nibble::error(nibble::errc::model_bad_weights, '\'' + nibble::escaped(chosen.load.model) + '\'',
                                "finite logits",
                                "an infinity or NaN; `inspect --check` says which weights are damaged");
        all.add(own);
        show_progress(tokens.size(), tokens.size());
        print_row(std::to_string(number).c_str(), own, all, base.has_value());
    }
    print_row("all", all, all, base.has_value());
    if (out) out->close();
}

int run(int argc, char** argv) {
    options chosen;
    CLI::App app{"Measures how well a model predicts a text, and how far it is from saved logits."};
    app.option_defaults()->always_capture_default();
    app.add_option("-m,--model", chosen.load.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("-f,--file", chosen.file, "the text")->required()->type_name("FILE");
    app.add_option("--chunk", chosen.chunk, "tokens that are read together, cut down to what the model knows")
        ->check(CLI::Range(2, 0x7fffffff))
        ->default_str(std::to_string(default_chunk));
    app.add_option("--chunks", chosen.chunks, "chunks to measure; 0: the whole text");
    app.add_option("--logits-out", chosen.logits_out, "save the logits: float32, tokens x vocabulary")
        ->type_name("FILE.npy");
    app.add_option("--logits-base", chosen.logits_base,
                   "compare with these logits, saved with the same text and chunks")
        ->type_name("FILE.npy");
    declare_threads(app, chosen.threads);
    declare_load(app, chosen.load);
    app.footer("Exit code: 0, or 1 after an error.");
    if (asks_for_help(app, argc, argv)) return 0;
    measure(chosen);
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
