// SPDX-License-Identifier: Apache-2.0
// Would nibble run this model: one check after another, each with what it found.
#pragma once

#include <cmath>
#include <cstddef>
#include <exception>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/bind.hpp>
#include <nibble/model/check_weights.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/model/weight_binder.hpp>

#include "options.hpp"
#include "report.hpp"

class checklist {
public:
    /// Runs one check, which returns what it found and throws what it minds. `required`: the model cannot run without.
    template <class Check>
    void run(const char* name, Check&& check, bool required = true) {
        json item{{"check", name}, {"status", "ok"}};
        try {
            item["detail"] = check();
        } catch (const std::exception& problem) {
            item["status"] = required ? "fail" : "warn";
            item["detail"] = problem.what();
            if (required && first_problem_.empty()) first_problem_ = problem.what();
        }
        items_.push_back(std::move(item));
    }

    void skip(const char* name, const char* why) {
        items_.push_back({{"check", name}, {"status", "skip"}, {"detail", why}});
    }

    [[nodiscard]] const json& items() const { return items_; }
    [[nodiscard]] const std::string& first_problem() const { return first_problem_; }

private:
    json items_ = json::array();
    std::string first_problem_;  // empty: nothing required has failed
};

inline std::string check_types(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors())
        if (!nibble::is_supported(tensor.type))
            throw nibble::error{nibble::errc::model_wrong_tensor_type, "tensor '" + nibble::escaped(tensor.name) + '\'',
                                "a type that nibble computes with", std::string{nibble::name_of(tensor.type)}};
    return std::to_string(file.tensors().size()) + " tensors";
}

constexpr std::string_view vocabulary_matrices[] = {"token_embd.weight", "output.weight"};

inline bool is_vocabulary_matrix(const nibble::tensor_view& tensor) {
    return std::find(std::begin(vocabulary_matrices), std::end(vocabulary_matrices), tensor.name) !=
           std::end(vocabulary_matrices);
}

/// Tokens of which a vocabulary matrix has no numbers. The model runs as long as a text has none of them: their logits
/// are never the best.
inline std::set<std::size_t> damaged_tokens(const nibble::gguf::file& file) {
    std::set<std::size_t> out;
    for (const auto name : vocabulary_matrices)
        if (const auto* tensor = file.find_tensor(name)) {
            const auto rows = nibble::find_bad_rows(*tensor);
            out.insert(rows.begin(), rows.end());
        }
    return out;
}

inline std::string check_weights(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors()) {
        if (!is_vocabulary_matrix(tensor)) nibble::check_finite(file, tensor);
        nibble::check_not_zero(file, tensor);
    }
    return "all scales and floats are finite, no tensor is all zeros";
}

inline std::string check_token_rows(const nibble::gguf::file& file, const std::set<std::size_t>& damaged) {
    try {
        for (const auto& tensor : file.tensors())
            if (is_vocabulary_matrix(tensor)) nibble::check_finite(file, tensor);
    } catch (const nibble::error& problem) {
        throw std::runtime_error(
            std::string(problem.what()) + ": a text with token " + std::to_string(*damaged.begin()) +
            (damaged.size() == 1 ? "" : " or " + std::to_string(damaged.size() - 1) + " others") + " cannot be read");
    }
    return "all tokens have finite weights";
}

/// Longer than any run of zeros in a good model, but for tokens that were never trained; a page of memory.
constexpr std::size_t hole_bytes = 4096;

inline std::string check_holes(const nibble::gguf::file& file) {
    for (const auto& tensor : file.tensors()) {
        const auto run = nibble::longest_zero_run(tensor);
        if (run.size >= hole_bytes && !tensor.name.ends_with(".bias") && !is_vocabulary_matrix(tensor))
            throw nibble::error{nibble::errc::model_bad_weights, nibble::detail::tensor_place(file, tensor), "weights",
                                std::to_string(run.size) + " bytes of zeros: was a download cut off?",
                                file.offset_of(tensor) + run.begin};
    }
    return "none in any tensor";
}

inline std::string check_merges(const nibble::tokenizer& tokenizer) {
    if (const auto n = tokenizer.skipped_merges())
        throw nibble::error{nibble::errc::vocab_bad_merge, "tokenizer.ggml.merges", "pairs of tokens that make a token",
                            std::to_string(n) + " that name none and are never applied"};
    return "all apply";
}

/// Some tokens at once, then one alone: that takes both kinds of kernels through every layer. Damaged tokens are left
/// out, as they have no finite logits.
inline std::string check_forward_pass(const nibble::model& model, const std::set<std::size_t>& damaged,
                                      const inspect_options& chosen) {
    const std::size_t n_vocab = model.config().n_vocab;
    nibble::session session{model, {.context = 9, .threads = chosen.threads}};
    std::vector<nibble::token> whole, tokens;
    for (std::size_t id = 0; id < n_vocab; ++id)
        if (!damaged.contains(id)) whole.push_back(static_cast<nibble::token>(id));
    if (whole.empty())
        throw nibble::error{nibble::errc::model_bad_weights, "forward pass", "a token with finite weights", "none"};
    for (std::size_t i = 0; i < session.context(); ++i) tokens.push_back(whole[i * whole.size() / session.context()]);
    const std::span<const nibble::token> last = std::span{tokens}.last(1),
                                         first = std::span{tokens}.first(tokens.size() - 1);
    std::vector<float> logits(first.size() * n_vocab);
    if (!first.empty()) session.prefill(first, logits);
    session.prefill(last);
    logits.insert(logits.end(), session.logits().begin(), session.logits().end());
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (!std::isfinite(logits[i]) && !damaged.contains(i % n_vocab))
            throw nibble::error{nibble::errc::model_bad_weights,
                                "forward pass, position " + std::to_string(i / n_vocab), "finite logits",
                                "an infinity or NaN for token " + std::to_string(i % n_vocab)};
    return std::to_string(tokens.size()) + " tokens, all logits finite";
}

inline checklist check(const nibble::gguf::file& file, const std::optional<nibble::model>& model,
                       const inspect_options& chosen) {
    checklist list;
    list.run("file", [&] {
        const std::size_t n_parts = file.parts().size();
        return std::to_string(file.size()) + " bytes" +
               (n_parts == 1 ? "" : " in " + std::to_string(n_parts) + " parts") + ", readable";
    });
    list.run("container", [&] {
        return "GGUF version " + std::to_string(file.version()) + ", " + std::to_string(file.metadata().size()) +
               " metadata entries, " + std::to_string(file.tensors().size()) + " tensors";
    });
    list.run("size", [&] {
        const auto layout = layout_of(file);
        return layout["after_the_last_tensor"].dump() + " bytes after the last tensor, none missing";
    });
    list.run("types", [&] { return check_types(file); });
    std::optional<nibble::model_config> config;
    list.run("config", [&] {
        config = nibble::read_config(file);
        return "architecture " + std::string{config->family->name} + ", consistent";
    });
    if (config) {
        list.run("tensors", [&] {
            const auto weights = nibble::bind_weights(file, *config);
            return "all of " + std::to_string(config->n_layers) + " layers, output " +
                   (weights.tied ? "tied" : "of its own");
        });
    } else {
        list.skip("tensors", "no configuration");
    }
    const auto damaged = damaged_tokens(file);
    list.run("weights", [&] { return check_weights(file); });
    list.run(
        "token rows", [&] { return check_token_rows(file, damaged); }, false);
    list.run(
        "zeros", [&] { return check_holes(file); }, false);
    if (nibble::has_vocabulary(file)) {
        std::optional<nibble::tokenizer> tokenizer;
        list.run("vocabulary", [&] {
            tokenizer.emplace(nibble::read_vocabulary(file), chosen.load.model_options.tokenizer);
            return std::to_string(tokenizer->n_vocab()) + " tokens";
        });
        if (tokenizer)
            list.run(
                "merges", [&] { return check_merges(*tokenizer); }, false);
    } else {
        list.skip("vocabulary", "none in the file: the model can be fed with ids only");
    }
    if (model) {
        const auto template_state = [&] {
            if (!model->has_chat_template()) return "none in the file";
            (void)model->chat_template();
            return "parses";
        };
        list.run("chat template", template_state, false);  // without it a model continues texts all the same
        list.run("forward pass", [&] { return check_forward_pass(*model, damaged, chosen); });
    } else {
        list.skip("chat template", "no model");
        list.skip("forward pass", "no model");
    }
    return list;
}
