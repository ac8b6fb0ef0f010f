// SPDX-License-Identifier: Apache-2.0
// A parsed template.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <nibble/core/error.hpp>
#include <nibble/text/calendar_time.hpp>
#include <nibble/text/jinja/limits.hpp>
#include <nibble/text/json.hpp>
NIBBLE_NAMESPACE_BEGIN
namespace jinja {
struct text_variable {
    std::string_view name, value;
};
class compiled_template {
public:
    explicit compiled_template(std::string source, const limits& = {}) : source_(std::move(source)) {}
    [[nodiscard]] const std::string& source() const noexcept { return source_; }
    [[nodiscard]] std::string render(const json::object&, std::span<const text_variable>, const calendar_time&) const {
        throw error(errc::tmpl_unsupported, "chat template", "a finished engine");
    }
private:
    std::string source_;
};
}  // namespace jinja
NIBBLE_NAMESPACE_END
