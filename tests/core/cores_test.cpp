// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/cores.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/temp_dir.hpp"
#include "test.hpp"

namespace {

/// A folder of small files that stands for the system's.
class fake_system {
public:
    void write(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories((dir_ / path).parent_path());
        std::ofstream{dir_ / path} << text;
    }
    void siblings(unsigned cpu, const std::string& list) const {
        write("cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", list + "\n");
    }
    [[nodiscard]] std::string root() const { return (dir_ / "").string(); }

private:
    nibble::test::temp_dir dir_;
};

}  // namespace

TEST_CASE("count_cores counts one CPU for each core of the mask") {
    const fake_system system;
    const auto count = [&](std::vector<unsigned> cpus) { return nibble::detail::count_cores(cpus, system.root()); };

    SECTION("no topology: every CPU") { CHECK(count({0, 1, 2}) == 3); }
    SECTION("no siblings") {
        system.siblings(0, "0");
        system.siblings(1, "1");
        CHECK(count({0, 1}) == 2);
    }
    SECTION("siblings as a range") {
        for (const unsigned cpu : {0u, 1u}) system.siblings(cpu, "0-1");
        for (const unsigned cpu : {2u, 3u}) system.siblings(cpu, "2-3");
        CHECK(count({0, 1, 2, 3}) == 2);
        CHECK(count({1, 3}) == 2);  // the other half of each core is outside the mask
        CHECK(count({2, 3}) == 1);
    }
    SECTION("siblings as a list") {
        for (const unsigned cpu : {0u, 64u}) system.siblings(cpu, "0,64");
        for (const unsigned cpu : {1u, 65u}) system.siblings(cpu, "1,65");
        CHECK(count({0, 1, 64, 65}) == 2);
        CHECK(count({64, 65}) == 2);
    }
    SECTION("text that is no list") {
        system.siblings(0, "");
        system.siblings(1, ",,-,x");
        system.siblings(2, "99999999999999999999999,0-");
        CHECK(count({0, 1, 2}) == 2);  // "0-" still names CPU 0
    }
    SECTION("empty mask") { CHECK(count({}) == 0); }
}

TEST_CASE("cgroup_cpus finds the tightest quota, rounded up") {
    const fake_system system;
    const auto cpus = [&](std::string_view groups) { return nibble::detail::cgroup_cpus(groups, system.root()); };

    SECTION("no control groups") {
        CHECK_FALSE(cpus(""));
        CHECK_FALSE(cpus("0::/\n"));
        CHECK_FALSE(cpus("0::/gone\n1:cpu:/gone\n"));
    }
    SECTION("version 2") {
        system.write("cpu.max", "400000 100000\n");
        CHECK(cpus("0::/\n") == 4u);
        system.write("a/cpu.max", "250000 100000\n");
        CHECK(cpus("0::/a\n") == 3u);
        system.write("a/b/cpu.max", "max 100000\n");
        CHECK(cpus("0::/a/b\n") == 3u);
        system.write("a/b/c/cpu.max", "50000 100000\n");
        CHECK(cpus("0::/a/b/c\n") == 1u);
    }
    SECTION("version 2, the path of the host seen from a container") {
        system.write("cpu.max", "200000 100000\n");
        CHECK(cpus("0::/docker/0123456789abcdef\n") == 2u);
    }
    SECTION("version 1") {
        system.write("cpu/box/cpu.cfs_quota_us", "150000\n");
        system.write("cpu/box/cpu.cfs_period_us", "100000\n");
        CHECK(cpus("4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n") == 2u);
        CHECK_FALSE(cpus("4:memory:/box\n3:cpuacct,cpuset:/box\n"));
        system.write("cpu/box/cpu.cfs_quota_us", "-1\n");
        CHECK_FALSE(cpus("3:cpu,cpuacct:/box\n"));
    }
    SECTION("numbers that make no sense") {
        for (const char* text : {"", "0 100000", "100000 0", "100000", "x y", "99999999999999999999 1"}) {
            system.write("cpu.max", text);
            CHECK_FALSE(cpus("0::/\n"));
        }
        system.write("cpu.max", "18446744073709551615 1\n");
        CHECK(cpus("0::/\n") == 1u << 20);
    }
    SECTION("lines that are none") { CHECK_FALSE(cpus("\n:\n::\n0\n0:\n0::\n0::x\n")); }
}
