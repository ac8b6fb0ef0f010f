// SPDX-License-Identifier: Apache-2.0
// Passages of texts and their embeddings, in the order of how near they are to a question.
#pragma once

#include <nibble/nibble.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct passage {
    std::string source, text;
};

struct hit {
    const passage* found;
    double similarity;  ///< the cosine of the angle between question and passage: 1 is the same direction
};

class semantic_index {
public:
    explicit semantic_index(const nibble::model& model) : session_(model, {.context = 512, .batch = 128}) {}

    void add(passage next) {
        embeddings_.push_back(embed(next.text));
        passages_.push_back(std::move(next));
    }
    [[nodiscard]] std::size_t size() const { return passages_.size(); }

    /// The `most` nearest, nearest first; equal ones in the order in which they were added. Valid until the next add().
    [[nodiscard]] std::vector<hit> find(std::string_view question, std::size_t most) {
        const auto middle = mean();
        const auto wanted = embed(question);
        std::vector<hit> hits;
        for (std::size_t i = 0; i < passages_.size(); ++i)
            hits.push_back({&passages_[i], similarity(wanted, embeddings_[i], middle)});
        std::stable_sort(hits.begin(), hits.end(),
                         [](const hit& a, const hit& b) { return a.similarity > b.similarity; });
        hits.resize(std::min(most, hits.size()));
        return hits;
    }

private:
    using vector = std::vector<float>;

    /// Of as much of a text as fits into the context.
    [[nodiscard]] vector embed(std::string_view text) {
        auto tokens = session_.model().tokenizer().encode(text);
        tokens.resize(std::min(tokens.size(), session_.context()));
        return session_.embed(tokens);
    }

    /// What all passages have in common: models of language give every text a large part of the same direction.
    [[nodiscard]] vector mean() const {
        vector sum(embeddings_.empty() ? 0 : embeddings_.front().size());
        for (const auto& each : embeddings_)
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += each[i] / static_cast<float>(embeddings_.size());
        return sum;
    }

    /// The cosine of a - middle and b - middle.
    [[nodiscard]] static double similarity(const vector& a, const vector& b, const vector& middle) {
        double ab = 0, aa = 0, bb = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double x = a[i] - middle[i], y = b[i] - middle[i];
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
        return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
    }

    nibble::session session_;
    std::vector<passage> passages_;
    std::vector<vector> embeddings_;
};
