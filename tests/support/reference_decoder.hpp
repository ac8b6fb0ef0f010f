// SPDX-License-Identifier: Apache-2.0
// The layers of llama in double, written down a second time from the tensors of a file by their names: no batches, no
// cache, nothing of nibble's but its sizes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/token.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config.hpp>

namespace nibble::test {

class reference_decoder {
public:
    using row = std::vector<double>;

    /// All weights F32; heads turn in neighbouring pairs, a token sees all before it.
    reference_decoder(const gguf::file& file, const model_config& config) : file_(file), config_(config) {}

    /// [tokens][n_vocab]
    [[nodiscard]] std::vector<float> logits(std::span<const token> tokens) const {
        std::vector<row> x;
        for (const token id : tokens) {
            const row all = tensor("token_embd.weight");
            const auto begin = all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(id) * config_.n_embd);
            x.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(config_.n_embd));
        }
        for (std::size_t i = 0; i < config_.n_layers; ++i) run_layer("blk." + std::to_string(i) + '.', x);
        std::vector<float> out;
        for (const row& at : x)
            for (const double logit :
                 linear(file_.find_tensor("output.weight") ? "output" : "token_embd", norm("output_norm.weight", at)))
                out.push_back(static_cast<float>(logit));
        return out;
    }

private:
    /// Empty where the file has no such tensor.
    [[nodiscard]] row tensor(const std::string& name) const {
        const auto* found = file_.find_tensor(name);
        row out(found ? found->bytes.size() / sizeof(float) : 0);
        for (std::size_t i = 0; i < out.size(); ++i) {
            float value;
            std::memcpy(&value, found->bytes.data() + i * sizeof value, sizeof value);
            out[i] = static_cast<double>(value);
        }
        return out;
    }

    /// NAME.weight x + NAME.bias
    [[nodiscard]] row linear(const std::string& name, const row& x) const {
        const row w = tensor(name + ".weight"), bias = tensor(name + ".bias");
        row out(w.size() / x.size());
        for (std::size_t r = 0; r < out.size(); ++r)
            out[r] = std::inner_product(x.begin(), x.end(), w.begin() + static_cast<std::ptrdiff_t>(r * x.size()),
                                        bias.empty() ? 0.0 : bias[r]);
        return out;
    }

    [[nodiscard]] row norm(const std::string& name, const row& x) const {
        row out = tensor(name);
        const double mean = std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            out[i] *= x[i] / std::sqrt(mean + static_cast<double>(config_.norm_eps));
        return out;
    }

    void turn(row& heads, std::size_t position) const {
        const row divisors = tensor("rope_freqs.weight");
        for (std::size_t head = 0; head < heads.size(); head += config_.head_dim)
            for (std::size_t i = 0; i < config_.rope_dims; i += 2) {
                const double exponent = static_cast<double>(i) / static_cast<double>(config_.rope_dims);
                const double angle = static_cast<double>(position) *
                                     std::pow(static_cast<double>(config_.ropes.front().freq_base), -exponent) /
                                     (divisors.empty() ? 1 : divisors[i / 2]);
                const double a = heads[head + i], b = heads[head + i + 1];
                heads[head + i] = a * std::cos(angle) - b * std::sin(angle);
                heads[head + i + 1] = a * std::sin(angle) + b * std::cos(angle);
            }
    }

    /// What the heads of `q` see of keys and values 0 .. last.
    [[nodiscard]] row attend(const row& q, const std::vector<row>& k, const std::vector<row>& v,
                             std::size_t last) const {
        const std::size_t dim = config_.head_dim, group = config_.n_heads / config_.n_kv_heads;
        row out(q.size());
        for (std::size_t head = 0; head < config_.n_heads; ++head) {
            const std::size_t mine = head * dim, theirs = head / group * dim;
            row weight(last + 1);
            for (std::size_t t = 0; t <= last; ++t) {
                double score = 0;
                for (std::size_t i = 0; i < dim; ++i) score += q[mine + i] * k[t][theirs + i];
                weight[t] = std::exp(score / std::sqrt(static_cast<double>(dim)));
            }
            const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
            for (std::size_t t = 0; t <= last; ++t)
                for (std::size_t i = 0; i < dim; ++i) out[mine + i] += weight[t] / sum * v[t][theirs + i];
        }
        return out;
    }

    void run_layer(const std::string& blk, std::vector<row>& x) const {
        const auto add = [](row& to, const row& update) {
            for (std::size_t i = 0; i < to.size(); ++i) to[i] += update[i];
        };
        std::vector<row> q, k, v;
        for (std::size_t t = 0; t < x.size(); ++t) {
            const row h = norm(blk + "attn_norm.weight", x[t]);
            q.push_back(linear(blk + "attn_q", h));
            k.push_back(linear(blk + "attn_k", h));
            v.push_back(linear(blk + "attn_v", h));
            turn(q.back(), t);
            turn(k.back(), t);
        }
        for (std::size_t t = 0; t < x.size(); ++t) {
            add(x[t], linear(blk + "attn_output", attend(q[t], k, v, t)));
            const row h = norm(blk + "ffn_norm.weight", x[t]);
            row gate = linear(blk + "ffn_gate", h);
            const row up = linear(blk + "ffn_up", h);
            for (std::size_t i = 0; i < gate.size(); ++i) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
            add(x[t], linear(blk + "ffn_down", gate));
        }
    }

    const gguf::file& file_;
    const model_config& config_;
};

}  // namespace nibble::test
