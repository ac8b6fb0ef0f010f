// SPDX-License-Identifier: Apache-2.0
// The texts of tokens that begin and end the turns of a conversation: one table for all families.
#pragma once

#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

struct turn_mark {
    std::string_view text;
    bool ends_reply;  ///< a model says it when its reply is complete
    /// Not where the vocabulary has this one too: the mark then ends a part of a reply.
    std::string_view unless = {};
};

inline constexpr turn_mark turn_marks[] = {
    {"<|im_end|>", true},
    {"<|eot_id|>", true},
    {"<|eom_id|>", true},
    {"<|end_of_text|>", true},
    {"<|endoftext|>", true},
    {"<|end|>", true, "<|return|>"},  // Phi; gpt-oss, of which the next two are
    {"<|return|>", true},
    {"<|call|>", true},
    {"<|eot|>", true},
    {"</s>", true},
    {"<eos>", true},
    {"<EOT>", true},
    {"<|file_separator|>", true},  // these three: what fills a middle
    {"<|file_sep|>", true},
    {"<|fim_pad|>", true},
    {"<end_of_turn>", true},
    {"<end_of_utterance>", true},
    {"<|END_OF_TURN_TOKEN|>", true},
    {"<|end_of_sentence|>", true},
    {"<|eos|>", true},
    {"<seed:eos>", true},
    {"[|endofturn|]", true},
    {"<|user|>", true},  // GLM, which ends its own turns with the beginning of the next
    {"<|observation|>", true},
    {"<\uff5cend\u2581of\u2581sentence\uff5c>", true},
    {"<|im_start|>", false},
    {"<|start|>", false},  // these three: gpt-oss
    {"<|channel|>", false},
    {"<|message|>", false},
    {"<|im_sep|>", false},
    {"<|begin_of_text|>", false},
    {"<|start_header_id|>", false},
    {"<|end_header_id|>", false},
    {"<|header_start|>", false},
    {"<|header_end|>", false},
    {"<|start_of_role|>", false},
    {"<|end_of_role|>", false},
    {"<|START_OF_TURN_TOKEN|>", false},
    {"<|system|>", false},
    {"<|assistant|>", false},
    {"[|system|]", false},
    {"[|user|]", false},
    {"[|assistant|]", false},
    {"<s>", false},
    {"<bos>", false},
    {"<seed:bos>", false},
    {"<start_of_turn>", false},
    {"<\uff5cbegin\u2581of\u2581sentence\uff5c>", false},
};

/// The mark with this text, or nullptr.
[[nodiscard]] inline const turn_mark* find_turn_mark(std::string_view text) noexcept {
    if (!text.starts_with('<') && !text.starts_with("[|")) return nullptr;  // as all marks begin
    for (const turn_mark& mark : turn_marks)
        if (mark.text == text) return &mark;
    return nullptr;
}

NIBBLE_NAMESPACE_END
