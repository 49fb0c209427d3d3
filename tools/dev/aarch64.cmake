# Builds for 64-bit ARM, and runs what was built under qemu. The libraries come from the folder that
# tools/dev/arm64_sysroot fills.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
get_filename_component(sysroot ${CMAKE_CURRENT_LIST_DIR}/../../build/arm64/sysroot ABSOLUTE)

set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${sysroot} /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${sysroot}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${sysroot})

find_program(SHMQ_QEMU NAMES qemu-aarch64 qemu-aarch64-static)
if(SHMQ_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${SHMQ_QEMU} -L /usr/aarch64-linux-gnu)
endif()
