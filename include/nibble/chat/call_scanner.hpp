// SPDX-License-Identifier: Apache-2.0
// Where a call of a tool ends that arrives piece by piece.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/chat/reply_format.hpp>
#include <nibble/core/config.hpp>
#include <nibble/json/end_finder.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Looks for the end of one call whose forms have `open` and `close` in common. A closing tag inside of a JSON string
/// is part of the string. JSON begins with the first character, or with a '{' behind the `after_name` of a form.
/// Linear: no byte is looked at twice.
class call_scanner {
public:
    enum class state { waits, complete, broken };

    /// `forms` are not empty.
    call_scanner(std::vector<tool_call_form> forms, std::size_t max_bytes);

    /// Goes on with `text`, which begins with the opening tag and is longer each time. Once it is complete or broken,
    /// at() is where the call ends.
    [[nodiscard]] state scan(std::string_view text, bool ended);

    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    /// What stands between the tags of a complete call.
    [[nodiscard]] std::string_view content(std::string_view text) const noexcept;
    /// What is wrong with a broken call.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] const std::vector<tool_call_form>& forms() const noexcept { return forms_; }

private:
    static constexpr std::size_t max_name_bytes = 256;  // and what stands around it

    [[nodiscard]] state broken(std::string problem);
    [[nodiscard]] state closed(std::size_t length) noexcept;

    /// The byte at at_ is part of the call.
    void feed(std::string_view text) noexcept;

    [[nodiscard]] bool begins_json(std::string_view text) const noexcept;

    /// Of a call that ends with its JSON: whether what came before at_ and the byte there may stand before it.
    [[nodiscard]] bool may_lead_to_json(std::string_view text) const noexcept;

    std::vector<tool_call_form> forms_;
    std::size_t max_bytes_;
    std::size_t at_;         // looked at so far
    std::size_t close_ = 0;  // length of the closing tag at the end
    json_end_finder json_;
    bool in_json_ = false;
    bool in_name_ = false;  // something but white space has come
    std::string problem_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/call_scanner_impl.hpp>
#endif
