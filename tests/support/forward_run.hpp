// SPDX-License-Identifier: Apache-2.0
// A model run token by token or in batches, for tests that compare logits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nibble/gguf/file.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/config_options.hpp>
#include <nibble/model/forward.hpp>
#include <nibble/model/read_config.hpp>

namespace nibble::test {

/// How to run it: everything that must not show in the result.
struct run_options {
    std::size_t chunk = 512;
    unsigned n_threads = 2;
    cache_type cached_as = cache_type::q16;
    cpu_features cpu = detect_cpu();
};

/// A model file and what it needs for a forward pass.
struct opened_model {
    explicit opened_model(const std::filesystem::path& path, const config_options& options = {})
        : opened_model(gguf::file::open(path), options) {}
    explicit opened_model(gguf::file opened, const config_options& options = {})
        : file(std::move(opened)),
          config(with_options(read_config(file), options)),
          weights(bind_weights(file, config)) {}

    gguf::file file;
    model_config config;
    model_weights weights;
};

/// One sequence: cache, workspace and threads.
class sequence_run {
public:
    sequence_run(const opened_model& model, std::size_t capacity, const run_options& options = {})
        : model_(model),
          chunk_(options.chunk),
          pool_(options.n_threads),
          cache_(std::make_shared<kv_pool>(
              model.config, kv_shape{options.cached_as, capacity, 1, std::min(options.chunk, capacity)})),
          work_(best_kernels(options.cpu), model.config, model.weights,
                {std::min(options.chunk, capacity), capacity, pool_.size()}),
          pass_{model.config, model.weights, best_kernels(options.cpu), executor{pool_}, work_} {}

    kv_cache& cache() { return cache_; }
    [[nodiscard]] const largest_value& best_logit() const { return best_logit_; }

    /// Reads tokens and returns the logits of each.
    std::vector<float> read(std::span<const token> tokens) {
        std::vector<float> logits(tokens.size() * model_.config.n_vocab);
        for (std::size_t i = 0; i < tokens.size(); i += chunk_) {
            const std::size_t n = std::min(chunk_, tokens.size() - i);
            run(tokens.subspan(i, n), n, logits.data() + i * model_.config.n_vocab);
        }
        return logits;
    }

    /// Reads tokens in one pass and returns the logits of the last `n_results`, and their hidden states if asked for.
    std::vector<float> read_at_once(std::span<const token> tokens, std::size_t n_results, float* hidden = nullptr) {
        std::vector<float> logits(n_results * model_.config.n_vocab);
        run(tokens, n_results, logits.data(), hidden);
        return logits;
    }

private:
    void run(std::span<const token> tokens, std::size_t n_results, float* logits, float* hidden = nullptr) {
        const batch_part part{tokens, &cache_, n_results};
        cache_.forget_before(tokens.size());
        cache_.take_blocks(tokens.size());
        pass_.run({&part, 1}, {.logits = logits, .hidden = hidden, .best_logit = &best_logit_});
    }

    const opened_model& model_;
    std::size_t chunk_;
    thread_pool pool_;
    kv_cache cache_;
    workspace work_;
    forward_pass pass_;
    largest_value best_logit_;
};

/// Comma-separated ids.
inline std::vector<token> read_tokens(const std::filesystem::path& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error("cannot open " + path.string());
    std::vector<token> ids;
    for (std::string id; std::getline(in, id, ',');) ids.push_back(std::stoi(id));
    return ids;
}

/// The last n float32 of a NumPy file, which are its data.
inline std::vector<float> read_npy(const std::filesystem::path& path, std::size_t n) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
    std::vector<float> values(n);
    if (bytes.size() < n * sizeof(float)) throw std::runtime_error("too short: " + path.string());
    const char* data = bytes.data() + bytes.size() - n * sizeof(float);
    std::copy(data, data + n * sizeof(float), reinterpret_cast<char*>(values.data()));
    return values;
}

}  // namespace nibble::test
