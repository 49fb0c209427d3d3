# Cross-compiling for Windows with Debian's MinGW-w64; what is built runs under Wine.
#
#   cmake -B build/windows -DCMAKE_TOOLCHAIN_FILE=tools/dev/mingw.cmake -DSHMQ_BENCH=OFF
#
# What Debian does not have for Windows lies in build/windows/sysroot: see tools/dev/mingw-cmocka.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-win32)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/wine)

# Programs carry the compiler's own libraries with them, so that they run as they are.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static-libgcc)

# Programs are of this machine, all else of the other. Concurrency Kit has headers only: src/ takes a copy of them.
set(CMAKE_FIND_ROOT_PATH ${CMAKE_BINARY_DIR}/sysroot /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
get_property(in_try_compile GLOBAL PROPERTY IN_TRY_COMPILE)
if(NOT in_try_compile) # which has a build folder of its own
  set(ENV{PKG_CONFIG_PATH} "")
  set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_BINARY_DIR}/sysroot/lib/pkgconfig)
endif()
