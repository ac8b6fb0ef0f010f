// SPDX-License-Identifier: Apache-2.0
// bench-model: prompt and generation speed of a whole model, in the table of llama-bench, beside the read bandwidth
// of the same file measured in the same run.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <nibble/model/bind.hpp>
#include <nibble/nibble.hpp>

#include "../examples/load_options.hpp"
#include "../examples/program.hpp"
#include "support/isa.hpp"
#include "support/machine.hpp"

namespace {

using namespace nibble;

struct options {
    load_options load;
    std::vector<std::size_t> n_prompt{512}, n_generate{128}, depth{0};
    std::vector<unsigned> threads;
    std::vector<std::string> cache_types{"q16"};
    std::size_t repeats = 5, batch = 512;
    std::string output = "md", isa = "auto";

    /// Tokens of the longest test.
    [[nodiscard]] std::size_t longest() const {
        return std::max(*std::max_element(n_prompt.begin(), n_prompt.end()),
                        *std::max_element(n_generate.begin(), n_generate.end()));
    }
    /// Positions for it behind the deepest cache.
    [[nodiscard]] std::size_t context() const { return *std::max_element(depth.begin(), depth.end()) + longest() + 1; }
};

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// One line of the table.
struct row {
    std::string test, cache_type;
    unsigned threads;
    double bytes_per_token;  ///< weights and cache read for a generated token; 0 for prompt tests
    std::vector<double> tokens_per_second{};
    std::vector<double>
        bandwidths{};  ///< of reading the file just before each run, with the same threads, bytes a second

    [[nodiscard]] double mean() const {
        double sum = 0;
        for (const double t : tokens_per_second) sum += t;
        return sum / static_cast<double>(tokens_per_second.size());
    }
    [[nodiscard]] double deviation() const {
        if (tokens_per_second.size() < 2) return 0;
        double sum = 0;
        for (const double t : tokens_per_second) sum += (t - mean()) * (t - mean());
        return std::sqrt(sum / static_cast<double>(tokens_per_second.size() - 1));
    }
    [[nodiscard]] double bytes_per_second() const { return bytes_per_token * median(tokens_per_second); }
    [[nodiscard]] double bandwidth() const { return median(bandwidths); }
    /// Median over the runs, each beside the bandwidth of its moment: other programs take their part of both.
    [[nodiscard]] double share() const {
        std::vector<double> shares;
        for (std::size_t i = 0; i < bandwidths.size(); ++i)
            shares.push_back(bytes_per_token * tokens_per_second[i] / bandwidths[i]);
        return median(shares);
    }
};

/// Token ids that spread over the vocabulary: every run reads the same.
std::vector<token> test_tokens(std::size_t n, std::size_t from, std::size_t n_vocab) {
    std::vector<token> ids(n);
    for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<token>((1000 + (from + i) * 7919) % n_vocab);
    return ids;
}

/// What a token reads: of the experts those that it uses.
std::size_t weight_bytes(const model& m) {
    const auto& experts = m.config().experts;
    std::size_t bytes = 0;
    for (const auto& tensor : m.file().tensors())
        bytes += tensor.dims[2] > 1 ? tensor.bytes.size() / experts.n_experts * experts.n_used : tensor.bytes.size();
    if (!m.weights().tied) bytes -= m.weights().token_embd.n_rows * m.weights().token_embd.row_bytes;
    return bytes;
}

/// Bytes of keys and values that a token at `position` reads.
double cache_bytes(const model_config& config, const std::string& type, double position) {
    const auto kv = type == "q8" ? cache_type::q8 : type == "f16" ? cache_type::f16 : cache_type::q16;
    const double block = static_cast<double>(cache_block_bytes(kv, config.head_dim));
    const std::size_t n_heads = (config.n_layers - config.n_convolutions()) * config.n_kv_heads;
    return static_cast<double>(n_heads) * block / attention_block * position;
}

class table {
public:
    table(const model& m, const options& o) : options_(o) {
        double n_params = 0;
        for (const auto& t : m.file().tensors())
            n_params += static_cast<double>(t.dims[0] * t.dims[1] * t.dims[2] * t.dims[3]);
        params_ = n_params;
        size_ = static_cast<double>(weight_bytes(m));
        name_ = std::string{name_of(m.weights().layers.front().feed_forward.gate.w.type)};
        const auto& config = m.config();
        name_ = (config.name.empty() ? std::string{"model"} : config.name) + ' ' + name_;
    }

    void head() const {
        if (options_.output == "csv")
            std::cout << "model,size_bytes,params,threads,kv,test,mean_t/s,sd_t/s,median_t/s,GB/s,read_GB/s,share\n";
        if (options_.output == "md")
            std::cout << "| model | size | params | threads | kv | test | t/s | GB/s | of read bandwidth |\n"
                         "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n";
    }

    void line(const row& r) {
        char text[512];
        if (options_.output == "csv") {
            std::snprintf(text, sizeof text, "\"%s\",%.0f,%.0f,%u,%s,%s,%.3f,%.3f,%.3f,%.3f,%.3f,%.4f\n", name_.c_str(),
                          size_, params_, r.threads, r.cache_type.c_str(), r.test.c_str(), r.mean(), r.deviation(),
                          median(r.tokens_per_second), r.bytes_per_second() / 1e9, r.bandwidth() / 1e9, r.share());
            std::cout << text << std::flush;
        } else if (options_.output == "json") {
            json_.push_back({{"model", name_},
                             {"size_bytes", size_},
                             {"n_params", params_},
                             {"threads", r.threads},
                             {"kv", r.cache_type},
                             {"test", r.test},
                             {"samples_ts", r.tokens_per_second},
                             {"avg_ts", r.mean()},
                             {"stddev_ts", r.deviation()},
                             {"median_ts", median(r.tokens_per_second)},
                             {"bytes_per_second", r.bytes_per_second()},
                             {"read_bytes_per_second", r.bandwidth()},
                             {"share_of_bandwidth", r.share()}});
        } else {
            char rate[64] = "", share[64] = "";
            if (r.bytes_per_token > 0) {
                std::snprintf(rate, sizeof rate, "%.2f", r.bytes_per_second() / 1e9);
                std::snprintf(share, sizeof share, "%.0f %% of %.2f GB/s", 100 * r.share(), r.bandwidth() / 1e9);
            }
            std::snprintf(text, sizeof text, "| %s | %.2f GiB | %.2f B | %u | %s | %s | %.2f ± %.2f | %s | %s |\n",
                          name_.c_str(), size_ / 1073741824.0, params_ / 1e9, r.threads, r.cache_type.c_str(),
                          r.test.c_str(), r.mean(), r.deviation(), rate, share);
            std::cout << text << std::flush;
        }
    }

    void foot() const {
        if (options_.output == "json") std::cout << json_.dump(2) << '\n';
    }

private:
    const options& options_;
    std::string name_;
    double params_ = 0, size_ = 0;
    nlohmann::json json_ = nlohmann::json::array();
};

void progress(const std::string& what) { std::cerr << "\r\x1b[K" << what << std::flush; }

int measure(const options& o) {
    const cpu_features cpu = bench::features(o.isa);
    const auto start = bench::clock::now();
    const auto m = load_model(o.load, o.context());
    if (o.context() > m.config().n_ctx_train)
        throw error{errc::bad_option, "-d, -p, -n",
                    "a context of " + std::to_string(m.config().n_ctx_train) + " tokens at most, or --rope-scaling",
                    std::to_string(o.context())};
    std::fprintf(stderr, "load %.1f ms; kernels: %s\n", 1000 * bench::seconds_since(start),
                 std::string{best_kernels(cpu).name}.c_str());
    const std::size_t n_vocab = m.config().n_vocab;
    table out{m, o};
    out.head();
    auto threads = o.threads;
    if (threads.empty()) threads.push_back(available_threads());

    for (const unsigned n_threads : threads) {
        const auto pool = std::make_shared<thread_pool>(n_threads);
        for (const auto& kv : o.cache_types)
            for (const std::size_t depth : o.depth) {
                session s{m,
                          {.context = depth + o.longest() + 1,
                           .batch = o.batch,
                           .kv_type = kv == "q8"    ? cache_type::q8
                                      : kv == "f16" ? cache_type::f16
                                                    : cache_type::q16,
                           .pool = pool,
                           .cpu = cpu}};
                if (depth > 0) {
                    progress("filling the cache to " + std::to_string(depth));
                    s.prefill(test_tokens(depth, 0, n_vocab));
                }
                const std::string at = depth > 0 ? " @ d" + std::to_string(depth) : "";
                const auto measure = [&](std::size_t n, bool prompt) {
                    const std::string name = (prompt ? "pp" : "tg") + std::to_string(n) + at;
                    // a generated token reads the weights, and keys and values at the middle of the run
                    row r{name, kv, pool->size(),
                          prompt ? 0
                                 : static_cast<double>(weight_bytes(m)) +
                                       cache_bytes(m.config(), kv,
                                                   static_cast<double>(depth) + static_cast<double>(n) / 2)};
                    const auto ids = test_tokens(n, depth, n_vocab);
                    for (std::size_t repeat = 0; repeat <= o.repeats; ++repeat) {  // the first one warms up
                        progress(name + ": " + std::to_string(repeat) + '/' + std::to_string(o.repeats));
                        s.rewind(depth);
                        const double bandwidth = prompt ? 0 : bench::measure_read_bandwidth(*pool, m.file().bytes(), 2);
                        const auto begin = bench::clock::now();
                        if (prompt)
                            s.prefill(ids);
                        else
                            for (const token id : ids) s.decode(id);
                        const double seconds = bench::seconds_since(begin);
                        if (repeat == 0) continue;
                        r.tokens_per_second.push_back(static_cast<double>(n) / seconds);
                        if (!prompt) r.bandwidths.push_back(bandwidth);
                    }
                    progress("");
                    out.line(r);
                };
                for (const std::size_t n : o.n_prompt)
                    if (n > 0) measure(n, true);
                for (const std::size_t n : o.n_generate)
                    if (n > 0) measure(n, false);
            }
    }
    out.foot();
    return 0;
}

int run(int argc, char** argv) {
    options o;
    CLI::App app{
        "Measures how fast a model reads prompts and generates tokens, beside the read bandwidth of its file."};
    app.add_option("-m,--model", o.load.model, "GGUF file of the model")->required()->type_name("FILE");
    app.add_option("-p,--n-prompt", o.n_prompt, "lengths of prompts to read; 0 for none")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("-n,--n-gen", o.n_generate, "numbers of tokens to generate; 0 for none")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("-d,--n-depth", o.depth, "tokens in the cache before a test")->delimiter(',')->capture_default_str();
    app.add_option("-t,--threads", o.threads, "numbers of threads (default: what this process may use)")
        ->delimiter(',');
    app.add_option("-r,--repetitions", o.repeats, "measured runs of each test, after one that is not")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("-b,--batch-size", o.batch, "tokens of a prompt read at once")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--cache-type", o.cache_types, "types of the key and value cache")
        ->delimiter(',')
        ->check(CLI::IsMember({"q16", "f16", "q8"}))
        ->capture_default_str();
    bench::declare_isa(app, o.isa);
    app.add_option("-o,--output", o.output, "md, csv or json")
        ->check(CLI::IsMember({"md", "csv", "json"}))
        ->capture_default_str();
    declare_load(app, o.load);
    app.footer("Exit code: 0, or 1 after an error.");
    if (asks_for_help(app, argc, argv)) return 0;
    return measure(o);
}

}  // namespace

int main(int argc, char** argv) { return run_guarded(run, argc, argv); }
