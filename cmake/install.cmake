# SPDX-License-Identifier: Apache-2.0
# Headers, CMake package and pkg-config file. All of it is text, so one install tree serves every architecture.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/nibble)

install(TARGETS nibble EXPORT nibble_targets FILE_SET HEADERS)
install(EXPORT nibble_targets NAMESPACE nibble:: FILE nibble-targets.cmake DESTINATION ${package_dir})

# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nibble-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/nibble-config.cmake cmake/compiled.cmake cmake/c_interface.cmake
              ${PROJECT_BINARY_DIR}/nibble-config-version.cmake DESTINATION ${package_dir})
if(NIBBLE_C_SHARED)
    install(TARGETS nibble_c_shared)
endif()

configure_file(cmake/nibble.pc.in ${PROJECT_BINARY_DIR}/nibble.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nibble.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/nibble)
