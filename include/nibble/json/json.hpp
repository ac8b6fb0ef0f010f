// SPDX-License-Identifier: Apache-2.0
// A JSON value: template variables, tool definitions and calls, schemas. Objects keep their order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/name_index.hpp>
#include <nibble/json/format.hpp>

NIBBLE_NAMESPACE_BEGIN

class json;
struct json_member;
namespace detail {
class json_parser;
}

/// Bounds on JSON text from outside. Beyond them json::parse throws errc::json_syntax or errc::limit_exceeded.
struct json_limits {
    std::size_t depth = 128;                    ///< arrays and objects inside each other
    std::size_t digits = 4300;                  ///< of an integer: as many as Python takes
    std::size_t bytes = std::size_t{64} << 20;  ///< length of the text
};

/// The members of a JSON object, in the order in which their keys first came. Looking a key up costs at most
/// O(log n), whatever the keys are. Value semantics.
class json_object {
public:
    json_object() noexcept;
    json_object(std::initializer_list<json_member> members);
    json_object(const json_object& other);
    json_object(json_object&&) noexcept;
    json_object& operator=(const json_object& other);
    json_object& operator=(json_object&&) noexcept;
    ~json_object();

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] bool empty() const noexcept;
    [[nodiscard]] const json_member* begin() const noexcept;
    [[nodiscard]] const json_member* end() const noexcept;

    /// The value under `key`, or nullptr. Valid until the object changes.
    [[nodiscard]] const json* find(std::string_view key) const noexcept;
    [[nodiscard]] json* find(std::string_view key) noexcept;
    /// The value under `key`; a new null member at the end where there was none.
    json& operator[](std::string_view key);
    /// Inserts or replaces; a replaced member keeps its place (the last value wins, as in Python).
    void set(std::string key, json member_value);

    friend bool operator==(const json_object& a, const json_object& b);  // members in any order

private:
    // Above this many members the positions are indexed; below, a scan of the keys is faster.
    static constexpr std::size_t indexed_from = 16;

    [[nodiscard]] std::size_t position(std::string_view key) const noexcept;
    void add(std::string key, json member_value);

    std::vector<json_member> members_;
    name_index index_;  // empty while there are few
};

/// An integer that int64 cannot hold, as it is written: digits, none of the first a 0, with '-' before a negative one.
struct big_integer {
    std::string digits;
    friend bool operator==(const big_integer&, const big_integer&) = default;
};

/// One JSON value: null, bool, integer (int64), number (double), string (UTF-8), array, object, big integer. Value
/// semantics. Integers and other numbers are kept apart, as in Python: 1 and 1.0 are written back as they were read,
/// and so are integers beyond 64 bits: as_double() is the nearest double.
class json {
public:
    using array = std::vector<json>;
    using object = json_object;
    enum class kind { null, boolean, integer, number, string, array, object, big_integer };

    json() noexcept = default;
    json(std::nullptr_t) noexcept {}
    json(bool b) noexcept : kind_(kind::boolean) { data_.boolean = b; }
    template <std::integral Int>
    requires(!std::same_as<Int, bool> && !std::same_as<Int, char>) json(Int number) {
        if (std::in_range<std::int64_t>(number)) {
            data_.integer = static_cast<std::int64_t>(number);
            kind_ = kind::integer;
        } else {
            *this = json(nibble::big_integer{std::to_string(number)});
        }
    }
    json(double number) noexcept : kind_(kind::number) { data_.number = number; }
    json(const char* text);
    json(std::string_view text);
    json(std::string text);
    json(array items);
    json(object members);
    json(const json& other);
    json(json&& other) noexcept;
    json& operator=(const json& other);
    json& operator=(json&& other) noexcept;
    ~json();

    /// Reads one JSON document (RFC 8259) and nothing after it but white space. Of equal keys the last value wins.
    /// Throws errc::json_syntax with the offset for anything else: also for invalid UTF-8, for \u escapes that are
    /// half of a surrogate pair, for a number beyond the range of double that is no integer, and for nesting beyond
    /// limits.depth; errc::limit_exceeded for too long a text.
    [[nodiscard]] static json parse(std::string_view text, const json_limits& limits = {});

    /// Writes JSON text: UTF-8 kept, doubles in the shortest form that reads back exactly, no locale.
    /// A double that is not finite, which JSON cannot say, is written as Python does (NaN, Infinity).
    [[nodiscard]] std::string dump(const json_format& format = {}) const;

    [[nodiscard]] kind type() const noexcept { return kind_; }
    [[nodiscard]] bool is_null() const noexcept { return type() == kind::null; }
    [[nodiscard]] bool is_boolean() const noexcept { return type() == kind::boolean; }
    [[nodiscard]] bool is_integer() const noexcept { return type() == kind::integer; }
    /// Integers that int64 cannot hold; is_integer() is false for these.
    [[nodiscard]] bool is_big_integer() const noexcept { return type() == kind::big_integer; }
    /// Integer of any size or double.
    [[nodiscard]] bool is_number() const noexcept { return is_integer() || is_big_integer() || type() == kind::number; }
    [[nodiscard]] bool is_string() const noexcept { return type() == kind::string; }
    [[nodiscard]] bool is_array() const noexcept { return type() == kind::array; }
    [[nodiscard]] bool is_object() const noexcept { return type() == kind::object; }

    // Access to the value; errc::json_type where the kind differs.
    [[nodiscard]] bool as_boolean() const;
    [[nodiscard]] std::int64_t as_integer() const;
    [[nodiscard]] double as_double() const;
    [[nodiscard]] const nibble::big_integer& as_big_integer() const;
    [[nodiscard]] const std::string& as_string() const;
    [[nodiscard]] const array& as_array() const;
    [[nodiscard]] array& as_array();
    [[nodiscard]] const object& as_object() const;
    [[nodiscard]] object& as_object();

    /// The value under `key`; nullptr where this is no object or has no such key.
    [[nodiscard]] const json* find(std::string_view key) const noexcept;
    /// The value under `key` of an object; a null becomes an object first, a missing key a null member.
    json& operator[](std::string_view key);
    /// Appends to an array; a null becomes an array first.
    void push_back(json item);

    /// 1 and 1.0 are different values; the order of an object's members does not count.
    friend bool operator==(const json& a, const json& b);

private:
    friend class detail::json_parser;
    explicit json(nibble::big_integer number);

    /// Throws errc::json_type where the kind differs.
    void require(kind wanted) const;
    static constexpr std::string_view name_of(kind k) noexcept {
        constexpr std::string_view names[] = {"null",     "a boolean", "an integer", "a number",
                                              "a string", "an array",  "an object",  "an integer beyond 64 bits"};
        return names[static_cast<std::size_t>(k)];
    }

    // What a std::variant is, at a twentieth of the compiler memory, and no larger than a number with its kind.
    union content {
        bool boolean;
        std::int64_t integer;
        double number;
        std::string* text;  // this and the next are owned
        array* items;
        object* members;
        nibble::big_integer* digits;
    };
    content data_{};
    kind kind_ = kind::null;
};

/// A key and its value.
struct json_member {
    std::string key;
    json value;
    friend bool operator==(const json_member&, const json_member&) = default;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/json/json_impl.hpp>
#endif
