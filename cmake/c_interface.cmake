# SPDX-License-Identifier: Apache-2.0
# nibble::c, the functions of nibble.h as a static library, and nibble::c_shared, libnibble, which exports them and
# nothing else. Built only where they are linked or asked for, with the flags of the project that they are built in.
include_guard(GLOBAL)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/nibble_c.cpp
     CONTENT "#define NIBBLE_C_IMPLEMENTATION\n#include <nibble/c/implementation.hpp>\n")
add_library(nibble_c_objects OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/nibble_c.cpp)
target_link_libraries(nibble_c_objects PRIVATE nibble::compiled)
target_compile_definitions(nibble_c_objects PRIVATE NIBBLE_C_SHARED)
# Hidden, so that calls between these functions stay direct in code that a shared library may hold.
set_target_properties(nibble_c_objects nibble_compiled PROPERTIES
                      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

add_library(nibble_c STATIC EXCLUDE_FROM_ALL)
add_library(nibble_c_shared SHARED EXCLUDE_FROM_ALL)
foreach(library IN ITEMS nibble_c nibble_c_shared)
    string(REPLACE nibble_ nibble:: alias ${library})
    add_library(${alias} ALIAS ${library})
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:nibble_c_objects>)
    target_link_libraries(${library} PRIVATE nibble::compiled)
    # A program in C needs none of what nibble::nibble asks of one in C++.
    target_include_directories(${library} INTERFACE $<TARGET_PROPERTY:nibble::nibble,INTERFACE_INCLUDE_DIRECTORIES>)
endforeach()
target_compile_definitions(nibble_c_shared INTERFACE NIBBLE_C_SHARED)
set_target_properties(nibble_c_shared PROPERTIES OUTPUT_NAME nibble
                      VERSION ${nibble_VERSION} SOVERSION ${nibble_VERSION})

# What is not nibble's own, templates of the standard library, would be exported as well; and of that what a program may
# have only once keeps a library from being unloaded.
include(CheckLinkerFlag)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/nibble_c.map CONTENT "{ global: nibble_*; local: *; };\n")
set(map -Wl,--version-script=${CMAKE_CURRENT_BINARY_DIR}/nibble_c.map)
check_linker_flag(CXX ${map} NIBBLE_HAS_VERSION_SCRIPT)
if(NIBBLE_HAS_VERSION_SCRIPT)
    target_link_options(nibble_c_shared PRIVATE ${map})
endif()
