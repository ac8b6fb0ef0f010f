# SPDX-License-Identifier: Apache-2.0
# The architecture as a test: fails when an #include in the library crosses its layers the wrong way.
#   cmake -D INCLUDE_DIR=include -P check_layers.cmake        checks the library
#   cmake -D SELFTEST_DIR=scratch -P check_layers.cmake       checks that each rule finds its violation
cmake_minimum_required(VERSION 3.25)

# What a layer may include beside itself: what it needs of the layers below it, and sideways what is said here.
set(core_may)
set(simd_may core)
set(quant_may core simd)
set(kernels_may core simd quant)
set(ops_may core simd quant kernels)
set(gguf_may core)
set(unicode_may core)
set(json_may core unicode)
set(jinja_may core unicode json)
set(grammar_may core unicode json)
set(text_may core unicode)
set(chat_may core unicode json jinja text)
set(model_may core simd quant kernels ops gguf text chat)
set(generate_may core simd quant kernels ops gguf unicode json jinja grammar text chat model)
set(c_may core gguf json grammar chat model generate nibble.h)
set(layers core simd quant kernels ops gguf unicode json jinja grammar text chat model generate c)

# Headers of lower layers that a layer must still not know: quant no file, kernels no threads.
set(quant_may_not core/mapped_file.hpp core/thread_pool.hpp)
set(kernels_may_not core/mapped_file.hpp core/thread_pool.hpp)

# Headers directly in include/nibble/: the umbrella may include everything but the C interface, and nothing includes the
# umbrella. Headers of C, nibble.h and c/*.h, include each other and those of standard C.
set(top_may_fwd.hpp core)
set(top_may_version.hpp)
set(top_may_nibble.h c)
set(top_may_nibble.hpp ${layers} fwd.hpp version.hpp)
list(REMOVE_ITEM top_may_nibble.hpp c)

# Standard headers that have no place in the library, with the reason.
set(forbidden_iostream "the library prints nothing, and it adds a static initialiser to every unit")
set(forbidden_ranges "clang 14 cannot compile libstdc++ 12's views")
set(forbidden_format "g++ 12 has none")
set(forbidden_expected "g++ 12 has none")
set(forbidden_regex "slow, and recursive on hostile text")

# Appends to `violations` what is wrong with `#include <target>` (or "target") in include/nibble/HEADER.
macro(check_include header line)
    string(REGEX MATCH "^([a-z_]+)/" found "${header}")
    set(layer "${CMAKE_MATCH_1}")
    set(problem)
    if("${header}" STREQUAL core/config.hpp AND "${line}" MATCHES "\"the error above\"")
        # ends a compilation that is refused; no such file exists
    elseif(NOT "${line}" MATCHES "[<]([^>]+)[>]")
        set(problem "is not of the form #include <...>")
    else()
        set(target "${CMAKE_MATCH_1}")
        if(target MATCHES "^nibble/(.*)$")
            set(inner "${CMAKE_MATCH_1}")
            string(REGEX REPLACE "/.*" "" to "${inner}")
            string(REGEX REPLACE "_impl\\.hpp$" ".hpp" owner "${inner}")
            if(inner MATCHES "\\.\\.")
                set(problem "leaves its folder")
            elseif("${header}" MATCHES "\\.h$" AND NOT inner MATCHES "^c/[a-z_]+\\.h$")
                set(problem "is not C")
            elseif(NOT layer)
                if(NOT to IN_LIST top_may_${header})
                    set(problem "is not for ${header}")
                endif()
            elseif(NOT to STREQUAL layer AND NOT to IN_LIST ${layer}_may AND NOT inner STREQUAL version.hpp)
                set(problem "is not below ${layer}")
            elseif(inner IN_LIST ${layer}_may_not)
                set(problem "is not for ${layer}")
            elseif(NOT owner STREQUAL inner AND NOT owner STREQUAL "${header}")
                set(problem "is for ${owner} alone")
            endif()
        elseif(target MATCHES "^xsimd/")
            if(NOT header STREQUAL simd/portable.hpp)
                set(problem "belongs in simd/portable.hpp")
            endif()
        elseif(target MATCHES "/")
            if(NOT (target MATCHES "^sys/" AND layer STREQUAL core))
                set(problem "is neither the standard library nor nibble")
            endif()
        elseif(DEFINED forbidden_${target})
            set(problem "has no place in the library: ${forbidden_${target}}")
        endif()
    endif()
    if(problem)
        string(STRIP "${line}" text)
        list(APPEND violations "${header}: '${text}' ${problem}")
    endif()
endmacro()

# Sets `violations` to the list of wrong includes in the headers under DIR/nibble.
macro(check_headers dir)
    set(violations)
    file(GLOB_RECURSE headers RELATIVE ${dir}/nibble ${dir}/nibble/*)
    foreach(header IN LISTS headers)
        if(header MATCHES "/" AND NOT header MATCHES "^[a-z_]+/.*\\.hpp$|^c/[a-z_]+\\.h$")
            list(APPEND violations "${header}: only .hpp files belong here")
        endif()
        string(REGEX REPLACE "/.*" "" folder "${header}")
        if(header MATCHES "/" AND NOT folder IN_LIST layers)
            list(APPEND violations "${header}: '${folder}' is no layer")
        endif()
        file(STRINGS ${dir}/nibble/${header} lines REGEX "^[ \t]*#[ \t]*include")
        foreach(line IN LISTS lines)
            check_include("${header}" "${line}")
        endforeach()
    endforeach()
endmacro()

if(DEFINED INCLUDE_DIR)
    check_headers(${INCLUDE_DIR})
    list(LENGTH headers count)
    if(count EQUAL 0)
        message(FATAL_ERROR "no headers in ${INCLUDE_DIR}/nibble")
    endif()
    if(violations)
        list(JOIN violations "\n  " text)
        message(FATAL_ERROR "wrong includes (see docs/architecture.md):\n  ${text}")
    endif()
    message(STATUS "${count} headers keep the layers")
endif()

if(DEFINED SELFTEST_DIR)
    # One case a line: header, include, right or wrong.
    set(cases
        "core/a.hpp|<vector>|right" "core/a.hpp|<nibble/core/config.hpp>|right" "core/a.hpp|<sys/mman.h>|right"
        "core/a.hpp|<nibble/core/a_impl.hpp>|right" "core/b.hpp|<nibble/core/a_impl.hpp>|wrong"
        "core/a.hpp|<nibble/version.hpp>|right" "quant/q4_k/avx2.hpp|<nibble/simd/avx2.hpp>|right"
        "simd/portable.hpp|<xsimd/xsimd.hpp>|right" "ops/a.hpp|<nibble/core/thread_pool.hpp>|right"
        "model/a.hpp|<nibble/text/b.hpp>|right" "model/a.hpp|<nibble/gguf/b.hpp>|right"
        "model/a.hpp|<nibble/chat/b.hpp>|right" "chat/a.hpp|<nibble/text/b.hpp>|right"
        "chat/a.hpp|<nibble/jinja/b.hpp>|right" "jinja/a/b.hpp|<nibble/json/c.hpp>|right"
        "grammar/a.hpp|<nibble/json/b.hpp>|right" "text/a/b.hpp|<nibble/unicode/c.hpp>|right"
        "generate/a.hpp|<nibble/text/b.hpp>|right" "generate/a.hpp|<nibble/chat/b.hpp>|right"
        "generate/a.hpp|<nibble/grammar/b.hpp>|right" "nibble.hpp|<nibble/generate/a.hpp>|right"
        "c/a.hpp|<nibble/generate/b.hpp>|right" "c/a.hpp|<nibble/nibble.h>|right" "nibble.h|<stddef.h>|right"
        "core/a.hpp|\"b.hpp\"|wrong" "core/config.hpp|\"the error above\"|right" "core/a.hpp|\"the error above\"|wrong"
        "core/a.hpp|<nibble/core/../quant/b.hpp>|wrong"
        "core/a.hpp|<nibble/gguf/b.hpp>|wrong" "core/a.hpp|<nibble/nibble.hpp>|wrong" "core/a.hpp|<iostream>|wrong"
        "simd/a.hpp|<nibble/quant/b.hpp>|wrong" "quant/a.hpp|<nibble/kernels/b.hpp>|wrong"
        "quant/a.hpp|<xsimd/xsimd.hpp>|wrong" "quant/a.hpp|<nibble/core/mapped_file.hpp>|wrong"
        "kernels/a.hpp|<nibble/core/thread_pool.hpp>|wrong" "ops/a.hpp|<nibble/model/b.hpp>|wrong"
        "ops/a.hpp|<nibble/gguf/b.hpp>|wrong" "gguf/a.hpp|<nibble/ops/b.hpp>|wrong"
        "text/a.hpp|<nibble/gguf/b.hpp>|wrong" "text/a.hpp|<nibble/model/b.hpp>|wrong"
        "unicode/a.hpp|<nibble/json/b.hpp>|wrong" "json/a.hpp|<nibble/jinja/b.hpp>|wrong"
        "jinja/a.hpp|<nibble/grammar/b.hpp>|wrong" "jinja/a.hpp|<nibble/text/b.hpp>|wrong"
        "grammar/a.hpp|<nibble/jinja/b.hpp>|wrong" "grammar/a.hpp|<nibble/chat/b.hpp>|wrong"
        "text/a.hpp|<nibble/json/b.hpp>|wrong" "text/a.hpp|<nibble/chat/b.hpp>|wrong"
        "chat/a.hpp|<nibble/grammar/b.hpp>|wrong" "chat/a.hpp|<nibble/generate/b.hpp>|wrong"
        "gguf/a.hpp|<nibble/quant/b.hpp>|wrong" "model/a.hpp|<nibble/grammar/b.hpp>|wrong"
        "gguf/a.hpp|<sys/mman.h>|wrong" "model/a.hpp|<nibble/generate/b.hpp>|wrong"
        "text/a.hpp|<nlohmann/json.hpp>|wrong" "version.hpp|<nibble/core/config.hpp>|wrong"
        "c/a.hpp|<nibble/ops/b.hpp>|wrong" "nibble.hpp|<nibble/c/a.hpp>|wrong" "generate/a.hpp|<nibble/c/b.hpp>|wrong"
        "generate/a.hpp|<nibble/nibble.h>|wrong" "nibble.h|<nibble/c/a.hpp>|wrong" "nibble.h|<nibble/c/a.h>|right"
        "c/a.h|<nibble/c/b.h>|right" "c/a.h|<nibble/c/b.hpp>|wrong" "c/a.h|<nibble/core/b.hpp>|wrong"
        "core/a.h|<stddef.h>|wrong" "generate/a.hpp|<nibble/c/b.h>|wrong" "utils/a.hpp|<vector>|wrong"
        "core/a.cpp|<vector>|wrong")
    foreach(case IN LISTS cases)
        string(REPLACE "|" ";" case "${case}")
        list(GET case 0 header)
        list(GET case 1 target)
        list(GET case 2 expected)
        file(REMOVE_RECURSE ${SELFTEST_DIR})
        file(WRITE ${SELFTEST_DIR}/nibble/${header} "#include ${target}\n")
        check_headers(${SELFTEST_DIR})
        if((expected STREQUAL wrong) EQUAL ("${violations}" STREQUAL ""))
            message(SEND_ERROR "'#include ${target}' in ${header} is ${expected}, the check says otherwise")
        endif()
    endforeach()
endif()
