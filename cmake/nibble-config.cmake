# SPDX-License-Identifier: Apache-2.0
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(xsimd)
include(${CMAKE_CURRENT_LIST_DIR}/nibble-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/compiled.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/c_interface.cmake)
