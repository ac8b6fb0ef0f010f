// SPDX-License-Identifier: Apache-2.0
// Everything a caller can choose about one generation: how tokens are picked, when the text ends, who looks on.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/tool_definitions.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/constraint.hpp>
#include <nibble/generate/draft.hpp>
#include <nibble/jinja/calendar_time.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The steps that turn logits into the candidates of the final draw. Each sees what the step before has left.
enum class sampling_stage { penalties, dry, top_n_sigma, top_k, typical, top_p, min_p, xtc, temperature };

class token_trie;
struct generation_options;
struct reply_format;

/// Whether a model calls tools: by default as it likes. no_tool_calls is below; required_tool_call is in
/// generate/tool_calling.hpp, with the grammars that it takes.
struct tool_choice {
    bool offered = true;  ///< the model is told of the tools
    /// Makes what holds a reply to a call, in the place of a constraint; null: nothing does.
    std::unique_ptr<token_constraint> (*require)(const generation_options&, const reply_format&,
                                                 std::shared_ptr<const token_trie>) = nullptr;
};

/// The model is not told of any tool.
inline constexpr tool_choice no_tool_calls{.offered = false};

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// Options of one generation, with the defaults that most programs use. Write only what differs, in this order:
/// `{.temperature = 0.6f, .seed = 7, .max_tokens = 200}`.
struct generation_options {
    // --- how a token is picked

    /// >= 0. Logits are divided by it: below 1 is more certain, above 1 more varied. 0 is greedy: the best token, the
    /// lowest id where several are equal; then only bias, callback, constraint, penalties and DRY have an effect.
    float temperature = 0.8f;
    /// >= 0. Keep the k best tokens; 0 keeps all (Fan, Lewis, Dauphin 2018, arXiv:1805.04833).
    int top_k = 40;
    /// 0 to 1. Keep the fewest best tokens whose probabilities reach p; 1 keeps all, 0 the best one (Holtzman et al.
    /// 2019, arXiv:1904.09751).
    float top_p = 0.95f;
    /// 0 to 1. Keep tokens at least this likely relative to the best; 0 keeps all (Nguyen et al. 2024,
    /// arXiv:2407.01082).
    float min_p = 0.05f;
    /// Equal seeds, options and prompts give equal texts, on every machine.
    std::uint64_t seed = 0;

    // --- when the text ends

    /// Most tokens to generate. The text also ends at an end token and when the context is full.
    std::size_t max_tokens = unlimited;
    /// The text ends before the first of these that appears in it; valid UTF-8, none of them empty.
    std::vector<std::string> stop = {};
    /// Look for them in the thinking too, and not in the answer alone. What is thinking is known where its two tags are
    /// tokens of the vocabulary.
    bool stop_in_thinking = false;
    /// Set to true from anywhere, a signal handler or another thread, to stop rendering, prefill and generation within
    /// milliseconds. The flag outlives the generation. For a std::stop_token: `std::stop_callback link{token, [&] {
    /// flag = true; }};`
    const std::atomic<bool>* cancel = nullptr;
    /// When it comes, prefill and generation end within milliseconds.
    std::chrono::steady_clock::time_point deadline = no_deadline;
    /// The prompt is read when the reply is walked or advanced, and not before generate() or chat() return.
    bool lazy_prompt = false;

    // --- what a chat template is told; see chat_template_options

    /// Think before the answer: on, off, or as the template does by default.
    std::optional<bool> thinking = {};
    /// Most tokens between <think> and </think>, or what the model's template has for them; then the thinking is ended
    /// for the model. Of effect where these two are tokens of the vocabulary.
    std::size_t thinking_budget = unlimited;
    /// Show the model what it thought in past turns (message::reasoning): yes, no, or as the template does by default.
    std::optional<bool> keep_reasoning = {};
    tool_list tools = {};         ///< what the model may call
    tool_list python_tools = {};  ///< the same, to be called from Python code: such code comes as a call of `python`
    nibble::tool_choice tool_choice = {};
    std::string only_tool = {};  ///< the one of `tools` that may be called; empty: any
    json variables = {};         ///< object of further template variables, or null
    calendar_time date = {};     ///< what the template prints as today, if given; the clock is never read

    // --- against repetition; all of it off by default

    /// > 0. Logits of recent tokens are divided by it when positive, multiplied when negative; 1 is off (Keskar et al.
    /// 2019, arXiv:1909.05858).
    float repeat_penalty = 1.0f;
    /// How many of the last tokens, prompt included, the three penalties look at; -1 is all, 0 none.
    int repeat_last_n = 64;
    /// Finite. Subtracted from the logit of a recent token once, or once per occurrence.
    float presence_penalty = 0.0f;
    float frequency_penalty = 0.0f;
    /// >= 0, 0 is off. DRY ("don't repeat yourself", by p-e-w): a token that would continue a repetition of n tokens
    /// has its logit lowered by multiplier * base^(n - allowed_length), for n >= allowed_length.
    float dry_multiplier = 0.0f;
    float dry_base = 1.75f;       ///< >= 1
    int dry_allowed_length = 2;   ///< >= 1
    int dry_penalty_last_n = -1;  ///< tokens looked at, -1 is all
    /// A repetition does not reach across a token whose text contains one of these.
    std::vector<std::string> dry_sequence_breakers = {"\n", ":", "\"", "*"};

    // --- less common ways to choose the candidates

    /// 0 to 1. Keep the tokens of the most typical surprise until they reach this probability; 1 is off (Meister et
    /// al. 2022, arXiv:2202.00666).
    float typical_p = 1.0f;
    /// >= 0, 0 is off. Keep logits within n standard deviations of the best (Tang et al. 2024, arXiv:2411.07641).
    float top_n_sigma = 0.0f;
    /// 0 to 1, 0 is off. XTC ("exclude top choices", by p-e-w): with this probability, remove all tokens that are at
    /// least as likely as the threshold except the least likely of them.
    float xtc_probability = 0.0f;
    float xtc_threshold = 0.1f;  ///< 0 to 1; above 0.5 at most one token reaches it and nothing is removed
    /// Mirostat 2 in place of the filters above: hold the surprise of the text at tau bits (Basu et al. 2020,
    /// arXiv:2007.14966).
    bool mirostat = false;
    float mirostat_tau = 5.0f;  ///< > 0
    float mirostat_eta = 0.1f;  ///< 0 to 1, learning rate
    /// The order of the steps; a step that is not listed does not happen.
    std::vector<sampling_stage> order = {
        sampling_stage::penalties, sampling_stage::dry,     sampling_stage::top_n_sigma,
        sampling_stage::top_k,     sampling_stage::typical, sampling_stage::top_p,
        sampling_stage::min_p,     sampling_stage::xtc,     sampling_stage::temperature};

    // --- hooks

    /// Added to the logits before anything else; minus infinity forbids a token.
    std::vector<std::pair<token, float>> logit_bias = {};
    /// Sees and may change the n_vocab logits of each token, after the bias. Only finite logits can be picked. What
    /// it throws comes out of the loop; the token is then not generated and the session can go on.
    std::function<void(std::span<float> logits)> on_logits = {};
    /// Limits what may follow, after bias and callback; borrowed, must outlive the generation.
    token_constraint* constraint = nullptr;
    /// Report the log-probabilities of the n most likely tokens at each step, those of the model itself.
    int n_probs = 0;
    /// Share the probabilities out among the tokens that bias, callback and constraint allow: what the model thinks of
    /// them where it has no other choice.
    bool probs_of_allowed = false;
    /// Guesses of the tokens that follow, which are checked several at a time. The text does not depend on them.
    draft_options draft = {};
    /// Told while the prompt is read: tokens done and tokens to read.
    std::function<void(std::size_t done, std::size_t total)> on_progress = {};
};

/// Throws errc::sample_bad_param (a value out of its range, the option named) or errc::ctx_bad_token (an id in
/// logit_bias that the vocabulary does not have).
NIBBLE_FUNCTION void validate(const generation_options& options, std::size_t n_vocab);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/options_impl.hpp>
#endif
