// SPDX-License-Identifier: Apache-2.0
// Definitions of json/json.hpp: objects, and to text and back.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/json/decimal.hpp>
#include <nibble/json/dump.hpp>
#include <nibble/json/json.hpp>
#include <nibble/json/parse.hpp>
#include <nibble/json/writer.hpp>

NIBBLE_NAMESPACE_BEGIN

// Declared here for a unit that includes one of the two first, and json.hpp by it.
namespace detail {
template <class Punctuation>
void dump_json(std::string& out, const json& value, const json_format& format, Punctuation& punctuation);
inline json parse_json(std::string_view text, const json_limits& limits);
}  // namespace detail

NIBBLE_FUNCTION json::json(const char* text) : json(std::string(text)) {}
NIBBLE_FUNCTION json::json(std::string_view text) : json(std::string(text)) {}
NIBBLE_FUNCTION json::json(std::string text) {
    data_.text = new std::string(std::move(text));
    kind_ = kind::string;
}
NIBBLE_FUNCTION json::json(array items) {
    data_.items = new array(std::move(items));
    kind_ = kind::array;
}
NIBBLE_FUNCTION json::json(object members) {
    data_.members = new object(std::move(members));
    kind_ = kind::object;
}
NIBBLE_FUNCTION json::json(nibble::big_integer number) {
    data_.digits = new nibble::big_integer(std::move(number));
    kind_ = kind::big_integer;
}
NIBBLE_FUNCTION json::json(const json& other) : data_(other.data_) {
    switch (other.kind_) {
        case kind::string: data_.text = new std::string(*other.data_.text); break;
        case kind::array: data_.items = new array(*other.data_.items); break;
        case kind::object: data_.members = new object(*other.data_.members); break;
        case kind::big_integer: data_.digits = new nibble::big_integer(*other.data_.digits); break;
        default: break;
    }
    kind_ = other.kind_;
}
NIBBLE_FUNCTION json::json(json&& other) noexcept : data_(other.data_), kind_(std::exchange(other.kind_, kind::null)) {}
NIBBLE_FUNCTION json& json::operator=(const json& other) { return *this = json(other); }
NIBBLE_FUNCTION json& json::operator=(json&& other) noexcept {
    const json before(std::move(*this));  // `other` may be a part of it
    data_ = other.data_;
    kind_ = std::exchange(other.kind_, kind::null);
    return *this;
}
NIBBLE_FUNCTION json::~json() {
    switch (kind_) {
        case kind::string: delete data_.text; break;
        case kind::array: delete data_.items; break;
        case kind::object: delete data_.members; break;
        case kind::big_integer: delete data_.digits; break;
        default: break;
    }
}

NIBBLE_FUNCTION void json::require(kind wanted) const {
    if (kind_ != wanted)
        throw error(errc::json_type, "JSON value", std::string(name_of(wanted)), std::string(name_of(kind_)));
}

NIBBLE_FUNCTION bool json::as_boolean() const { return require(kind::boolean), data_.boolean; }
NIBBLE_FUNCTION std::int64_t json::as_integer() const { return require(kind::integer), data_.integer; }
NIBBLE_FUNCTION const nibble::big_integer& json::as_big_integer() const {
    return require(kind::big_integer), *data_.digits;
}
NIBBLE_FUNCTION const std::string& json::as_string() const { return require(kind::string), *data_.text; }
NIBBLE_FUNCTION const json::array& json::as_array() const { return require(kind::array), *data_.items; }
NIBBLE_FUNCTION json::array& json::as_array() { return require(kind::array), *data_.items; }
NIBBLE_FUNCTION const json::object& json::as_object() const { return require(kind::object), *data_.members; }
NIBBLE_FUNCTION json::object& json::as_object() { return require(kind::object), *data_.members; }

NIBBLE_FUNCTION const json* json::find(std::string_view key) const noexcept {
    return is_object() ? data_.members->find(key) : nullptr;
}

NIBBLE_FUNCTION json& json::operator[](std::string_view key) {
    if (is_null()) *this = object{};
    return as_object()[key];
}

NIBBLE_FUNCTION void json::push_back(json item) {
    if (is_null()) *this = array{};
    as_array().push_back(std::move(item));
}

NIBBLE_FUNCTION bool operator==(const json& a, const json& b) {
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
        case json::kind::null: return true;
        case json::kind::boolean: return a.data_.boolean == b.data_.boolean;
        case json::kind::integer: return a.data_.integer == b.data_.integer;
        case json::kind::number: return a.data_.number == b.data_.number;
        case json::kind::string: return *a.data_.text == *b.data_.text;
        case json::kind::array: return *a.data_.items == *b.data_.items;
        case json::kind::object: return *a.data_.members == *b.data_.members;
        case json::kind::big_integer: return a.data_.digits->digits == b.data_.digits->digits;
    }
    return false;
}

NIBBLE_FUNCTION double json::as_double() const {
    if (is_big_integer()) return *parse_double(as_big_integer().digits);
    if (is_integer()) return static_cast<double>(data_.integer);
    return require(kind::number), data_.number;
}

NIBBLE_FUNCTION json json::parse(std::string_view text, const json_limits& limits) {
    return detail::parse_json(text, limits);
}

NIBBLE_FUNCTION std::string json::dump(const json_format& format) const {
    std::string out;
    json_punctuation punctuation(format, [&out](std::string_view text) { out += text; });
    detail::dump_json(out, *this, format, punctuation);
    return out;
}

// ---- json_object

NIBBLE_FUNCTION json_object::json_object() noexcept = default;
NIBBLE_FUNCTION json_object::json_object(json_object&&) noexcept = default;
NIBBLE_FUNCTION json_object& json_object::operator=(json_object&&) noexcept = default;
NIBBLE_FUNCTION json_object::~json_object() = default;

NIBBLE_FUNCTION json_object::json_object(std::initializer_list<json_member> members) {
    for (const json_member& m : members) set(m.key, m.value);
}
NIBBLE_FUNCTION json_object::json_object(const json_object& other) = default;
NIBBLE_FUNCTION json_object& json_object::operator=(const json_object& other) { return *this = json_object(other); }

NIBBLE_FUNCTION std::size_t json_object::size() const noexcept { return members_.size(); }
NIBBLE_FUNCTION bool json_object::empty() const noexcept { return members_.empty(); }
NIBBLE_FUNCTION const json_member* json_object::begin() const noexcept { return members_.data(); }
NIBBLE_FUNCTION const json_member* json_object::end() const noexcept { return members_.data() + members_.size(); }

NIBBLE_FUNCTION std::size_t json_object::position(std::string_view key) const noexcept {
    if (!index_.empty()) {
        const auto found = index_.find(key);
        return found == index_.end() ? members_.size() : found->second;
    }
    std::size_t i = 0;
    while (i < members_.size() && members_[i].key != key) ++i;
    return i;
}
NIBBLE_FUNCTION const json* json_object::find(std::string_view key) const noexcept {
    const std::size_t i = position(key);
    return i < members_.size() ? &members_[i].value : nullptr;
}
NIBBLE_FUNCTION json* json_object::find(std::string_view key) noexcept {
    return const_cast<json*>(std::as_const(*this).find(key));
}
NIBBLE_FUNCTION json& json_object::operator[](std::string_view key) {
    if (json* found = find(key)) return *found;
    add(std::string(key), json{});
    return members_.back().value;
}
NIBBLE_FUNCTION void json_object::set(std::string key, json member_value) {
    if (json* found = find(key)) {
        *found = std::move(member_value);
    } else {
        add(std::move(key), std::move(member_value));
    }
}
NIBBLE_FUNCTION void json_object::add(std::string key, json member_value) {
    if (!index_.empty()) {
        index_.emplace(key, members_.size());
    } else if (members_.size() + 1 == indexed_from) {
        name_index built;
        for (std::size_t i = 0; i < members_.size(); ++i) built.emplace(members_[i].key, i);
        built.emplace(key, members_.size());
        index_ = std::move(built);
    }
    members_.push_back({std::move(key), std::move(member_value)});
}
NIBBLE_FUNCTION bool operator==(const json_object& a, const json_object& b) {
    if (a.size() != b.size()) return false;
    for (const json_member& m : a) {
        const json* other = b.find(m.key);
        if (!other || !(*other == m.value)) return false;
    }
    return true;
}

NIBBLE_NAMESPACE_END
