// SPDX-License-Identifier: Apache-2.0
// The values of a rendering: what an expression of a template evaluates to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// An immutable string: either borrowed from what outlives the rendering (the template, its variables) or shared.
/// Parts of a string share its bytes.
class text {
public:
    text() noexcept = default;
    [[nodiscard]] static text borrowed(std::string_view bytes) noexcept {
        text t;
        t.view_ = bytes;
        return t;
    }
    [[nodiscard]] static text owned(std::string bytes) {
        text t;
        t.owner_ = std::make_shared<const std::string>(std::move(bytes));
        t.view_ = *t.owner_;
        return t;
    }
    /// `bytes`, which lie inside this text.
    [[nodiscard]] text part(std::string_view bytes) const {
        text t = *this;
        t.view_ = bytes;
        return t;
    }
    [[nodiscard]] std::string_view view() const noexcept { return view_; }

    /// HTML that is not to be escaped again, as the filters safe and escape give it: what is added to it is escaped.
    [[nodiscard]] bool is_markup() const noexcept { return markup_; }
    [[nodiscard]] text as_markup(bool markup = true) const {
        text t = *this;
        t.markup_ = markup;
        return t;
    }

private:
    std::shared_ptr<const std::string> owner_;
    std::string_view view_;
    bool markup_ = false;
};

/// The value of what does not exist. Printing it gives nothing; using it is an error that says what was missing.
struct undefined {
    enum class reason : std::uint8_t {
        name,       ///< no variable of this name
        attribute,  ///< `owner` has no such attribute
        element,    ///< `owner` has no such element
        unsafe,     ///< the sandbox does not show this attribute of `owner`
        note        ///< `what` is the whole message
    };
    text what = {};
    const char* owner = "";  ///< the type of the owner, as Jinja2 words it
    reason why = reason::name;
};

struct none {};

struct sequence;
struct mapping;
struct name_space;
struct callable;
struct loop_state;
struct cycler;
struct joiner;

enum class kind : std::uint8_t {
    undefined, none, boolean, integer, number, string, sequence, mapping, name_space, callable, loop, cycler, joiner
};

/// One value; cheap to copy. Containers belong to the heap of the rendering and never change once made, except for
/// the objects that Jinja itself lets change: namespaces, loops, cyclers, joiners and the reading of generators.
class value {
public:
    value() noexcept : data_(none{}) {}
    value(undefined u) noexcept : data_(std::move(u)) {}
    value(none) noexcept : data_(none{}) {}
    value(bool b) noexcept : data_(b) {}
    value(std::int64_t i) noexcept : data_(i) {}
    value(double d) noexcept : data_(d) {}
    value(text t) noexcept : data_(std::move(t)) {}
    value(sequence* s) noexcept : data_(s) {}
    value(const mapping* m) noexcept : data_(m) {}
    value(name_space* n) noexcept : data_(n) {}
    value(const callable* c) noexcept : data_(c) {}
    value(loop_state* l) noexcept : data_(l) {}
    value(cycler* c) noexcept : data_(c) {}
    value(joiner* j) noexcept : data_(j) {}
    value(const char*) = delete;

    [[nodiscard]] kind type() const noexcept { return static_cast<kind>(data_.index()); }
    [[nodiscard]] bool is_undefined() const noexcept { return type() == kind::undefined; }
    [[nodiscard]] bool is_none() const noexcept { return type() == kind::none; }
    [[nodiscard]] bool is_string() const noexcept { return type() == kind::string; }
    /// A bool counts as 0 or 1, as in Python.
    [[nodiscard]] bool is_integer() const noexcept { return type() == kind::boolean || type() == kind::integer; }
    [[nodiscard]] bool is_number() const noexcept { return is_integer() || type() == kind::number; }
    [[nodiscard]] bool is_sequence() const noexcept { return type() == kind::sequence; }
    [[nodiscard]] bool is_mapping() const noexcept { return type() == kind::mapping; }

    /// The value as T; the caller knows its kind.
    template <class T>
    [[nodiscard]] const T& as() const noexcept {
        return *std::get_if<T>(&data_);
    }
    [[nodiscard]] std::string_view str() const noexcept { return as<text>().view(); }
    [[nodiscard]] std::int64_t integer() const noexcept {
        return type() == kind::boolean ? std::int64_t{as<bool>()} : as<std::int64_t>();
    }
    [[nodiscard]] double number() const noexcept {
        return type() == kind::number ? as<double>() : static_cast<double>(integer());
    }
    [[nodiscard]] sequence& seq() const noexcept { return *as<sequence*>(); }
    [[nodiscard]] const mapping& map() const noexcept { return *as<const mapping*>(); }

    /// The same object or the same scalar: Python's `is`, as far as a template can tell.
    [[nodiscard]] bool same_as(const value& other) const noexcept;

private:
    // The order of the alternatives is that of `kind`.
    std::variant<undefined, none, bool, std::int64_t, double, text, sequence*, const mapping*, name_space*,
                 const callable*, loop_state*, cycler*, joiner*>
        data_;
};

/// Lists, tuples and what else is iterated in order.
struct sequence {
    enum class flavor : std::uint8_t { list, tuple, range, keys, values, items, generator };
    flavor form = flavor::list;
    std::vector<value> elements;
    std::size_t next = 0;                        ///< generator: elements read so far; each is read once
    std::int64_t start = 0, stop = 0, step = 1;  ///< range: as it was asked for
    bool is_group = false;                       ///< tuple: of groupby, with the names grouper and list

    [[nodiscard]] bool has_length() const noexcept { return form != flavor::generator; }
    /// Can be subscripted with integers and sliced.
    [[nodiscard]] bool is_indexable() const noexcept {
        return form == flavor::list || form == flavor::tuple || form == flavor::range;
    }
};

/// A namespace() object.
struct name_space {
    std::vector<std::pair<text, value>> attributes;

    [[nodiscard]] value* find(std::string_view name) noexcept {
        for (auto& [key, held] : attributes)
            if (key.view() == name) return &held;
        return nullptr;
    }
};

/// The arguments of one call.
struct call_arguments {
    std::vector<value> positional;
    std::vector<std::pair<text, value>> keyword;
};

class runtime;
/// A filter, test, function or method: `self` is the piped value or the receiver.
using builtin = value (*)(runtime& rt, const value& self, const call_arguments& args);

namespace ast {
struct macro_definition;
}
struct scope;

/// Something that can be called: a built-in, perhaps bound to a receiver, or a macro with the scope it was defined in.
struct callable {
    std::string_view name;
    builtin function = nullptr;
    value self = {};
    const ast::macro_definition* macro = nullptr;
    scope* closure = nullptr;
};

/// What `loop` means inside a for loop.
struct loop_state {
    const std::vector<value>* items = nullptr;
    std::size_t index0 = 0;
    std::size_t depth0 = 0;
    std::vector<value> last_changed = {};
    bool has_changed = false;
};

struct cycler {
    std::vector<value> items;
    std::size_t position = 0;
};

struct joiner {
    text separator;
    bool used = false;
};

inline bool value::same_as(const value& other) const noexcept {
    if (type() != other.type()) return false;
    switch (type()) {
        case kind::undefined: return false;
        case kind::none: return true;
        case kind::boolean: return as<bool>() == other.as<bool>();
        case kind::integer: return as<std::int64_t>() == other.as<std::int64_t>();
        case kind::number: return as<double>() == other.as<double>();
        case kind::string: return str() == other.str();
        case kind::sequence: return as<sequence*>() == other.as<sequence*>();
        case kind::mapping: return as<const mapping*>() == other.as<const mapping*>();
        case kind::name_space: return as<name_space*>() == other.as<name_space*>();
        case kind::callable: return as<const callable*>() == other.as<const callable*>();
        case kind::loop: return as<loop_state*>() == other.as<loop_state*>();
        case kind::cycler: return as<cycler*>() == other.as<cycler*>();
        case kind::joiner: return as<joiner*>() == other.as<joiner*>();
    }
    return false;
}

/// Python's name of the type of a value, for messages.
[[nodiscard]] inline const char* type_name(const value& v) noexcept {
    switch (v.type()) {
        case kind::undefined: return "Undefined";
        case kind::none: return "NoneType";
        case kind::boolean: return "bool";
        case kind::integer: return "int";
        case kind::number: return "float";
        case kind::string: return "str";
        case kind::mapping: return "dict";
        case kind::name_space: return "Namespace";
        case kind::callable: return v.as<const callable*>()->macro ? "Macro" : "function";
        case kind::loop: return "LoopContext";
        case kind::cycler: return "Cycler";
        case kind::joiner: return "Joiner";
        case kind::sequence: break;
    }
    static constexpr const char* names[] = {"list", "tuple", "range", "dict_keys", "dict_values", "dict_items",
                                            "generator"};
    return names[static_cast<std::size_t>(v.seq().form)];
}

/// How Jinja2 words the type of a value in messages about what it lacks.
[[nodiscard]] inline const char* object_name(const value& v) noexcept {
    switch (v.type()) {
        case kind::none: return "None";
        case kind::boolean: return "bool object";
        case kind::integer: return "int object";
        case kind::number: return "float object";
        case kind::string: return "str object";
        case kind::mapping: return "dict object";
        case kind::sequence:
            return v.seq().form == sequence::flavor::list    ? "list object"
                   : v.seq().form == sequence::flavor::tuple ? "tuple object"
                                                             : "sequence object";
        case kind::name_space: return "namespace object";
        default: return "object";
    }
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
