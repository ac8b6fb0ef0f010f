// SPDX-License-Identifier: Apache-2.0
// Definitions of json/json.hpp: objects, and to text and back.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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

NIBBLE_FUNCTION json::json() noexcept : data_(std::in_place_index<0>) {}
NIBBLE_FUNCTION json::json(std::nullptr_t) noexcept : data_(std::in_place_index<0>) {}
NIBBLE_FUNCTION json::json(bool b) noexcept : data_(std::in_place_type<bool>, b) {}
NIBBLE_FUNCTION json::json(double number) noexcept : data_(std::in_place_type<double>, number) {}
NIBBLE_FUNCTION json::json(const char* text) : data_(std::in_place_type<std::string>, text) {}
NIBBLE_FUNCTION json::json(std::string_view text) : data_(std::in_place_type<std::string>, text) {}
NIBBLE_FUNCTION json::json(std::string text) noexcept : data_(std::in_place_type<std::string>, std::move(text)) {}
NIBBLE_FUNCTION json::json(array items) noexcept : data_(std::in_place_type<array>, std::move(items)) {}
NIBBLE_FUNCTION json::json(object members) noexcept : data_(std::in_place_type<object>, std::move(members)) {}
NIBBLE_FUNCTION json::json(nibble::big_integer number) noexcept : data_(std::move(number)) {}
NIBBLE_FUNCTION json::json(const json& other) = default;
NIBBLE_FUNCTION json::json(json&& other) noexcept = default;
NIBBLE_FUNCTION json& json::operator=(const json& other) = default;
NIBBLE_FUNCTION json& json::operator=(json&& other) noexcept = default;
NIBBLE_FUNCTION json::~json() = default;

template <class T>
const T& json::get(const char* expected) const {
    if (const T* found = std::get_if<T>(&data_)) return *found;
    throw error(errc::json_type, "JSON value", expected, std::string(name_of(type())));
}

NIBBLE_FUNCTION bool json::as_boolean() const { return get<bool>("a boolean"); }

NIBBLE_FUNCTION std::int64_t json::as_integer() const { return get<std::int64_t>("an integer"); }

NIBBLE_FUNCTION const nibble::big_integer& json::as_big_integer() const {
    return get<nibble::big_integer>("an integer beyond 64 bits");
}

NIBBLE_FUNCTION const std::string& json::as_string() const { return get<std::string>("a string"); }

NIBBLE_FUNCTION const json::array& json::as_array() const { return get<array>("an array"); }

NIBBLE_FUNCTION json::array& json::as_array() { return const_cast<array&>(std::as_const(*this).as_array()); }

NIBBLE_FUNCTION const json::object& json::as_object() const { return get<object>("an object"); }

NIBBLE_FUNCTION json::object& json::as_object() { return const_cast<object&>(std::as_const(*this).as_object()); }

NIBBLE_FUNCTION const json* json::find(std::string_view key) const noexcept {
    const auto* members = std::get_if<object>(&data_);
    return members ? members->find(key) : nullptr;
}

NIBBLE_FUNCTION json& json::operator[](std::string_view key) {
    if (is_null()) data_.emplace<object>();
    return as_object()[key];
}

NIBBLE_FUNCTION void json::push_back(json item) {
    if (is_null()) data_.emplace<array>();
    as_array().push_back(std::move(item));
}

NIBBLE_FUNCTION bool operator==(const json& a, const json& b) { return a.data_ == b.data_; }

NIBBLE_FUNCTION double json::as_double() const {
    if (is_big_integer()) return *parse_double(as_big_integer().digits);
    return is_integer() ? static_cast<double>(as_integer()) : get<double>("a number");
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
NIBBLE_FUNCTION json_object::json_object(const json_object& other)
    : members_(other.members_), index_(other.index_ ? std::make_unique<index>(*other.index_) : nullptr) {}
NIBBLE_FUNCTION json_object& json_object::operator=(const json_object& other) { return *this = json_object(other); }

NIBBLE_FUNCTION std::size_t json_object::size() const noexcept { return members_.size(); }
NIBBLE_FUNCTION bool json_object::empty() const noexcept { return members_.empty(); }
NIBBLE_FUNCTION const json_member* json_object::begin() const noexcept { return members_.data(); }
NIBBLE_FUNCTION const json_member* json_object::end() const noexcept { return members_.data() + members_.size(); }

NIBBLE_FUNCTION std::size_t json_object::position(std::string_view key) const noexcept {
    if (index_) {
        const auto found = index_->find(key);
        return found == index_->end() ? members_.size() : found->second;
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
    if (index_) {
        index_->emplace(key, members_.size());
    } else if (members_.size() + 1 == indexed_from) {
        auto built = std::make_unique<index>();
        for (std::size_t i = 0; i < members_.size(); ++i) built->emplace(members_[i].key, i);
        built->emplace(key, members_.size());
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
