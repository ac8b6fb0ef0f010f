// SPDX-License-Identifier: Apache-2.0
// The families of models that nibble runs: the list.
#pragma once

#include <array>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/model/families/cohere2.hpp>
#include <nibble/model/families/ernie4_5.hpp>
#include <nibble/model/families/exaone4.hpp>
#include <nibble/model/families/gemma2.hpp>
#include <nibble/model/families/gemma3.hpp>
#include <nibble/model/families/glm4.hpp>
#include <nibble/model/families/gpt_oss.hpp>
#include <nibble/model/families/granite.hpp>
#include <nibble/model/families/hunyuan_dense.hpp>
#include <nibble/model/families/lfm2.hpp>
#include <nibble/model/families/llama.hpp>
#include <nibble/model/families/mistral3.hpp>
#include <nibble/model/families/olmo2.hpp>
#include <nibble/model/families/olmoe.hpp>
#include <nibble/model/families/phi3.hpp>
#include <nibble/model/families/qwen2.hpp>
#include <nibble/model/families/qwen3.hpp>
#include <nibble/model/families/qwen3moe.hpp>
#include <nibble/model/families/seed_oss.hpp>
#include <nibble/model/families/smollm3.hpp>
#include <nibble/model/families/starcoder2.hpp>
#include <nibble/model/family.hpp>

NIBBLE_NAMESPACE_BEGIN

inline constexpr std::array all_families{
    &families::cohere2,    &families::ernie4_5, &families::exaone4,  &families::gemma2,        &families::gemma3,
    &families::glm4,       &families::gpt_oss,  &families::granite,  &families::hunyuan_dense, &families::lfm2,
    &families::llama,      &families::mistral3, &families::olmo2,    &families::olmoe,         &families::phi3,
    &families::qwen2,      &families::qwen3,    &families::qwen3moe, &families::seed_oss,      &families::smollm3,
    &families::starcoder2,
};

/// The family that `general.architecture` names exactly, or nullptr.
[[nodiscard]] constexpr const model_family* find_family(std::string_view name) noexcept {
    for (const auto* family : all_families)
        if (family->name == name) return family;
    return nullptr;
}

NIBBLE_NAMESPACE_END
