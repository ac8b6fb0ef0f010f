// SPDX-License-Identifier: Apache-2.0
// Which attention kernels serve a cache type on this CPU.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/attention/avx2.hpp>

NIBBLE_NAMESPACE_BEGIN

[[nodiscard]] inline const attention_kernels& best_attention_kernels(const cpu_features& cpu,
                                                                     cache_type type) noexcept {
#if NIBBLE_X86_64
    if (cpu.avx2) {
        switch (type) {
            case cache_type::f16: return kernels::attention_avx2::table<f16_cache>;
            case cache_type::q8: return kernels::attention_avx2::table<q8_cache>;
            case cache_type::q16: return kernels::attention_avx2::table<q16_cache>;
        }
    }
#endif
    static_cast<void>(cpu);
    switch (type) {
        case cache_type::f16: return kernels::attention_scalar::table<f16_cache>;
        case cache_type::q8: return kernels::attention_scalar::table<q8_cache>;
        case cache_type::q16: break;
    }
    return kernels::attention_scalar::table<q16_cache>;
}

NIBBLE_NAMESPACE_END
