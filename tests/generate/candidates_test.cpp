// SPDX-License-Identifier: Apache-2.0
// Each filter against the plainest implementation of its definition: softmax in long double, a full sort.
#include "test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include <nibble/generate/candidates.hpp>
#include <nibble/generate/rng.hpp>

namespace {

using nibble::candidate;
using nibble::candidate_list;

/// Bell-shaped logits with a few favourites, as models give them.
std::vector<float> some_logits(std::size_t n, std::uint64_t seed, double spread = 3.0) {
    nibble::random_generator random{seed};
    std::vector<float> logits(n);
    for (auto& logit : logits) {
        double sum = 0;
        for (int i = 0; i < 8; ++i) sum += random.next_double() - 0.5;
        logit = static_cast<float>(sum * spread);
    }
    for (int i = 0; i < 5; ++i) logits[random.next() % n] += static_cast<float>(4 * random.next_double() + 3);
    return logits;
}

struct outcome {
    int id;
    long double p;
};

std::vector<outcome> softmax(const std::vector<float>& logits) {
    const float best = *std::max_element(logits.begin(), logits.end());
    std::vector<outcome> all;
    long double total = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const long double p = std::exp(static_cast<long double>(logits[i]) - static_cast<long double>(best));
        all.push_back({static_cast<int>(i), p});
        total += p;
    }
    for (auto& one : all) one.p /= total;
    std::stable_sort(all.begin(), all.end(), [](const outcome& a, const outcome& b) { return a.p > b.p; });
    return all;
}

std::set<int> ids(const candidate_list& list) {
    std::set<int> out;
    for (const auto& item : list.items()) out.insert(item.id);
    return out;
}

bool in_order_of_likelihood(const candidate_list& list) {
    return std::is_sorted(list.items().begin(), list.items().end(), nibble::more_likely);
}

}  // namespace

TEST_CASE("assign takes the finite logits in order of id", "[candidates]") {
    constexpr float inf = std::numeric_limits<float>::infinity();
    candidate_list list{6};
    list.assign(std::vector<float>{1.0f, -inf, std::numeric_limits<float>::quiet_NaN(), 3.0f, inf, -2.0f});
    REQUIRE(list.size() == 3);
    CHECK(list.items()[0].id == 0);
    CHECK(list.items()[1].id == 3);
    CHECK(list.items()[2].id == 5);
    CHECK(list.best().id == 3);
    list.assign(std::vector<float>{-inf, inf});
    CHECK(list.empty());
}

TEST_CASE("filters keep what their definitions say", "[candidates]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::size_t n = 50 + seed * 331;
        const auto logits = some_logits(n, seed);
        const auto all = softmax(logits);
        candidate_list list{n};
        list.assign(logits);

        SECTION("top k " + std::to_string(seed)) {
            for (const std::size_t k : {std::size_t{1}, std::size_t{40}, std::size_t{300}, n - 1, n, n + 1}) {
                list.assign(logits);
                list.keep_top_k(k);
                REQUIRE(list.size() == std::min(k, n));
                for (std::size_t i = 0; i < list.size(); ++i) REQUIRE(list.items()[i].id == all[i].id);
            }
        }
        SECTION("top p " + std::to_string(seed)) {
            for (const float p : {0.0f, 0.1f, 0.5f, 0.9f, 0.99f}) {
                std::set<int> expected;
                long double sum = 0;
                for (const auto& one : all) {
                    expected.insert(one.id);
                    sum += one.p;
                    if (sum >= static_cast<long double>(p)) break;
                }
                list.assign(logits);
                list.keep_top_p(p);
                REQUIRE(ids(list) == expected);
                REQUIRE(in_order_of_likelihood(list));
                list.assign(logits);
                list.keep_top_k(n);  // the same from a sorted list
                list.keep_top_p(p);
                REQUIRE(ids(list) == expected);
            }
            list.assign(logits);
            list.keep_top_p(1.0f);
            REQUIRE(list.size() == n);
        }
        SECTION("min p " + std::to_string(seed)) {
            for (const float p : {0.01f, 0.05f, 0.3f, 1.0f}) {
                std::set<int> expected;
                for (const auto& one : all)
                    if (one.p >= static_cast<long double>(p) * all[0].p) expected.insert(one.id);
                list.assign(logits);
                list.keep_min_p(p);
                REQUIRE(ids(list) == expected);
            }
        }
        SECTION("typical " + std::to_string(seed)) {
            for (const float p : {0.2f, 0.7f, 0.95f}) {
                long double entropy = 0;
                for (const auto& one : all)
                    if (one.p > 0) entropy -= one.p * std::log(one.p);
                auto by_distance = all;
                const auto distance = [&](const outcome& one) { return std::abs(-std::log(one.p) - entropy); };
                std::stable_sort(by_distance.begin(), by_distance.end(),
                                 [&](const outcome& a, const outcome& b) { return distance(a) < distance(b); });
                std::set<int> expected;
                long double sum = 0;
                for (const auto& one : by_distance) {
                    expected.insert(one.id);
                    sum += one.p;
                    if (sum >= static_cast<long double>(p)) break;
                }
                list.assign(logits);
                list.keep_typical(p);
                REQUIRE(ids(list) == expected);
                REQUIRE(in_order_of_likelihood(list));
            }
        }
        SECTION("top n sigma " + std::to_string(seed)) {
            for (const float sigmas : {0.5f, 1.0f, 2.5f}) {
                long double mean = 0, variance = 0;
                for (const float logit : logits) mean += static_cast<long double>(logit) / static_cast<long double>(n);
                for (const float logit : logits) {
                    const long double deviation = static_cast<long double>(logit) - mean;
                    variance += deviation * deviation / static_cast<long double>(n);
                }
                const long double least = static_cast<long double>(*std::max_element(logits.begin(), logits.end())) -
                                          static_cast<long double>(sigmas) * std::sqrt(variance);
                std::set<int> expected;
                for (std::size_t i = 0; i < n; ++i)
                    if (static_cast<long double>(logits[i]) >= least) expected.insert(static_cast<int>(i));
                list.assign(logits);
                list.keep_top_n_sigma(sigmas);
                REQUIRE(ids(list) == expected);
            }
        }
        SECTION("top choices " + std::to_string(seed)) {
            for (const float threshold : {0.001f, 0.05f, 0.2f, 0.6f}) {
                std::vector<int> likely;
                std::set<int> expected;
                for (const auto& one : all) {
                    if (one.p >= static_cast<long double>(threshold))
                        likely.push_back(one.id);
                    else
                        expected.insert(one.id);
                }
                if (!likely.empty()) expected.insert(likely.back());
                list.assign(logits);
                list.remove_top_choices(threshold);
                REQUIRE(ids(list) == expected);
            }
        }
        SECTION("surprise " + std::to_string(seed)) {
            for (const float most : {0.0f, 2.0f, 6.0f}) {
                std::set<int> expected{all[0].id};
                for (const auto& one : all)
                    if (-std::log2(one.p) <= static_cast<long double>(most)) expected.insert(one.id);
                list.assign(logits);
                list.keep_surprise(most);
                REQUIRE(ids(list) == expected);
            }
        }
    }
}

TEST_CASE("equal logits: the lower id comes first", "[candidates]") {
    const std::vector<float> logits(1000, 1.5f);
    candidate_list list{logits.size()};
    list.assign(logits);
    CHECK(list.best().id == 0);
    for (const std::size_t k : {std::size_t{10}, std::size_t{500}}) {
        list.assign(logits);
        list.keep_top_k(k);
        REQUIRE(list.size() == k);
        for (std::size_t i = 0; i < k; ++i) REQUIRE(list.items()[i].id == static_cast<int>(i));
    }
    list.assign(logits);
    list.keep_top_p(0.25f);
    CHECK(list.size() == 250);
    CHECK(list.items()[249].id == 249);
    list.assign(logits);
    list.remove_top_choices(0.0005f);
    REQUIRE(list.size() == 1);
    CHECK(list.best().id == 999);
}

TEST_CASE("temperature: the distribution of logits / t, without overflow", "[candidates]") {
    const auto logits = some_logits(200, 3);
    for (const float temperature : {0.3f, 1.0f, 2.0f}) {
        auto scaled = logits;
        for (auto& logit : scaled) logit /= temperature;
        const auto all = softmax(scaled);
        candidate_list list{200};
        list.assign(logits);
        list.apply_temperature(temperature);
        list.keep_top_k(200);
        const auto total = static_cast<double>(list.total_weight());
        for (std::size_t i = 0; i < 200; ++i) {
            const auto own = static_cast<double>(candidate_list::weight(list.items()[i].logit, list.best().logit));
            REQUIRE(own / total == Approx(static_cast<double>(all[i].p)).margin(1e-7));
        }
    }
    candidate_list list{3};
    list.assign(std::vector<float>{-3e38f, 3e38f, 3e38f});
    list.apply_temperature(1e-38f);
    for (const auto& item : list.items()) CHECK(std::isfinite(item.logit));
    CHECK(list.best().id == 1);
    CHECK(list.total_weight() == 2 * nibble::weight_of_best);
}

TEST_CASE("extreme logits pass every filter", "[candidates]") {
    constexpr float most = std::numeric_limits<float>::max();
    candidate_list list{4};
    const std::vector<float> logits{most, -most, 0.0f, most};
    const auto filtered = [&](auto filter) {
        list.assign(logits);
        filter();
        return list.size();
    };
    CHECK(filtered([&] { list.keep_top_p(0.9f); }) == 2);
    CHECK(filtered([&] { list.keep_min_p(0.1f); }) == 2);
    CHECK(filtered([&] { list.keep_typical(0.9f); }) == 2);
    CHECK(filtered([&] { list.keep_surprise(1.5f); }) == 2);
    CHECK(filtered([&] { list.remove_top_choices(0.1f); }) == 3);
    CHECK(filtered([&] { list.keep_top_n_sigma(1.0f); }) >= 2);
}

TEST_CASE("draw follows the probabilities", "[candidates]") {
    const std::vector<float> logits{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
    candidate_list list{3};
    list.assign(logits);
    CHECK(list.draw(0.0).id == 0);
    CHECK(list.draw(0.4999).id == 0);
    CHECK(list.draw(0.5001).id == 1);
    CHECK(list.draw(0.7999).id == 1);
    CHECK(list.draw(0.8001).id == 2);
    CHECK(list.draw(std::nextafter(1.0, 0.0)).id == 2);
    // A candidate without weight is never drawn, wherever it stands.
    list.assign(std::vector<float>{-1000.0f, 0.0f, -1000.0f});
    CHECK(list.draw(0.0).id == 1);
    CHECK(list.draw(std::nextafter(1.0, 0.0)).id == 1);
}
