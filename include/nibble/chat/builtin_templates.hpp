// SPDX-License-Identifier: Apache-2.0
// Chat templates for models whose files have none: the forms of conversation that many families share.
#pragma once

#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

struct builtin_template {
    std::string_view name;
    std::string_view source;
};

inline constexpr builtin_template builtin_templates[] = {
    {"chatml", "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + (message.content or '') + "
               "'<|im_end|>\\n' }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"},
    {"llama3", "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message.role + "
               "'<|end_header_id|>\\n\\n' + (message.content or '') | trim + '<|eot_id|>' }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"},
    // Without a system role: its text goes before that of the next turn.
    {"gemma", "{{ bos_token }}{% set system = namespace(text='') %}{% for message in messages %}"
              "{% if message.role == 'system' %}{% set system.text = message.content + '\\n\\n' %}{% else %}"
              "{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\\n' + system.text + "
              "(message.content or '') | trim + '<end_of_turn>\\n' }}{% set system.text = '' %}{% endif %}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"},
    {"mistral",
     "{{ bos_token }}{% set system = namespace(text='') %}{% for message in messages %}"
     "{% if message.role == 'system' %}{% set system.text = message.content + '\\n\\n' %}"
     "{% elif message.role == 'assistant' %}{{ ' ' + (message.content or '') + eos_token }}{% else %}"
     "{{ '[INST] ' + system.text + message.content + ' [/INST]' }}{% set system.text = '' %}{% endif %}{% endfor %}"},
};

/// The source of the built-in template of that name; empty for any other text.
[[nodiscard]] constexpr std::string_view find_builtin_template(std::string_view name) noexcept {
    for (const auto& builtin : builtin_templates)
        if (builtin.name == name) return builtin.source;
    return {};
}

NIBBLE_NAMESPACE_END
