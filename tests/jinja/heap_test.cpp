// SPDX-License-Identifier: Apache-2.0
#include <nibble/jinja/heap.hpp>

#include <string>
#include <utility>
#include <vector>

#include "test.hpp"

namespace {

/// Counts how many there are.
struct counted {
    int* alive;
    explicit counted(int& n) : alive(&n) { ++n; }
    counted(counted&& other) noexcept : alive(other.alive) { ++*alive; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    counted& operator=(counted&&) = delete;
    ~counted() { --*alive; }
};

}  // namespace

TEST_CASE("objects stay where they are until the heap ends") {
    int alive = 0;
    {
        nibble::jinja::heap heap;
        std::string& text = heap.make(std::string(100, 'a'));
        std::vector<counted*> made;
        for (int i = 0; i < 1000; ++i) made.push_back(&heap.make(counted{alive}));
        for (const counted* one : made) REQUIRE(one->alive == &alive);
        CHECK(text == std::string(100, 'a'));
        CHECK(alive == 1000);
    }
    CHECK(alive == 0);
}

TEST_CASE("what was made with new is taken over") {
    struct mine : nibble::jinja::heap::object {
        counted held;
        explicit mine(int& n) : held(n) {}
    };
    int alive = 0;
    {
        nibble::jinja::heap heap;
        heap.adopt(new mine(alive));
        CHECK(alive == 1);
    }
    CHECK(alive == 0);
}
